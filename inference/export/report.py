"""What was compared, on what, with which figures: `report.html`, one file, and `report.json`.

Texts of models are data: they are escaped.
"""

import base64
import json
from collections.abc import Sequence
from html import escape
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import cv2

from inference.answers import prediction_values
from inference.data import Classification, Detections
from inference.export.coreml_check import Outcome, Variant
from inference.export.parity import SAME, Answer, Comparison, Picture
from inference.export.settings import EXPERIMENTAL
from inference.machine import machine
from inference.places import RESOURCES

if TYPE_CHECKING:
    from inference.export.coreml import Order

CSS = RESOURCES / "report.css"
THUMBNAIL = 460    # px of the longer side
BOXES = 12         # drawn of one picture
LIBRARIES = ("coremltools", "onnx2coreml", "onnx", "onnxruntime", "numpy", "opencv-python-headless")
FITS = {
    "crop": "the largest middle part of the picture's shape (Vision: centerCrop)",
    "stretch": "the whole picture, its shape changed (Vision: scaleFill)",
    "letterbox": "the whole picture in its own shape, grey on both sides (Vision: scaleFit, with another padding)",
    "ink": "the largest ink on paper, grey, its longer side 20 px, centred by its mass in 28 × 28, white on black, as "
    "MNIST was. Do that yourself: Digit in LineupKit does it for what is drawn; Vision cannot",
    "letterbox-topleft": "the whole picture in its own shape at the top left, grey below or on the right",
}
NOT_CHECKED = (
    "Core ML itself, the GPU and the Neural Engine were not asked: no Apple machine took part. What was compared is "
    "the file, read back by another program and computed on ONNX Runtime.",
    "Half precision was imitated: every value was rounded after every operation. A device may round at other places.",
    "Grouped convolutions with an activation behind are known to be miscomputed by some versions of Core ML; only a "
    "device can tell.",
    "Vision scales pictures with a filter of its own. The pictures in golden/ are scaled already, so that "
    "verify_on_mac.py compares the network alone.",
)


def write_report(
    order: "Order", outcome: Outcome, pictures: Sequence[Picture], answers: Sequence[Answer], shown: Sequence[Answer]
) -> None:
    """Write both reports into the folder of the order.

    Args:
        order: what was asked for.
        outcome: the figures.
        pictures: all that was compared on.
        answers: the original's.
        shown: those of `shown_variant`.
    """
    values = report_values(order, outcome, pictures, answers, shown)
    text = json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False)
    (order.work / "report.json").write_text(text + "\n", encoding="utf-8")
    (order.work / "report.html").write_text(_html(order, outcome, pictures, answers, shown), encoding="utf-8")


def report_values(
    order: "Order", outcome: Outcome, pictures: Sequence[Picture], answers: Sequence[Answer], shown: Sequence[Answer]
) -> dict[str, Any]:
    """Everything in the report as plain values."""
    card, settings = order.card, order.settings
    return {
        "model": card.name, "title": card.title, "task": card.task, "licence": card.licence, "source": card.source,
        "sha256": card.weights_sha256, "format": settings.format, "target": settings.target, "nms": settings.nms,
        "input": {"height": card.input.size[0], "width": card.input.size[1], "colours": card.input.order,
                  "fit": card.input.fit, "share": card.input.share},
        "limit": SAME, "fp32_bytes": outcome.exact_bytes,
        "structure": {"relative": outcome.structure.relative, **_agreement(outcome.structure)},
        "packages": [
            {"precision": v.precision, "file": v.file, "bytes": v.bytes, "experimental": v.precision in EXPERIMENTAL,
             "relative": v.plain.relative,
             "relative_in_half": v.comparison.relative if v.comparison is not v.plain else None,
             **_agreement(v.comparison)}
            for v in outcome.variants
        ],
        "left_out": list(outcome.left_out),
        "pictures": [
            {"name": picture.name, "lab": prediction_values(a.prediction), "package": prediction_values(b.prediction)}
            for picture, a, b in zip(pictures, answers, shown, strict=True) if not picture.noise
        ],
        "noise_pictures": sum(picture.noise for picture in pictures),
        "not_checked": list(NOT_CHECKED), "machine": machine(), "libraries": _libraries(),
    }  # fmt: skip


def _agreement(found: Comparison) -> dict[str, Any]:
    return {
        "agreeing": found.agreeing, "compared": len(found.real), "score": found.score, "box_px": round(found.box, 4)
    }


