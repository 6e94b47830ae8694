"""Which files are what: the endings of models, pictures and videos, and which files make one model."""

from collections.abc import Sequence
from pathlib import Path

from inference.errors import LabError
from models.card import Format

# Ending: the format, and what stands beside it.
KINDS: dict[str, tuple[Format, str]] = {
    ".onnx": ("onnx", ""), ".cfg": ("darknet", ".weights"), ".weights": ("darknet", ".cfg"),
    ".prototxt": ("caffe", ".caffemodel"), ".caffemodel": ("caffe", ".prototxt"),
    ".mlmodel": ("coreml", ""), ".mlpackage": ("coreml", ""),
    ".pb": ("tensorflow", ".pbtxt"), ".pbtxt": ("tensorflow", ".pb"),
    ".tflite": ("tflite", ""), ".lite": ("tflite", ""),
}  # fmt: skip
# Pictures that Pillow or OpenCV reads.
PICTURES = frozenset((
    ".apng", ".avif", ".bmp", ".gif", ".heic", ".heif", ".hif", ".jpeg", ".jpg", ".jp2", ".pbm", ".pgm", ".png",
    ".pnm", ".ppm", ".tif", ".tiff", ".webp",
))  # fmt: skip
VIDEOS = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg")   # for choosers: OpenCV tries any file
LABELS = (".txt", ".names")              # one label a line
COMPANIONS = (*LABELS, ".data")          # and the weights beside an ONNX file, which it names itself

# Ending: what it is, of the formats that nothing here reads.
FOREIGN = {
    ".pt": "a PyTorch model",
    ".pth": "a PyTorch model", ".torchscript": "a TorchScript model", ".ckpt": "a training checkpoint",
    ".safetensors": "a file of weights without a network", ".h5": "a Keras model", ".hdf5": "a Keras model",
    ".keras": "a Keras model", ".engine": "a TensorRT engine", ".trt": "a TensorRT engine", ".mnn": "an MNN model",
    ".pdmodel": "a Paddle model", ".pdparams": "weights of a Paddle model", ".params": "weights of an MXNet model",
    ".mar": "a TorchServe archive", ".ort": "a model in ONNX Runtime's own format", ".param": "an ncnn model",
}  # fmt: skip
KNOWN = f"Known endings: {', '.join(sorted(KINDS))}."
EXPORT = "Export the network to ONNX, and add that."


def endings_text() -> str:
    """What can be added, for --help: ".onnx; .cfg + .weights; …"."""
    told: dict[str, str] = {}
    for ending, (_, partner) in KINDS.items():
        if partner not in told:   # else they were said together
            told[ending] = f"{ending} + {partner}" if partner else ending
    return "; ".join(told.values())


def is_model(path: Path) -> bool:
    """Whether the file is a model, or a part of one, that can be added."""
    return path.suffix.lower() in KINDS


def foreign(path: Path) -> str:
    """A sentence for a model of a format that nothing here reads; "" for anything else."""
    what = FOREIGN.get(path.suffix.lower())
    return f"{path.name} is {what}, which is not read here. {EXPORT}" if what else ""


def models_in(files: Sequence[Path]) -> list[tuple[tuple[Path, ...], Path | None]]:
    """The files sorted into models, in their order: the files of each, and its list of labels if one is among them.

    Two files of one format belong together when they are called alike, or are the only ones.

    Raises:
        LabError: there is no model among them, or one file is none.
    """
    for path in files:
        if words := foreign(path):
            raise LabError(words.removesuffix(f" {EXPORT}"), EXPORT)
    known = [path for path in files if is_model(path)]
    lists = [path for path in files if path.suffix.lower() in LABELS]
    if strange := [path for path in files if not is_model(path) and path.suffix.lower() not in COMPANIONS]:
        raise LabError(f"{strange[0].name} is no model that is known here.", KNOWN)
    if not known:
        if lists:
            raise LabError(f"{lists[0].name} is a list of labels.", "Choose it together with its model.")
        raise LabError("No model was named.", KNOWN)
    groups: list[list[Path]] = []
    for path in known:
        ending = path.suffix.lower()
        kind, partner = KINDS[ending]
        of_kind = [other for other in known if KINDS[other.suffix.lower()][0] == kind]
        for group in groups:
            first = group[0]
            fits = partner and len(group) == 1 and first.suffix.lower() == partner
            if fits and (first.stem == path.stem or len(of_kind) == 2):
                group.append(path)
                break
        else:
            groups.append([path])
    return [(tuple(group), _labels_of(group, lists, only=len(groups) == 1)) for group in groups]


def _labels_of(group: Sequence[Path], lists: Sequence[Path], *, only: bool) -> Path | None:
    """The list that belongs to a model: called as it is, or the only one of the only model."""
    alike = [path for path in lists if path.stem == group[0].stem]
    return alike[0] if alike else lists[0] if only and lists else None
