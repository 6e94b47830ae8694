"""Protocol buffers written as text, the format of a .prototxt: `name: value` and `name { … }`."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from inference.errors import ImportFailed

DEEPEST = 32                   # messages within messages; Caffe's own networks have five
TOKEN = re.compile(
    r"""\s+ | \#[^\n]* | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*') | (?P<mark>[{}<>:;,\[\]])
      | (?P<word>[^\s{}<>:;,\[\]"'\#]+)""",
    re.VERBOSE,
)


@dataclass(slots=True)
class Message:
    """One message: its values by name, each a word as it is written or another message."""

    file: str
    values: dict[str, list["str | Message"]] = field(default_factory=dict)

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def messages(self, key: str) -> list["Message"]:
        """The messages of this name.

        Raises:
            ImportFailed: one of them is a plain value.
        """
        found = self.values.get(key, [])
        if any(isinstance(value, str) for value in found):
            raise self.fail(f"{key} is no group of values")
        return [value for value in found if isinstance(value, Message)]

    def message(self, key: str) -> "Message":
        """The last message of this name; an empty one where there is none."""
        found = self.messages(key)
        return found[-1] if found else Message(self.file)

    def words(self, key: str) -> list[str]:
        """The plain values of this name."""
        found = self.values.get(key, [])
        if any(isinstance(value, Message) for value in found):
            raise self.fail(f"{key} is no plain value")
        return [value for value in found if isinstance(value, str)]

    def word(self, key: str, usual: str = "") -> str:
        """The last plain value of this name."""
        return (self.words(key) or [usual])[-1]

    def integers(self, key: str) -> list[int]:
        """The values of this name as whole numbers of reasonable size."""
        try:
            found = [int(word) for word in self.words(key)]
        except ValueError as error:
            raise self.fail(f"{key} is no whole number") from error
        if any(abs(value) >= 2**31 for value in found):
            raise self.fail(f"{key} is too large")
        return found

    def integer(self, key: str, usual: int, least: int = 0) -> int:
        """The last value of this name as a whole number of at least `least`."""
        value = ([usual, *self.integers(key)])[-1]
        if value < least:
            raise self.fail(f"{key} is {value}, less than {least}")
        return value

    def number(self, key: str, usual: float) -> float:
        """The last value of this name as a number."""
        try:
            value = float(self.word(key, str(usual)).rstrip("fF"))
        except ValueError as error:
            raise self.fail(f"{key} is no number") from error
        if not math.isfinite(value):
            raise self.fail(f"{key} is no number")
        return value

    def flag(self, key: str, usual: bool) -> bool:
        """The last value of this name as yes or no."""
        word = self.word(key, "true" if usual else "false")
        if word not in ("true", "false", "1", "0"):
            raise self.fail(f"{key} is neither true nor false")
        return word in ("true", "1")

    def fail(self, what: str) -> ImportFailed:
        """What to raise when something is wrong here."""
        name = self.word("name") if all(isinstance(v, str) for v in self.values.get("name", [])) else ""
        where = f"{self.file}, layer {name}" if name else self.file
        return ImportFailed(f"{where}: {what}.", "Correct the file, or choose another one.")


def read_text(source: str, file: str) -> Message:
    """The whole text as one message.

    Raises:
        ImportFailed: it is not written as it should be; the message names `file` and the line.
    """
    whole = Message(file)
    stack = [whole]
    tokens = _tokens(source, file)
    for kind, token, line in tokens:
        if kind == "mark" and token in "}>":
            if len(stack) == 1:
                raise _wrong(file, line, f"{token} closes nothing")
            stack.pop()
        elif kind == "word":
            values = stack[-1].values.setdefault(token, [])
            kind, value, line = next(tokens, ("", "", line))
            if kind == "mark" and value == ":":
                kind, value, line = next(tokens, ("", "", line))
            if kind == "mark" and value in "{<":
                if len(stack) > DEEPEST:
                    raise _wrong(file, line, f"more than {DEEPEST} groups in each other")
                inner = Message(file)
                values.append(inner)
                stack.append(inner)
            elif kind == "mark" and value == "[":
                values.extend(_listed(tokens, file, line))
            elif kind in ("word", "text"):
                values.append(value)
            else:
                raise _wrong(file, line, f"{token} has no value")
        elif not (kind == "mark" and token in ",;"):
            raise _wrong(file, line, f"{token!r} is out of place")
    if len(stack) > 1:
        raise _wrong(file, source.count("\n") + 1, "a } is missing")
    return whole


def _listed(tokens: Iterator[tuple[str, str, int]], file: str, line: int) -> Iterator[str]:
    """The plain values up to the closing bracket."""
    for kind, token, at in tokens:
        if kind in ("word", "text"):
            yield token
        elif token == "]":
            return
        elif token != ",":
            raise _wrong(file, at, f"{token!r} is out of place in a list")
    raise _wrong(file, line, "a ] is missing")


def _tokens(source: str, file: str) -> Iterator[tuple[str, str, int]]:
    """Kind, text and line of every word, mark and quoted text."""
    at, line = 0, 1
    while at < len(source):
        found = TOKEN.match(source, at)
        if found is None:
            raise _wrong(file, line, f"{source[at]!r} is out of place")
        if kind := found.lastgroup:
            token = found[kind]
            yield kind, token[1:-1] if kind == "text" else token, line
        line += found[0].count("\n")
        at = found.end()


def _wrong(file: str, line: int, what: str) -> ImportFailed:
    return ImportFailed(f"{file}, line {line}: {what}.", "Correct the line, or fetch the file again.")


def sides(shape: Sequence[int]) -> str:
    """A shape as people write it: 1×3×224×224."""
    return "×".join(map(str, shape))