def _libraries() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def shown_variant(outcome: Outcome) -> Variant:
    """The package whose answers are drawn: the one that most people take."""
    return next((v for v in outcome.variants if v.precision == "fp16"), outcome.variants[-1])


# ---- the page ----


def _html(
    order: "Order", outcome: Outcome, pictures: Sequence[Picture], answers: Sequence[Answer], shown: Sequence[Answer]
) -> str:
    card = order.card
    real = [(p, a, b) for p, a, b in zip(pictures, answers, shown, strict=True) if not p.noise]
    last = shown_variant(outcome)
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        f"<title>{escape(card.title)} as Core ML</title><style>{CSS.read_text(encoding='utf-8')}</style></head><body>",
        f"<h1>{escape(card.title)} as Core ML</h1><p class='soft'>{escape(card.about)}</p>",
        _verdict(outcome, len(real), len(pictures) - len(real)), _packages(order, outcome),
        f"<h2>The pictures</h2><p class='soft'>On the left what the lab answers, on the right what "
        f"<code>{escape(last.file)}</code> answers, read back from the file.</p><div class='pictures'>",
        *(_picture(p, a, b, d.same) for (p, a, b), d in zip(real, last.comparison.real, strict=True)),
        "</div>", _use(order), "<h2>What was not checked</h2><ul>",
        *(f"<li>{escape(text)}</li>" for text in NOT_CHECKED),
        "</ul><p>Anybody with a Mac closes this gap in a minute: <code>pip install coremltools pillow</code>, then "
        "<code>python verify_on_mac.py</code> in this folder.</p>",
        _details(order), "</body></html>",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def _verdict(outcome: Outcome, real: int, random: int) -> str:
    lost = [v for v in outcome.variants if v.comparison.agreeing < real]
    sentence = (
        f"At fp32 its raw values differ from the original's by at most {outcome.structure.relative:.1e} of the largest "
        f"({SAME:.0e} is the limit), on {real} pictures and {random} of noise."
    )
    more = ""
    if lost:
        more = "<br><span class='warn-text'>" + "; ".join(
            f"{v.precision} answers {real - v.comparison.agreeing} of {real} pictures otherwise" for v in lost
        ) + ".</span>"
    if outcome.left_out:
        more += f"<br><span class='warn-text'>{_left_out(outcome.left_out)}</span>"
    kind = "verdict warn" if more else "verdict"
    return f"<div class='{kind}'><b>The same network.</b> {sentence}{more}</div>"


def _left_out(precisions: Sequence[str]) -> str:
    return f"Left out, as half precision cannot hold its values: {', '.join(precisions)}."


def _packages(order: "Order", outcome: Outcome) -> str:
    boxes = order.card.task == "detect"
    head = ["<th>Package</th>", "<th>Weights</th>", "<th class='n'>Size</th>", "<th class='n'>of fp32</th>",
            "<th class='n'>Raw values</th>", "<th class='n'>In half</th>",
            "<th class='n'>Same answers</th>", "<th class='n'>Scores differ by</th>"]  # fmt: skip
    if boxes:
        head.append("<th class='n'>Edges differ by</th>")
    rows = [_package(v, outcome.exact_bytes, boxes) for v in outcome.variants]
    return (
        f"<h2>The packages</h2><div class='wide'><table><tr>{''.join(head)}</tr>{''.join(rows)}</table></div>"
        "<p class='soft'>Raw values are those before softmax or decoding: the largest difference by the largest value, "
        "the worst of all pictures. They are computed in single precision with the package's weights; in half: with "
        "every value rounded to half precision as well, as a Neural Engine computes, and the answers are those.</p>"
    )


