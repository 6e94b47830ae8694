"""A card for files that a backend runs as they are: TensorFlow graphs, LiteRT files, and what only OpenCV reads."""

import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from inference.backends import NATIVE, Engine, load_backend
from inference.backends.bundle import BUNDLES
from inference.errors import ImportFailed, LabError
from inference.intake.described import with_form
from inference.intake.forms import output_form
from inference.intake.importers import converted_bytes
from inference.intake.own_files import LARGEST_TEXT, declared_input, placeholder_size
from inference.intake.own_labels import LONGEST_LABEL
from inference.intake.probing import evidence, probe
from inference.intake.usual_recipe import NUMBERS, usual_recipe
from models.card import Format, InputSpec, ModelCard
from models.texts import lines_of, plain

TENSORFLOW_SIZE = (300, 300)   # px, of its detectors where the file does not say
USUAL_SIZE = (224, 224)        # px, of a LiteRT file that leaves them open
LARGEST_LABELS = 1_000_000     # bytes
# What OpenCV reads where no reader here does, and the format of such a card.
OPENCV_READS: dict[Format, Format] = {"caffe": "caffe-opencv", "darknet": "darknet-opencv"}

Proposed = tuple[ModelCard, tuple[Path, ...], Path, tuple[str, ...]]   # card, sources, network, own labels


def propose_native(
    card: ModelCard, sources: tuple[Path, ...], folder: Path, given: tuple[str, ...], size: tuple[int, int] | None
) -> Proposed:
    """The card, its sources, what its backend opens, and the model's own labels.

    Raises:
        LabError: the backend is not here or cannot run it, or its outputs have no known form.
    """
    if card.format == "tflite":
        return _tflite(card, sources, given, size)
    stated = size or placeholder_size(sources)
    spec = InputSpec(stated or TENSORFLOW_SIZE, range="-1..1", resample="linear")
    face = "face" in card.title.lower()
    if face:   # OpenCV's own detector came from Caffe; TensorFlow's networks want -1..1
        spec = replace(spec, order="BGR", range="0..255", mean=(104.0, 177.0, 123.0))
    return _by_opencv(card, sources, folder, given, spec, [] if stated else ["input.size"], ("face",) if face else ())


def propose_read_by_opencv(
    card: ModelCard, sources: tuple[Path, ...], folder: Path, given: tuple[str, ...], size: tuple[int, int] | None,
    refused: ImportFailed,
) -> Proposed:  # fmt: skip
    """As `propose_native`, for Caffe and Darknet files that the readers here refuse; the card says so.

    Raises:
        LabError: OpenCV cannot run it either: as the reader here said.
    """
    spec = declared_input(card, sources[0])
    spec = replace(spec, size=size or spec.size, resample="linear", order=spec.order if spec.order == "GRAY" else "BGR")
    text = sources[0].read_bytes()[:LARGEST_TEXT].decode("utf-8", "replace")
    if card.format == "darknet":
        spec = replace(spec, order="RGB" if spec.order != "GRAY" else "GRAY")
    else:
        spec = replace(spec, **_caffe_numbers(text, spec))
    source = f"{card.source.rstrip('.')}. OpenCV runs it as it is: {str(refused).rstrip('.')}."
    made = replace(card, format=OPENCV_READS[card.format], source=plain(source, 600))
    try:
        return _by_opencv(made, sources, folder, given, spec, [], (), classes=_caffe_classes(text))
    except LabError as error:
        raise ImportFailed(
            f"{str(refused).rstrip('.')}; OpenCV does not run it either: {error}", refused.hint
        ) from error


def transform_param(prototxt: Path, spec: InputSpec) -> dict[str, Any]:
    """Range, mean and std of a .prototxt's `transform_param`; nothing where it has none."""
    text = prototxt.read_bytes()[:LARGEST_TEXT].decode("utf-8", "replace")
    has = re.search(r"transform_param\s*{[^{}]*(?:scale|mean_value)", text)
    return _caffe_numbers(text, spec) if has else {}


def letter_box(cfg: Path) -> bool:
    """Whether a Darknet .cfg was trained with pictures in their own shape, grey beside them."""
    text = cfg.read_bytes()[:LARGEST_TEXT].decode("utf-8", "replace")
    return bool(re.search(r"^\s*letter_box\s*=\s*[1-9]", text, re.MULTILINE))


def _caffe_numbers(text: str, spec: InputSpec) -> dict[str, Any]:
    """Range, mean and std of a `transform_param`; else those of the network's kind: MobileNet-SSD wants ±1."""
    block = re.search(r"transform_param\s*{([^{}]*)}", text)
    channels = 1 if spec.order == "GRAY" else 3
    inside = block[1] if block else ""
    scale = re.search(r"\bscale\s*:\s*([-+.\deE]+)", inside)
    means = [float(m[:12]) for m in re.findall(r"\bmean_value\s*:\s*([-+.\d]+)", inside)][:channels]
    factor = float(scale[1][:12]) if scale and re.fullmatch(r"[-+]?\d*\.?\d+([eE][-+]?\d+)?", scale[1]) else 1.0
    if not block and "mobilenet" in text[:100_000].lower():
        means, factor = [127.5], 0.007843   # deploy.prototxt of chuanqi305/MobileNet-SSD
    elif not block and channels == 3:
        means = [104.0, 117.0, 123.0]       # of VGG and its kin
    mean = tuple((means * channels)[:channels]) if means else (0.0,) * channels
    return {"range": "0..255", "mean": mean, "std": (1 / factor if factor else 1.0,) * channels}


