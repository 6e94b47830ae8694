"""The user's own cards: written as TOML into their folder, with the label lists that they name."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from models.card import InputSpec, ModelCard, parse_card
from models.catalog import CARDS, LARGEST_LABELS, own_labels, user_cards
from models.errors import CardError, StoreError
from models.texts import LARGEST, plain, read_text, reason
from models.whole import whole_file

# What Windows keeps for devices, whatever the ending.
RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))})
LONGEST = 60    # letters of a name
TRUST = "Take cards only from where you trust."


def slug(text: str) -> str:
    """`text` as the name of a card: small letters, digits, dots and dashes; a file name on every system."""
    plain = re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")[:LONGEST].strip("-.")
    return f"model-{plain}".rstrip("-") if not plain or plain.partition(".")[0] in RESERVED else plain


def free_name(text: str, taken: Iterable[str]) -> str:
    """A name made of `text` that is not in `taken`: with a number behind it where needed."""
    name, known = slug(text), set(taken)
    number = 2
    while name in known:
        number, name = number + 1, f"{slug(text)}-{number}"
    return name


def own_title(card: ModelCard) -> str:
    """What a card is called that has this one's network and another recipe, unless its user says otherwise."""
    return card.title if is_own(card) else f"{card.title}, own recipe"


def with_recipe(card: ModelCard, spec: InputSpec, title: str, taken: Iterable[str]) -> ModelCard:
    """The card with another recipe: itself where it is the user's and keeps its title, else a new one of the user's."""
    changed = tuple(key for key in card.guessed if not key.startswith("input."))   # somebody has looked at these
    made = replace(card, input=spec, guessed=changed, lineup=0, golden=None)
    if is_own(card) and title == card.title:
        return made
    guessed = changed if is_own(card) else ()
    return replace(made, name=free_name(f"{card.name}-own", taken), title=title, guessed=guessed)


def is_own(card: ModelCard) -> bool:
    """Whether the card is the user's, not a built-in one."""
    return (user_cards() / f"{card.name}.toml").is_file()


def save_card(card: ModelCard, labels: Iterable[str] | None = None) -> None:
    """Write a card, and its own list of labels, into the user's folder; each whole or not at all.

    Raises:
        CardError: the name is that of a built-in card, or no name; or it is no card that could be read again.
        StoreError: the folder cannot be written.
    """
    if card.name != slug(card.name) or (CARDS / f"{card.name}.toml").exists():
        raise CardError(f"{card.name!r} cannot be the name of a card of your own.", "Choose another name.")
    text = to_toml(parse_card(to_toml(card), card.name))   # as it will be read again, its texts made harmless
    if labels is not None:
        if card.labels != f"{card.name}.txt":
            raise CardError(f"The labels of {card.name} must be called {card.name}.txt.", "Correct the card.")
        _write(user_cards() / card.labels, "".join(f"{plain(label)}\n" for label in labels))
    _write(user_cards() / f"{card.name}.toml", text)


def remove_card(card: ModelCard) -> None:
    """Take a card of the user's away, with the list of labels that is its own.

    Raises:
        CardError: it is a built-in one.
        StoreError: it cannot be removed.
    """
    if not is_own(card):
        raise CardError(f"{card.title} is built in.", "Only models that you have added can be removed.")
    try:
        (user_cards() / f"{card.name}.toml").unlink(missing_ok=True)
        (user_cards() / f"{card.name}.txt").unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"{card.title} cannot be removed: {error.strerror}.", "Check the permissions of the folder of cards."
        ) from error


def to_toml(card: ModelCard) -> str:
    """The card as models.card.read_card reads it; what is as usual is left out."""
    plain = _plain(card)
    plain.pop("name")   # the file's
    return "\n".join(_lines(plain, "")).lstrip("\n") + "\n"