def _package(v: Variant, exact: int, boxes: bool) -> str:
    c = v.comparison
    same = "good" if c.agreeing == len(c.real) else "bad"
    note = " <span class='warn-text'>experimental</span>" if v.precision in EXPERIMENTAL else ""
    cells = [
        f"<td><code>{escape(v.file)}</code></td>", f"<td>{v.precision}{note}</td>",
        f"<td class='n'>{v.bytes / 1e6:.2f} MB</td>", f"<td class='n'>{v.bytes / exact:.2f}</td>",
        f"<td class='n'>{v.plain.relative:.1e}</td>",
        f"<td class='n'>{f'{c.relative:.1e}' if c is not v.plain else '–'}</td>",
        f"<td class='n {same}'>{c.agreeing} of {len(c.real)}</td>",
        f"<td class='n'>{c.score:.4f}</td>",
    ]  # fmt: skip
    if boxes:
        cells.append(f"<td class='n'>{c.box:.2f} px</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _picture(picture: Picture, a: Answer, b: Answer, same: bool) -> str:
    word = "<span class='good'>same</span>" if same else "<span class='bad'>different</span>"
    sides = [("In the lab", a, "var(--first)"), ("The package", b, "var(--second)")]
    drawn = "".join(
        f"<div><h4>{title}</h4>{_drawing(picture, answer, colour)}{_bars(answer)}</div>"
        for title, answer, colour in sides
    )
    head = f"<h3><span>{escape(picture.name)}</span>{word}</h3>"
    return f"<div class='picture'>{head}<div class='pair'>{drawn}</div></div>"


def _drawing(picture: Picture, answer: Answer, colour: str) -> str:
    height, width = picture.pixels.shape[:2]
    scale = min(1.0, THUMBNAIL / max(height, width))
    sides = (max(1, round(width * scale)), max(1, round(height * scale)))
    good, jpeg = cv2.imencode(".jpg", cv2.resize(picture.pixels, sides, interpolation=cv2.INTER_AREA))
    data = base64.b64encode(jpeg.tobytes()).decode() if good else ""
    parts = [f"<svg viewBox='0 0 {sides[0]} {sides[1]}'><image width='{sides[0]}' height='{sides[1]}' "
             f"href='data:image/jpeg;base64,{data}'/>"]  # fmt: skip
    if isinstance(answer.prediction, Detections):
        for x1, y1, x2, y2 in (answer.prediction.boxes[:BOXES] * scale).tolist():
            parts.append(f"<rect x='{x1:.1f}' y='{y1:.1f}' width='{x2 - x1:.1f}' height='{y2 - y1:.1f}' fill='none' "
                         f"stroke='{colour}' stroke-width='4'/>")  # fmt: skip
    return "".join(parts) + "</svg>"


def _bars(answer: Answer) -> str:
    found: Classification | Detections = answer.prediction
    if not found.labels:
        return "<div class='bar'><span class='soft'>nothing found</span></div>"
    return "".join(
        f"<div class='bar'><i style='width:{100 * min(1.0, max(0.0, float(score))):.1f}%'></i>"
        f"<span>{escape(label)}</span><span>{float(score):.3f}</span></div>"
        for label, score in list(zip(found.labels, found.scores, strict=True))[:BOXES]
    )


def _use(order: "Order") -> str:
    card = order.card
    spec = card.input
    colours = {"GRAY": "grey"}.get(spec.order, spec.order)
    share = f", of which the middle {spec.share:.1%} of each side" if spec.share != 1 else ""
    lines = [
        f"Input <code>image</code>: a picture of {spec.size[1]} × {spec.size[0]} px, {colours}. Mean, deviation and "
        "order of colours are inside: give it a plain picture.",
        f"Which part of the camera's picture: {FITS[spec.fit]}{share}.",
    ]
    if spec.invert == "auto":
        lines.append("A bright picture (mean above 127.5) is inverted inside.")
    if card.task == "classify":
        lines.append("Output <code>classLabel</code>, and a dictionary of probabilities.")
    elif order.settings.nms == "pipeline":
        lines.append("Overlapping boxes are suppressed inside: Vision gives VNRecognizedObjectObservation. Thresholds "
                     "are the inputs <code>iouThreshold</code> and <code>confidenceThreshold</code>.")  # fmt: skip
    else:
        lines.append("Output <code>coordinates</code> (n × 4: centre x, centre y, width, height, 0..1 of the input, "
                     "origin at the top left) and <code>confidence</code> (n × classes). Overlapping boxes are for the "
                     "app to suppress.")  # fmt: skip
    return "<h2>How to use it</h2><ul>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>"


def _details(order: "Order") -> str:
    card = order.card
    here = machine()
    rows = {
        "Card": card.name, "Weights from": card.source, "Licence": card.licence or "not stated",
        "sha256 of the original": card.weights_sha256, "Paper": card.paper, "Deployment target": order.settings.target,
        "Libraries": ", ".join(f"{name} {number}" for name, number in _libraries().items()),
        "Compared on": f"{here['cpu']}, {here['os']}, Python {here['python']}, Lineup {here['lineup']}",
    }  # fmt: skip
    cells = "".join(f"<tr><th>{key}</th><td>{escape(str(value))}</td></tr>" for key, value in rows.items() if value)
    return f"<h2>Details</h2><table>{cells}</table>"
