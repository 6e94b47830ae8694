"""The second stage of a Core ML export: every package compared, the report written. In a process of its own."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from inference.data import Frame
from inference.errors import ExportFailed, ImportFailed
from inference.export.coreml_convert import NOTES
from inference.export.decoding import Suppression
from inference.export.parity import Answer, Comparison, Original, Package, Picture, compare, noise
from inference.picture_files import read_picture
from inference.places import RESOURCES
from inference.preprocess import Preprocessor, as_bytes
from inference.quiet_onnxruntime import onnxruntime
from models.progress import Report

if TYPE_CHECKING:
    from inference.export.coreml import Order

VERIFY = RESOURCES / "export" / "verify_on_mac.py"
LARGEST_PICTURE = 1 << 24   # px of a side: none is made smaller


@dataclass(frozen=True, slots=True)
class Variant:
    """One package, compared."""

    precision: str
    file: str               # its name in the folder
    bytes: int
    comparison: Comparison  # as a device computes it: in half precision where the package does
    plain: Comparison       # its weights in single precision; the same object where there is no other


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was exported and how it compares."""

    name: str                          # of the card
    structure: Comparison              # at fp32
    exact_bytes: int                   # of the package at fp32
    variants: tuple[Variant, ...]
    left_out: tuple[str, ...] = ()     # precisions that cannot hold its values
    cut: Suppression | None = None     # what the original's file suppresses by itself, and the packages do not


def check(order: "Order", report: Report) -> Outcome:
    """Compare every package with the original, and write report, golden pictures and the program for a Mac.

    Raises:
        ExportFailed: it is not the same network at fp32, or half precision is too small for its values.
    """
    from inference.export.report import shown_variant, write_report

    notes = json.loads((order.hidden / NOTES).read_text(encoding="utf-8"))
    cut = Suppression(**notes["cut"]) if notes["cut"] else None
    given, taps = zip(*notes["heads"], strict=True)
    pictures = [Picture(path.name, read_picture(path, LARGEST_PICTURE)) for path in order.pictures]
    pictures += noise(order.card.input)
    original = Original(order.card, order.network, order.labels, given)
    answers = []
    for i, picture in enumerate(pictures):
        report(f"Asking {order.card.title}", i / len(pictures))
        answers.append(original(picture))
    del original

    def compared(path: Path, precision: str, *, half: bool = False) -> tuple[Comparison, list[Answer]]:
        report(f"Comparing {order.card.title} in {precision}", None)
        try:
            package = Package(path, order.card, order.labels, taps, half=half, cut=cut)
        except ImportFailed as error:
            raise ExportFailed(
                f"What became of {order.card.title} cannot be read back, so that nobody knows whether it is the same "
                f"network: {error}", "Nothing was kept.",
            ) from error   # fmt: skip
        said: list[Answer] = []
        return compare(answers, package, pictures, said), said

    structure, exact = compared(order.exact, "fp32")
    if fault := structure.fault:
        raise ExportFailed(
            f"The package of {order.card.title} is not the same network: {fault}.",
            "Nothing was kept. Please report this with the model.",
        )
    variants, said, left_out = [], {}, []
    for precision in order.settings.precisions:
        path = order.package(precision)
        plain, given_back = structure, exact
        if path != order.exact:
            plain, given_back = compared(path, precision)
        comparison = plain
        if path != order.exact and order.settings.format == "mlpackage":
            comparison, given_back = compared(path, precision, half=True)
            if not np.isfinite(comparison.relative):
                left_out.append(precision)
                shutil.rmtree(path)
                continue
        said[precision] = given_back
        variants.append(Variant(precision, path.name, size_of(path), comparison, plain))
    if not variants:
        raise ExportFailed(
            f"{order.card.title} has values that half precision cannot hold.", "Export it with --precision fp32."
        )
    outcome = Outcome(order.card.name, structure, size_of(order.exact), tuple(variants), tuple(left_out), cut)
    report(f"Writing the report on {order.card.title}", None)
    _golden(order, pictures, outcome)
    write_report(order, outcome, pictures, answers, said[shown_variant(outcome).precision])
    return outcome


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    return sum(part.stat().st_size for part in (path.rglob("*") if path.is_dir() else [path]) if part.is_file())


def _golden(order: "Order", pictures: Sequence[Picture], outcome: Outcome) -> None:
    """The pictures as the network gets them, and what the checked network answers: for whoever has a Mac."""
    folder = order.work / "golden"
    folder.mkdir()
    spec = as_bytes(order.card.input, "GRAY" if order.card.input.order == "GRAY" else "BGR")
    prepare = Preprocessor(spec)
    session = onnxruntime.InferenceSession(str(order.prepared), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    expected: dict[str, Any] = {}
    files = []
    for i, picture in enumerate(p for p in pictures if not p.noise):
        x, _ = prepare(Frame(picture.pixels, 0, 0.0))
        file = f"{i + 1:02}.png"
        cv2.imwrite(str(folder / file), x[0].transpose(1, 2, 0))
        given = x[:, ::-1] if order.card.input.order == "RGB" else x
        for name, value in zip(names, session.run(None, {"image": given.astype(np.float32)}), strict=True):
            expected[f"{i + 1:02}/{name}"] = value
        height, width = picture.pixels.shape[:2]
        files.append({"file": file, "picture": picture.name, "width": width, "height": height})
    np.savez_compressed(folder / "expected.npz", **expected)
    about = {
        "title": order.card.title, "task": order.card.task, "labels": list(order.labels), "pictures": files,
        "pipeline": order.settings.nms == "pipeline" and order.card.task == "detect",
        "packages": [{"file": f"../{v.file}", "precision": v.precision} for v in outcome.variants],
    }  # fmt: skip
    (folder / "expected.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
    shutil.copyfile(VERIFY, order.work / VERIFY.name)


