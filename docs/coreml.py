"""Makes docs/coreml.md: every architecture of the catalogue whose graph is at hand, exported and compared.

    python docs/coreml.py --mirror FOLDER

Run by `make coreml`. Where a card's file is not here, the light graph of its architecture in the `onnx` package stands
for it: the right layers with constant weights, which recognise nothing but convert and compute like the real ones.
"""

import argparse
import contextlib
import io
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

# Card: its light graph. Two more architectures have no card: they go under that of their family.
LIGHT = {
    "alexnet": "light_bvlc_alexnet", "densenet121": "light_densenet121", "inception-v1": "light_inception_v1",
    "resnet50": "light_resnet50", "squeezenet1.1-zoo": "light_squeezenet", "vgg19": "light_vgg19",
}  # fmt: skip
MORE = {
    "Inception v2": ("inception-v1", "light_inception_v2"), "ShuffleNet v1": ("shufflenet-v2", "light_shufflenet"),
    "ZFNet-512": ("alexnet", "light_zfnet512"),
}  # fmt: skip
PRECISIONS = ("fp32", "fp16", "int8")
HEAD = """# Core ML: what converts, and how exactly

Made by `make coreml`: every architecture of the catalogue whose graph is at hand, exported as `.mlpackage` for iOS 16,
read back by Lineup's own reader, run on ONNX Runtime and compared with the original on the ten pictures of the sample
reel and 16 pictures of noise. **Core ML itself was not asked: no Apple machine took part.** Each export carries
`verify_on_mac.py`, which does that.

*Structure*: the largest difference of a raw value (before softmax or decoding) at fp32, by the largest raw value; more
than 1e-4 fails an export. *fp16*, *int8*: size, that difference with the package's weights, and how many of the ten
pictures get the same answer when every value is rounded to half precision as well. *px*: the largest difference of a
box edge at fp32.
"""
FOOT = """
*light*: the architecture's graph from the `onnx` package with constant weights: its answers mean nothing and its values
are larger than half precision holds, so only its structure stands here.
"""


def main() -> int:
    """Export everything, write the table; 1 where something could not be exported."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mirror", help="folder with model files")
    parser.add_argument("--only", nargs="*", default=[], help="names of cards, to try it out; nothing is written")
    args = parser.parse_args()
    import onnx

    from inference.intake.provide import ready
    from inference.options import Options, open_store
    from models.catalog import CARDS, load_catalog
    from models.errors import LabError

    catalog = load_catalog(CARDS)
    store = open_store(Options(mirror_dir=args.mirror, offline=True))
    graphs = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    jobs, absent = [], []
    for name, card in catalog.items():
        try:
            jobs.append((card, ready(card, store, lambda *_: None, Event()), ""))
        except LabError:
            if name in LIGHT:
                jobs.append((card, graphs / f"{LIGHT[name]}.onnx", "light"))
            else:
                absent.append(card.title)
    for title, (name, graph) in MORE.items():
        jobs.append((replace(catalog[name], name=graph, title=title), graphs / f"{graph}.onnx", "light"))
    rows, bad = [], []
    for card, path, note in jobs:
        if args.only and card.name not in args.only:
            continue
        sys.stderr.write(f"{card.title}\n")
        try:
            rows.append((card, note, exported(card, path, note)))
        except LabError as error:
            bad.append(f"- {card.title}: {error}")
    text = HEAD + "\n" + table(rows) + FOOT
    if bad:
        text += "\nCould not be exported:\n\n" + "\n".join(bad) + "\n"
    text += f"\nNot tried, as their files are not here: {', '.join(sorted(absent))}.\n"
    if args.only:
        sys.stdout.write(text)
    else:
        (HERE / "coreml.md").write_text(text, encoding="utf-8")
    return 1 if bad else 0


def exported(card: Any, path: Path, note: str) -> Any:
    """The outcome of one export, in a folder that goes again."""
    from inference.export.coreml import export
    from inference.export.settings import ExportSettings
    from inference.machine import version
    from inference.picture_files import pictures_in
    from inference.places import REELS, reel_of

    if note:   # they end in a softmax, whatever the real file does
        card = replace(card, decoder="probabilities")
    settings = ExportSettings(("fp32",) if note else PRECISIONS)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        return export(
            card, path, Path(folder), settings, pictures_in(REELS[reel_of([card])]), replace=False, version=version(),
            report=lambda *_: None, cancelled=Event(),
        )  # fmt: skip


def table(rows: list[tuple[Any, str, Any]]) -> str:
    """The figures in Markdown."""
    lines = [
        "| network | structure | px | fp32 MB | fp16 MB | fp16 | same | int8 MB | int8 | same |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for card, note, outcome in sorted(rows, key=lambda row: row[0].title.lower()):
        of = {variant.precision: variant for variant in outcome.variants}
        cells = [f"{card.title}{' *(light)*' if note else ''}", f"{outcome.structure.relative:.1e}"]
        cells.append(f"{outcome.structure.box:.2f}" if card.task == "detect" else "")
        cells.append(f"{of['fp32'].bytes / 1e6:.1f}")
        for precision in ("fp16", "int8"):
            if not (found := of.get(precision)):
                cells += ["", "", ""]
                continue
            same = f"{found.comparison.agreeing} of {len(found.comparison.real)}"
            cells += [f"{found.bytes / 1e6:.1f}", f"{found.plain.relative:.1e}", same]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
