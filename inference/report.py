"""Text and JSON for people and scripts: tables, sizes, a line of progress, what machine this is."""

import json
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from inference.cores import usable_cores
from models.errors import LabError
from models.texts import plain, plain_lines, reason
from models.whole import whole_file

ROOT = Path(__file__).parents[1]


def version() -> str:
    """Lineup's version, as pyproject.toml states it; "unknown" where that file was left out."""
    try:
        return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        return "unknown"


def size_text(count: float) -> str:
    """Bytes as people say them: 4.9 MB."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def count_text(count: float) -> str:
    """A large count as people say it: 1.2 M, 5.9 k, 40; "–" for zero."""
    if not count:
        return "–"
    if count < 1000:
        return f"{count:.0f}"
    return f"{count / 1e6:.1f} M" if count >= 1e5 else f"{count / 1e3:.1f} k"


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


class Progress:
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
    path = Path(target)
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    data = text.encode("utf-8", "replace")   # the name of a picture may hold bytes that are no text
    try:
        if path.exists() and not path.is_file():   # a device or a pipe
            path.write_bytes(data)
        else:
            with whole_file(path) as file:
                file.write(data)
    except OSError as error:
        raise LabError(
            f"The report {path} cannot be written: {reason(error)}.", "Choose another place with --json."
        ) from error


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "lineup": version(),
        "python": platform.python_version(),
        "os": platform.platform(),
        "cpu": cpu_name(),
        "cores": usable_cores(),
    }


def cpu_name() -> str:
    """The processor as its maker calls it, or its architecture."""
    found = ""
    try:
        if sys.platform == "linux":
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
                if line.lower().startswith("model name"):
                    found = line.partition(":")[2].strip()
                    break
        elif sys.platform == "darwin":
            asked = subprocess.run(
                ["sysctl", "-n", "machdep.cpu.brand_string"],
                capture_output=True,
                text=True,
                timeout=5,
                check=False,
            )
            found = asked.stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        pass  # the architecture is still worth having
    return found or platform.processor() or platform.machine() or "unknown"
