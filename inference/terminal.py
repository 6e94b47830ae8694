"""What is said in a terminal, and the reports for scripts: lines, tables, a line of progress, JSON."""

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TextIO

from models.errors import LabError
from models.texts import plain, plain_lines, reason
from models.whole import whole_file


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Rows as aligned columns, the first row the heads; columns in `right` are set to the right."""
    if not rows:
        return ""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join(lines)


def say(text: str, stream: TextIO | None = None) -> None:
    """One line to stdout, or to `stream`.

    Raises:
        LabError: standard output cannot be written, as on a full disk.
        BrokenPipeError: nobody reads it any more.
    """
    with _standard_output(stream or sys.stdout) as out:
        out.write(plain_lines(text) + "\n")


def flush() -> None:
    """Write what is still buffered for stdout.

    Raises:
        LabError, BrokenPipeError: as `say`.
    """
    with _standard_output(sys.stdout) as out:
        out.flush()


@contextmanager
def _standard_output(stream: TextIO) -> Iterator[TextIO]:
    try:
        yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        if stream is sys.stdout:
            raise LabError(f"Standard output cannot be written: {reason(error)}.") from error
        raise


def complain(error: LabError) -> None:
    """What happened and what to do, as one line on stderr."""
    say(error.sentence, sys.stderr)


class ProgressLine:
    """A line on stderr that is written over; silent where stderr is no terminal, unless `plain` is set.

    With `plain`, each new message becomes one line of its own there, without the fractions.
    """

    def __init__(self, *, plain: bool = False) -> None:
        self._terminal = sys.stderr.isatty()
        self._plain = plain and not self._terminal
        self._last = ""

    def __call__(self, message: str, fraction: float | None = None) -> None:
        """Show what is being done; `fraction` is 0..1, None while unknown."""
        if self._plain and message != self._last:
            say(message, sys.stderr)
        elif self._terminal:
            width = shutil.get_terminal_size().columns - 1
            text = message if fraction is None else f"{message}  {fraction:4.0%}"
            sys.stderr.write("\r" + plain(text)[:width].ljust(width))
            sys.stderr.flush()
        self._last = message

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def clear(self) -> None:
        """Take the line away."""
        if self._terminal and self._last:
            sys.stderr.write("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r")
            sys.stderr.flush()
        self._last = ""


def check_target(target: str | None) -> None:
    """Find out before the work whether a report can be written to `target`; "-" and None always can.

    Raises:
        LabError: its folder does not exist, or it is a folder itself.
    """
    if target in (None, "-"):
        return
    path = Path(str(target))
    if not path.absolute().parent.is_dir():
        raise LabError(
            f"The folder {path.parent} for the report does not exist.", "Make it, or choose another."
        )
    if path.is_dir():
        raise LabError(f"{path} is a folder.", "Name the file to write the report to.")


def write_json(value: Any, target: str) -> None:
    """Write `value` as JSON, UTF-8, to the file `target`, or to stdout when it is "-".

    Raises:
        LabError: the file cannot be written.
    """
    if target == "-":  # ASCII, so that no console code page can hurt it
        say(json.dumps(value, indent=2, allow_nan=False))
        return
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_bytes(text.encode("utf-8", "replace"), target)   # the name of a picture may hold bytes that are no text


def write_bytes(data: bytes, target: str) -> None:
    """Write a report to the file `target`, whole or not at all; a device or a pipe takes it as well.

    Raises:
        LabError: it cannot be written.
    """
    path = Path(target)
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            with whole_file(path) as file:
                file.write(data)
    except OSError as error:
        raise LabError(f"The report {path} cannot be written: {reason(error)}.", "Choose another place.") from error