def _caffe_classes(text: str) -> int:
    """The classes of a DetectionOutput, without the background; 0 where there is none."""
    found = re.search(r"detection_output_param\s*{[^{}]*?num_classes\s*:\s*(\d{1,4})", text)
    return max(0, int(found[1]) - 1) if found else 0


def _by_opencv(
    card: ModelCard, sources: tuple[Path, ...], folder: Path, given: tuple[str, ...], spec: InputSpec,
    guessed: list[str], faces: tuple[str, ...], classes: int = 0,
) -> Proposed:  # fmt: skip
    path = folder / f"graph{BUNDLES[card.format][0]}"
    path.write_bytes(converted_bytes(sources, card))
    net = load_backend(NATIVE[card.format], path, Engine())
    with np.errstate(all="ignore"):
        runs = probe(net, spec, "0..255", path.stat().st_size)
        form = output_form(evidence(card, spec, runs, {}, len(given)))
    if form.decoder == "ssd-caffe":
        form = replace(form, labels=form.labels or faces, classes=form.classes or classes)
    guessed = ["input.order", *NUMBERS, "input.fit", *guessed]
    made, own = with_form(replace(card, input=spec), form, given, given, guessed)
    return made, sources, path, own


def _tflite(
    card: ModelCard, sources: tuple[Path, ...], given: tuple[str, ...], size: tuple[int, int] | None
) -> Proposed:
    """A LiteRT file: its tensors say size and type, and how whole numbers stand for floats."""
    path = sources[0]
    net: Any = load_backend("litert", path, Engine())   # LiteRtBackend: it tells more than others
    dims = [int(side) for side in net.input_shape]
    if len(dims) != 4 or dims[0] > 1 or not {dims[1], dims[3]} & {1, 3}:
        raise LabError(
            f"{path.name} wants an input of {'×'.join(map(str, dims))}, not one picture.", "Choose a model that does."
        )
    last = dims[3] in (1, 3)
    sides = (dims[1], dims[2]) if last else (dims[2], dims[3])
    open_sides = min(sides) <= 1
    channels = dims[3] if last else dims[1]
    spec = InputSpec(
        (size or USUAL_SIZE) if open_sides else sides, layout="NHWC" if last else "NCHW",
        order="GRAY" if channels == 1 else "RGB", mean=(0.0,) * channels, std=(1.0,) * channels,
    )  # fmt: skip
    own = given or _packed_labels(path)
    with np.errstate(all="ignore"):
        runs = probe(net, spec, "0..1", path.stat().st_size)
        found = replace(evidence(card, spec, runs, {}, len(own)), names=tuple(name.lower() for name in net.names))
        form = output_form(found)
    spec, guessed = usual_recipe(card, spec, form, {}, None, "")
    if stands_for := net.range:   # the file says what its whole numbers mean
        spec = replace(spec, **_numbers(stands_for, channels))
        guessed = [key for key in guessed if key not in NUMBERS]
    guessed = [*guessed, *(["input.size"] if open_sides and not size else [])]
    precision = "int8" if net.range else "fp32"
    made, labels = with_form(replace(card, input=spec, precision=precision), form, own, given, guessed)
    return made, sources, path, labels


def _numbers(limits: tuple[float, float], channels: int) -> dict[str, Any]:
    """The recipe by which 0 and 255 become these floats."""
    low, high = limits
    usual = next((r for r, ends in (("0..1", (0, 1)), ("-1..1", (-1, 1)), ("0..255", (0, 255)))
                  if np.allclose(limits, ends, atol=0.02 * (high - low))), "")   # fmt: skip
    if usual:
        return {"range": usual, "mean": (0.0,) * channels, "std": (1.0,) * channels}
    step = (high - low) / 255
    return {"range": "0..255", "mean": (-low / step,) * channels, "std": (1 / step,) * channels}


def _packed_labels(path: Path) -> tuple[str, ...]:
    """The list of labels that TensorFlow Lite's metadata pack behind the file, which is a ZIP then; () without one."""
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.filename.lower().endswith(".txt") and entry.file_size <= LARGEST_LABELS:
                    text = archive.read(entry).decode("utf-8", "replace")
                    found = [plain(line.strip(), LONGEST_LABEL) for line in lines_of(text)]
                    return tuple(found[: len(found) - (not found[-1])]) if found else ()
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError):
        return ()
    return ()
