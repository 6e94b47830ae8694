"""Texts that anybody may have written: read within bounds, and shown without what a terminal or a window would obey."""

import html
import stat
from pathlib import Path

LARGEST = 1 << 20    # bytes of a text, unless the caller knows better
MOST_NAME = 200      # bytes of the name of a file
LONGEST = 4000       # letters of one line

# Control characters, those that turn the direction of writing, the ends of lines that are none, halves of
# characters (which cannot be written as UTF-8), and letters that are never seen.
_OBEYED = {
    *range(0x20), *range(0x7F, 0xA0), 0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF,
    *range(0xFFF9, 0xFFFC), *range(0xD800, 0xE000), *range(0xE0000, 0xE0080),
}  # fmt: skip
_ONE_LINE = {**dict.fromkeys(_OBEYED, "\ufffd"), **dict.fromkeys(map(ord, "\t\n\r"), " ")}
_LINES = dict.fromkeys(_OBEYED - {0x09, 0x0A}, "\ufffd")


def plain(text: str, longest: int = LONGEST) -> str:
    """The text as one line that nothing obeys: names, labels and sentences come from files that anybody may have made.

    What a terminal would act on (escape sequences, marks that turn the direction of writing) and what cannot be written
    as UTF-8 becomes U+FFFD, the end of a line a space; more than `longest` letters are cut.
    """
    return (text if len(text) <= longest else f"{text[: longest - 1]}…").translate(_ONE_LINE)


def plain_lines(text: str) -> str:
    """As `plain`, for a text of several lines with tabs; nothing is cut."""
    return text.translate(_LINES)


def as_html(text: str) -> str:
    """The text for a place that reads HTML, as a tooltip or a label with a link: shown as it is, never read."""
    return html.escape(plain_lines(text)).replace("\n", "<br>")


def is_plain_name(name: str) -> bool:
    """Whether it names a file and no way to one, on every system: no separators, nothing unprintable, not hidden."""
    return (
        name == plain(name)
        and "\ufffd" not in name   # what `plain` makes of what nobody can type
        and 0 < len(name.encode()) <= MOST_NAME
        and not set(name) & set('/\\:*?"<>|')
        and name[0] != "."
        and name[-1] not in ". "
    )


def as_name(text: str) -> str:
    """The text as a name that `is_plain_name` takes, its ending kept: what is not allowed in one becomes "_"."""
    bad = set('/\\:*?"<>|\ufffd')
    name = "".join("_" if letter in bad else letter for letter in plain(text)).strip(". ") or "_"
    stem, dot, ending = name.rpartition(".")
    if len(name.encode()) > MOST_NAME and dot and len(ending.encode()) < 20:
        return f"{stem.encode()[: MOST_NAME - 1 - len(ending.encode())].decode(errors='ignore')}.{ending}"
    return name.encode()[:MOST_NAME].decode(errors="ignore").rstrip(". ")


def read_text(path: Path, largest: int = LARGEST) -> str:
    """The text of a regular file of at most `largest` bytes; ends of lines become line feeds.

    A device, a pipe or an endless file is never waited for.

    Raises:
        OSError: it cannot be read; also where it is no regular file, or too large.
        UnicodeDecodeError: it is not UTF-8.
    """
    return read_bytes(path, largest).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def read_bytes(path: Path, largest: int) -> bytes:
    """The content of a regular file of at most `largest` bytes.

    Raises:
        OSError: as `read_text`.
    """
    if check_regular(path) <= largest:
        with path.open("rb") as file:
            data = file.read(largest + 1)   # it may have grown
        if len(data) <= largest:
            return data
    raise OSError(0, f"it is larger than {largest:,} bytes".replace(",", " "))


def check_regular(path: Path) -> int:
    """Pass over what blocks or never ends: devices, pipes, sockets; the size in bytes of a file.

    Raises:
        OSError: it is not there, or no regular file.
    """
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(21, "it is a folder")
    if not stat.S_ISREG(found.st_mode):
        raise OSError(0, "it is a device or a pipe, not a file")
    return found.st_size


def reason(error: OSError) -> str:
    """Why a file could not be used, as the end of a sentence: in the system's words."""
    return error.strerror or str(error) or "the system does not say why"


def lines_of(text: str) -> tuple[str, ...]:
    """The lines between line feeds, a last one without it included; Unicode's other ends of lines do not count."""
    return tuple(text.removesuffix("\n").split("\n")) if text else ()
