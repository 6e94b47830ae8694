"""Take one file out of a distribution. Nothing else of it is written, nothing of it is run."""

import hashlib
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from models.errors import StoreError

CHUNK = 1 << 18   # bytes

BROKEN = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError,
    NotImplementedError, RuntimeError, ValueError,   # of zipfile: an unknown method, encrypted, a bad offset
)


def extract(archive: Path, member: str, target: IO[bytes], size: int, check: Callable[[], None]) -> str:
    """Copy the file `member` of a .whl, .zip or .tar.* into `target`; its sha256 as 64 hex digits.

    The path must be exactly `member`, and the file exactly `size` bytes: never more is written.

    Raises:
        StoreError: the archive is damaged, or has no such file of that size.
        OSError: `target` cannot be written.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as pack:
                try:
                    info = pack.getinfo(member)
                except KeyError:
                    raise _absent(archive, member) from None
                _check_size(archive, member, info.file_size, size)
                with pack.open(info) as stream:
                    return _copy(stream, archive, member, target, size, check)
        with tarfile.open(archive, "r|*") as tape:
            for item in tape:
                check()
                if item.name == member and item.isfile():
                    _check_size(archive, member, item.size, size)
                    file = tape.extractfile(item)
                    if file is not None:
                        with file as stream:
                            return _copy(stream, archive, member, target, size, check)
            raise _absent(archive, member)
    except BROKEN as error:
        raise _damaged(archive, str(error)) from error
    except OSError as error:
        if error.errno is None:   # gzip's and bz2's way to say that the data are damaged
            raise _damaged(archive, str(error)) from error
        raise


def _copy(
    stream: IO[bytes], archive: Path, member: str, target: IO[bytes], size: int, check: Callable[[], None]
) -> str:
    digest, copied = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK):
        check()
        copied += len(chunk)
        if copied > size:   # a header that lies about the length
            _check_size(archive, member, copied, size)
        digest.update(chunk)
        target.write(chunk)
    _check_size(archive, member, copied, size)
    return digest.hexdigest()


def _check_size(archive: Path, member: str, found: int, size: int) -> None:
    if found != size:
        raise StoreError(
            f"{member} in {archive.name} has {found:,} bytes, not the {size:,} that the card states.",
            "Correct the card, or choose another version of the package.",
        )


def _absent(archive: Path, member: str) -> StoreError:
    return StoreError(f"{archive.name} has no file {member}.", "Correct the member in the card.")


def _damaged(archive: Path, why: str) -> StoreError:
    return StoreError(f"{archive.name} cannot be unpacked: {why.rstrip('.')}.", "Correct the card.")