def own_texts(cards: Iterable[ModelCard]) -> dict[str, str]:
    """The files that make up those of the cards that are the user's: name and text of each card and label list.

    Raises:
        StoreError: one cannot be read, or is not where it belongs.
    """
    texts = {}
    for card in cards:
        if is_own(card):
            try:
                texts[f"{card.name}.toml"] = read_text(user_cards() / f"{card.name}.toml")
                if (labels := own_labels(card)) is not None:
                    texts[card.labels] = labels
            except (OSError, UnicodeDecodeError) as error:
                why = reason(error) if isinstance(error, OSError) else "it is not UTF-8"
                raise StoreError(
                    f"The card of {card.title} or its labels cannot be read: {why}.", "Check its folder."
                ) from error
    return texts


def check_texts(texts: Mapping[str, str]) -> None:
    """Find out whether `take_texts` may have these, before anything is written.

    Raises:
        CardError: a card is wrong, a name is none, or a text too large.
    """
    for file, text in texts.items():
        stem, _, ending = file.rpartition(".")
        if ending not in ("toml", "txt") or slug(stem) != stem or (CARDS / f"{stem}.toml").exists():
            raise CardError(f"{plain(file, 80)!r} cannot be the name of a card.", TRUST)
        try:
            size = len(text.encode())
        except UnicodeEncodeError as error:   # half a character
            raise CardError(f"{file} cannot be written as UTF-8.", TRUST) from error
        if size > (LARGEST if ending == "toml" else LARGEST_LABELS):
            raise CardError(f"{file} is too large.", TRUST)
        if ending == "toml":
            parse_card(text, stem)


def wanted_by(texts: Mapping[str, str]) -> set[str]:
    """The sha256 of the files that the cards among these texts name.

    Raises:
        CardError: a card is wrong.
    """
    cards = (parse_card(text, file.rpartition(".")[0]) for file, text in texts.items() if file.endswith(".toml"))
    return {file.sha256 for card in cards for file in card.files}


def take_texts(texts: Mapping[str, str]) -> list[str]:
    """Write cards and label lists that `own_texts` gave on another machine; the names of the new cards.

    A card that is here already stays as it is.

    Raises:
        CardError: a card is wrong, or a name is none. Nothing is written then.
        StoreError: the folder cannot be written.
    """
    check_texts(texts)
    new = []
    for file in sorted(texts, key=lambda file: not file.endswith(".txt")):   # labels before the card that wants them
        path = user_cards() / file
        if not path.exists():
            _write(path, texts[file])
            if path.suffix == ".toml":
                new.append(path.stem)
    return new


def _write(path: Path, text: str) -> None:
    try:
        with whole_file(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error.strerror}.",
            "Free some space there, or set LINEUP_CONFIG to another folder.",
        ) from error


def _plain(value: Any) -> Any:
    """Dataclasses as tables without what is as usual, tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        table = {}
        for spec in fields(value):
            given = getattr(value, spec.name)
            usual = spec.default_factory() if spec.default_factory is not MISSING else spec.default
            if given is not None and (usual is MISSING or given != usual):
                table[spec.name] = _plain(given)
        return table
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _lines(table: Mapping[str, Any], path: str) -> Iterable[str]:
    """A table's values first, then the tables in it, as TOML wants it."""
    nested = {key: value for key, value in table.items() if _is_table(value) or _is_tables(value)}
    for key, value in table.items():
        if key not in nested:
            yield f"{_key(key)} = {_literal(value)}"
    for key, value in nested.items():
        place = f"{path}.{_key(key)}" if path else _key(key)
        for item in value if _is_tables(value) else [value]:
            yield f"\n[[{place}]]" if _is_tables(value) else f"\n[{place}]"
            yield from _lines(item, place)


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _text(key)


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return f"[{', '.join(_literal(item) for item in value)}]"
    return repr(value)   # int and float: as Python writes them, inf and nan too


def _text(value: str) -> str:
    """JSON's way to write a text is TOML's, but for one control character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
