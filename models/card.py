"""A model card: everything the program knows about a model before loading it."""

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from models.errors import CardError

Task = Literal["classify", "detect"]
Layout = Literal["NCHW", "NHWC"]
ColourOrder = Literal["RGB", "BGR", "GRAY"]
DType = Literal["float32", "float16", "uint8"]
PixelRange = Literal["0..1", "0..255", "-1..1"]
Fit = Literal["crop", "stretch", "letterbox", "letterbox-topleft"]
Invert = Literal["never", "always", "auto"]
Resample = Literal["area", "antialias", "pyramid", "linear", "nearest"]
Format = Literal["onnx", "darknet", "squeezenet-pickle", "efficientnet-lite-torch", "caffe", "coreml", "tensorflow"]


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
    decoder: str                # a key of inference.postprocess.CLASSIFIERS or DETECTORS
    labels: str                 # file name under models/labels/
    input: InputSpec
    files: tuple[ModelFile, ...]
    licence: str                # SPDX where there is one
    source: str                 # where the weights came from, in a sentence
    format: Format = "onnx"     # of `files`; anything else is converted once by inference.importers
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
        CardError: the file cannot be read, is not TOML, or a key is unknown, missing or of the wrong kind;
            the message names the file, the table and the key.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CardError(
            f"{path.name} cannot be read: {error.strerror}.", "Check the file and its permissions."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CardError(f"{path.name} is not valid TOML: {error}.", "Mend the line it names.") from error
    return _build(ModelCard, {"name": path.stem, **table}, path.name, "")


def _build(cls: type[T], table: dict[str, Any], file: str, where: str) -> T:
    """Make the dataclass `cls` from a TOML table; nested dataclasses are nested tables."""
    hints = get_type_hints(cls)
    place = f"{file}, [{where}]" if where else file
    for key in table:
        if key not in hints:
            near = get_close_matches(key, hints, n=1)
            raise CardError(
                f"{place}: unknown key {key!r}.",
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
        raise CardError(f"{file}: {key} is {value!r}.", f"It must be one of {', '.join(map(repr, args))}.")
    if origin is tuple:
        if isinstance(value, list) and (args[-1] is Ellipsis or len(value) == len(args)):
            return tuple(_value(args[0], item, file, f"{key}[{i}]") for i, item in enumerate(value))
        raise CardError(f"{file}: {key} is {value!r}.", "It must be a list of the right length.")
    if origin is not None or kind is Any:
        return value
    if hasattr(kind, "__dataclass_fields__"):
        if isinstance(value, dict):
            return _build(kind, value, file, key)
    elif kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    elif isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    raise CardError(f"{file}: {key} is {value!r}.", f"It must be {getattr(kind, '__name__', kind)}.")
