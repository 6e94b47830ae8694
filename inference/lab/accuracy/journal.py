"""What was answered until now, on the disk: who is killed goes on where it was."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import IO, Any

from models.texts import read_text

log = logging.getLogger(__name__)

EVERY_S = 0.5            # between two lines
LARGEST = 2_000_000_000  # bytes
BOX = 6                  # numbers of one

Answers = dict[int, Any]   # by the picture's number: what was said, as plain values


def journal_of(folder: Path, *parts: str) -> "Journal":
    """The journal of one network on one set of pictures, named by all that the answers depend on."""
    return Journal(folder / f"{sha256(chr(0).join(parts).encode()).hexdigest()[:32]}.jsonl")


class Journal:
    """A file of lines, each a piece of the answers; a line that was cut off does not count."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._pending: list[tuple[int, Any]] = []
        self._written_at = perf_counter()

    def known(self, taken: Callable[[Any], Any]) -> Answers:
        """What is in it; nothing where there is none.

        `taken` makes an answer of the plain values of one; what it cannot (ValueError, TypeError) does not count.
        """
        found: Answers = {}
        with suppress(OSError, ValueError):
            for line in read_text(self._path, LARGEST).splitlines():
                found.update(_answers(line, taken))
        return found

    def clear(self) -> None:
        """Begin anew."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def __enter__(self) -> "Journal":
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab")
            self._file.write(b"\n")   # ends a line that was cut off
        except OSError as error:   # it only costs time where the run is ended
            log.warning("%s cannot be written: %s", self._path, error)
            self._file = None
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        self._write()
        if self._file:
            with suppress(OSError):
                self._file.close()

    def add(self, number: int, said: Any) -> None:
        """One more answer, as plain values."""
        self._pending.append((number, said))
        if perf_counter() - self._written_at > EVERY_S:
            self._write()

    def _write(self) -> None:
        if self._pending and self._file:
            try:
                self._file.write((json.dumps(self._pending, separators=(",", ":")) + "\n").encode())
                self._file.flush()   # what the system has, a killed process does not lose
            except OSError as error:   # a full disk: the figures are counted all the same
                log.warning("%s cannot be written: %s", self._path, error)
                self._file = None
        self._pending, self._written_at = [], perf_counter()


def _answers(line: str, taken: Callable[[Any], Any]) -> Iterator[tuple[int, Any]]:
    with suppress(ValueError, TypeError):   # cut off, or not ours
        for number, said in json.loads(line):
            yield int(number), taken(said)


def places(said: Any) -> tuple[int, ...]:
    """An answer of a classifier: places of its best labels."""
    return tuple(map(int, said))


def boxes(said: Any) -> tuple[tuple[float, ...], ...]:
    """An answer of a detector: x1 y1 x2 y2 px, the score, the label's place, for each box."""
    found = tuple(tuple(map(float, one)) for one in said)
    if any(len(one) != BOX for one in found):
        raise ValueError("no box")
    return found
