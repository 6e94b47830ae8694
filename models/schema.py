"""Texts of anybody as values of ours: one schema, the annotations of a dataclass, says what each key may be.

msgspec converts and checks; here stand what it does not say (unknown keys, sentences for people) and what comes before
it: numbers of thousands of digits, lists in lists in lists, letters that a terminal would obey.
"""

import re
import reprlib
from collections.abc import Mapping
from dataclasses import is_dataclass
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from models.errors import CardError
from models.texts import plain

MOST, DEEPEST = 1e15, 6   # the largest number, and how deep lists and tables go

# One line or more that every system can take: no end in it, no half characters.
Text = Annotated[str, Meta(max_length=4096, pattern=r"\A[^\x00\ud800-\udfff]*\Z", description="a text")]
Name = Annotated[str, Meta(min_length=1, max_length=4096, pattern=r"\A[^\x00\ud800-\udfff]*\Z", description="a name")]

T = TypeVar("T")


def build(cls: type[T], table: Mapping[str, Any], file: str) -> T:
    """Make the dataclass `cls` of a table that was read from `file`; nested dataclasses are nested tables.

    Raises:
        CardError: a key is unknown, missing, of the wrong kind or out of its range; names the file, the table and the
            key, and shows the value.
    """
    harmless = _harmless(table, file, "")
    _refuse_unknown(cls, harmless, file, "")
    try:
        return msgspec.convert(harmless, cls)
    except msgspec.ValidationError as error:
        raise _sentence(str(error), cls, harmless, file) from error


def must_be(kind: Any) -> str:
    """What a value of this annotation must be, in words."""
    kind = _without_none(kind)
    if get_origin(kind) is Annotated:
        base, *notes = get_args(kind)
        for note in notes:
            if isinstance(note, msgspec.Meta) and note.description:
                return note.description
        return must_be(base)
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(repr, get_args(kind)))}"
    if get_origin(kind) is tuple:
        return "a list of the right length"
    if is_dataclass(kind) or get_origin(kind) in (dict, Mapping):
        return "a table"
    return {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}.get(kind, "a value")


def shown(value: object) -> str:
    """A value as an error shows it: one line, and not all of it."""
    return plain(reprlib.repr(value), 100)


def _harmless(value: Any, file: str, key: str, depth: int = 0) -> Any:
    """A value made of bounded numbers and harmless texts, not too deep."""
    if depth > DEEPEST:
        raise CardError(f"{file}: {key} has lists in lists in lists, {DEEPEST} deep.", "Mend it.")
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, list):
        return [_harmless(item, file, f"{key}[{i}]", depth + 1) for i, item in enumerate(value)]
    if isinstance(value, Mapping):
        return {
            plain(name): _harmless(item, file, f"{key}.{plain(name, 80)}".lstrip("."), depth + 1)
            for name, item in value.items()
        }
    if isinstance(value, int | float) and not -MOST <= value <= MOST:   # false for NaN, too
        raise CardError(f"{file}: {key} is {shown(value)}.", "It must be a finite number below 10^15.")
    return value


def _refuse_unknown(kind: Any, value: Any, file: str, where: str) -> None:
    """Dataclasses take what they know and pass over the rest: a key that is written wrongly would have no effect."""
    kind = _bare(kind)
    if get_origin(kind) is tuple and isinstance(value, list):
        for i, item in enumerate(value):
            _refuse_unknown(get_args(kind)[0], item, file, f"{where}[{i}]")
    if not (is_dataclass(kind) and isinstance(value, dict)):
        return
    hints = get_type_hints(kind, include_extras=True)
    for key, inner in value.items():
        if key not in hints:
            near = get_close_matches(key, hints, n=1)
            place = f"{file}, [{where}]" if where else file
            raise CardError(
                f"{place}: unknown key {shown(key)}.",
                f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(hints)}.",
            )
        _refuse_unknown(hints[key], inner, file, f"{where}.{key}".lstrip("."))


def _sentence(said: str, cls: Any, table: Any, file: str) -> CardError:
    """What msgspec says, in the words of this program."""
    path = found[1] if (found := re.search(r" - at `\$\.?(.*)`$", said)) else ""
    if missing := re.match(r"Object missing required field `(.*?)`", said):
        place = f"{file}, [{path}]" if path else file
        return CardError(f"{place}: the key {missing[1]!r} is missing.", "Add it.")
    kind, value = cls, table
    for step in re.findall(r"[^.\[\]]+", path):
        kind = _bare(kind)
        if step.isdecimal() and isinstance(value, list):
            kind, value = get_args(kind)[0], value[int(step)]
        else:
            kind, value = get_type_hints(kind, include_extras=True)[step], value[step]
    return CardError(f"{file}: {path} is {shown(value)}.", f"It must be {must_be(kind)}.")


def _without_none(kind: Any) -> Any:
    """`X | None` → X."""
    if get_origin(kind) in (Union, UnionType):
        return next(inner for inner in get_args(kind) if inner is not type(None))
    return kind


def _bare(kind: Any) -> Any:
    """The annotation without None and without what restricts it."""
    kind = _without_none(kind)
    return _bare(get_args(kind)[0]) if get_origin(kind) is Annotated else kind
