"""Writes Motion JPEG AVI files that play to their last whole picture, whenever the writing ends.

Not cv2.VideoWriter: that one hides a full disk, and takes four times as long.
"""

import struct
from contextlib import suppress
from pathlib import Path

LARGEST = 1_900_000_000    # bytes of one video: AVI counts in 32 bits, and some players with a sign
HEADER = 224               # bytes before the first picture


class Pieces:
    """A file that grows by whole pieces: one that does not fit is taken back."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb", buffering=0)
        self.size = 0

    def add(self, data: bytes) -> None:
        """Append all of `data`, or raise OSError and leave the file as it was."""
        try:
            self._write(self.size, data)
        except OSError:
            with suppress(OSError):
                self._file.truncate(self.size)
            raise
        self.size += len(data)

    def patch(self, data: bytes) -> None:
        """Replace the first bytes."""
        self._write(0, data)

    def close(self) -> None:
        """Let go of the file."""
        with suppress(OSError):   # a drive that is gone
            self._file.close()

    def _write(self, at: int, data: bytes) -> None:
        self._file.seek(at)
        rest = memoryview(data)
        while rest:   # a disk that is nearly full takes a part, and refuses the next
            rest = rest[self._file.write(rest) :]


class Video:
    """A Motion JPEG AVI file. Readable to its last whole picture at any time, also when nobody closes it."""

    def __init__(self, path: Path, size: tuple[int, int], fps: int) -> None:
        """Opens `path` for pictures of `size` (height, width).

        Raises:
            OSError: it cannot be written, or exists.
        """
        self.path, self.size, self.fps = path, size, fps
        self.frames = 0
        self._pieces = Pieces(path)
        self._index = bytearray()
        self._patched = 0
        self._pieces.add(self._header())

    @property
    def length(self) -> int:
        """How large the file will be, bytes."""
        return self._pieces.size + len(self._index) + 8

    def add(self, jpeg: bytes) -> None:
        """Append one picture.

        Raises:
            OSError: it cannot be written; the file ends with the picture before.
        """
        place = self._pieces.size - (HEADER - 4)   # counted from the word "movi"
        self._pieces.add(struct.pack("<4sI", b"00dc", len(jpeg)) + jpeg + b"\0" * (len(jpeg) % 2))
        self._index += struct.pack("<4sIII", b"00dc", 0x10, place, len(jpeg))   # 0x10: key frame
        self.frames += 1
        if self.frames - self._patched >= self.fps:   # once a second, for the case that the program is killed
            self._patched = self.frames
            self._pieces.patch(self._header())

    def close(self) -> None:
        """Finish the file as far as the disk allows; an AVI without its index plays as well."""
        with suppress(OSError):
            movi_end = self._pieces.size
            with suppress(OSError):
                self._pieces.add(struct.pack("<4sI", b"idx1", len(self._index)) + self._index)
            self._pieces.patch(self._header(movi_end))
        self._pieces.close()

    def _header(self, movi_end: int = 0) -> bytes:
        """The first HEADER bytes, as the AVI RIFF File Reference of DirectShow has them."""
        height, width = self.size
        end = self._pieces.size or HEADER
        movi_end = movi_end or end
        flags = 0x10 if end > movi_end else 0   # has an index
        rate = 1_000_000 // self.fps
        avih = struct.pack("<14I", rate, 0, 0, flags, self.frames, 0, 1, 0, width, height, 0, 0, 0, 0)
        strh = struct.pack(
            "<4s4sI2H8I4H", b"vids", b"MJPG", 0, 0, 0, 0, 1, self.fps, 0, self.frames, 0, 0xFFFFFFFF, 0,
            0, 0, min(width, 0xFFFF), min(height, 0xFFFF),
        )  # fmt: skip
        strf = struct.pack("<3I2H4sI4I", 40, width, height, 1, 24, b"MJPG", width * height * 3, 0, 0, 0, 0)
        strl = b"strl" + _chunk(b"strh", strh) + _chunk(b"strf", strf)
        hdrl = _chunk(b"LIST", b"hdrl" + _chunk(b"avih", avih) + _chunk(b"LIST", strl))
        movi = struct.pack("<4sI4s", b"LIST", movi_end - HEADER + 4, b"movi")
        return struct.pack("<4sI4s", b"RIFF", end - 8, b"AVI ") + hdrl + movi


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack("<4sI", name, len(data)) + data
