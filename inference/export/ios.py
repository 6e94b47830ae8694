"""An Xcode project around networks: an app for iOS that answers as the lab does, with the proof.

Its Swift is the same in every export, byte for byte: whatever belongs to a network (names, licences, labels) stands in
`Networks.json` and is data there. resources/ios_starter holds the parts; LineupKit among them is what can be built and
tested without Apple's frameworks.
"""

import json
import re
import shutil
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from threading import Event
from typing import TYPE_CHECKING, Any

from inference.errors import ExportFailed
from inference.export import ios_proof
from inference.export.coreml import Order, make, ordered
from inference.export.ios_proof import on_phone, suppression
from inference.export.naming import app_folder, swift_name
from inference.export.settings import ExportSettings
from inference.export.xcode import APP, KIT, TESTS, App, project, scheme
from inference.made_folder import making
from inference.places import RESOURCES
from models.card import ModelCard
from models.progress import Report

if TYPE_CHECKING:
    from inference.export.coreml_check import Outcome, Variant

STARTER = RESOURCES / "ios_starter"
MOST = 6                       # networks in one app: the screen has no room for more
OLDEST = "17.0"                # iOS that the app's own code needs
LIMITS = {"fp32": 0.01, "fp16": 0.03, "int8": 0.15, "palette6": 0.2, "palette4": 1.0}   # as verify_on_mac.py has them
CAMERA = "The camera's pictures are shown to the networks in this app. They never leave the phone."
DIGITS = tuple("0123456789")


@dataclass(frozen=True, slots=True)
class Made:
    """One package in the app."""

    order: Order
    outcome: "Outcome"
    variant: "Variant"

    @property
    def card(self) -> ModelCard:
        """Of the network."""
        return self.order.card

    @property
    def stem(self) -> str:
        """Its file's name without the ending."""
        return Path(self.variant.file).stem

    @property
    def identity(self) -> str:
        """What tells it from the others in the app."""
        return f"{self.card.name} {self.variant.precision}"


def export_app(
    models: Sequence[tuple[ModelCard, Path]], out: Path, settings: ExportSettings, pictures: Sequence[Path], *,
    replace: bool, version: str, report: Report, cancelled: Event,
) -> Path:  # fmt: skip
    """Write an Xcode project with these networks into a folder of `out`.

    Args:
        models: cards and their ONNX files.
        out: the folder to write into.
        settings: precisions, target, format; each precision is a network of its own in the app.
        pictures: real pictures to compare on, and to test on the phone.
        replace: whether a folder that is there already goes.
        version: of Lineup.
        report: called with a sentence and a fraction 0..1 or None.
        cancelled: set by somebody who wants it to end.

    Returns:
        The folder.

    Raises:
        ExportFailed: one cannot be converted, or is not the same network; too many; no room.
        Cancelled: `cancelled` was set.
    """
    settings.check()
    if len(models) * len(settings.precisions) > MOST:
        raise ExportFailed(f"An app holds {MOST} networks at most.", "Leave some out, or choose one precision.")
    cards = [card for card, _ in models]
    name = app_folder([card.name for card in cards])
    with making(out, name, sum(path.stat().st_size for _, path in models), replace=replace) as work:
        made = []
        names = _names(cards)
        for (card, network), package in zip(models, names, strict=True):
            order = ordered(card, network, work / f".{card.name}", settings, pictures, version, package)
            outcome = make(order, report, cancelled)
            made += [Made(order, outcome, variant) for variant in outcome.variants]
        report("Writing the Xcode project", None)
        _write(work, made)
    return out / name


def _names(cards: Sequence[ModelCard]) -> list[str]:
    """What their packages are called; two of the same title are told apart, also where case says nothing."""
    found: list[str] = []
    for card in cards:
        name = swift_name(card.title)
        while name.casefold() in {other.casefold() for other in found}:
            name += "_2"
        found.append(name)
    return found


# ---- the folder ----


def _write(work: Path, made: Sequence[Made]) -> None:
    kind = "Digits" if all(one.order.labels == DIGITS for one in made) else "Camera"
    app, tests = work / APP, work / TESTS
    golden = tests / "Golden"
    for sources in ("Shared", kind):
        shutil.copytree(STARTER / sources, app, dirs_exist_ok=True)
    shutil.copytree(STARTER / "Tests", tests)
    shutil.copytree(STARTER / KIT, work / KIT, ignore=shutil.ignore_patterns(".build", ".swiftpm"))
    shutil.copyfile(STARTER / "what-to-press.svg", work / "what-to-press.svg")
    (work / "Models").mkdir()
    (work / "reports").mkdir()
    index, vectors = {}, []
    for one in made:
        part = one.order.work
        (part / one.variant.file).rename(work / "Models" / one.variant.file)
        answers = ios_proof.answers(one, part / "golden")
        vectors.append(ios_proof.vectors(one, part / "golden"))
        index[one.identity] = {
            "folder": one.card.name, "limit": LIMITS[one.variant.precision], "pictures": answers,
        }  # fmt: skip
    for order in {one.card.name: one.order for one in made}.values():
        _keep_proof(work, golden, order)
    _json(golden / "answers.json", index)
    _json(app / "Networks.json", [_network(one) for one in made])
    kit: Path = work / KIT / "Tests" / f"{KIT}Tests" / "vectors.json"
    _json(kit, json.loads(kit.read_text("utf-8")) | {"networks": vectors})
    _project(work, made, kind)
    (work / "README.md").write_text(_readme(made, kind), encoding="utf-8")


def _keep_proof(work: Path, golden: Path, order: Order) -> None:
    """Golden pictures go to the tests, reports to theirs, the program for a Mac to the top; the rest goes."""
    target = golden / order.card.name
    target.parent.mkdir(exist_ok=True)
    (order.work / "golden").rename(target)
    about = json.loads((target / "expected.json").read_text("utf-8"))
    for package in about["packages"]:
        package["file"] = f"../../../Models/{Path(package['file']).name}"
    _json(target / "expected.json", about)
    for path in order.work.glob("report.*"):
        path.rename(work / "reports" / f"{order.card.name}{path.suffix}")
    (order.work / "verify_on_mac.py").replace(work / "verify_on_mac.py")
    shutil.rmtree(order.work)


def _project(work: Path, made: Sequence[Made], kind: str) -> None:
    app = App(
        display_name(made), identifier(made),
        (*_listed(work, APP), *(f"Models/{one.variant.file}" for one in made)),
        (*(f"{TESTS}/{path.name}" for path in sorted((work / TESTS).glob("*.swift"))), f"{TESTS}/Golden"),
        max(OLDEST, made[0].order.settings.target.removeprefix("iOS") + ".0", key=float),
        CAMERA if kind == "Camera" else "",
    )  # fmt: skip
    folder = work / f"{APP}.xcodeproj"
    schemes = folder / "xcshareddata" / "xcschemes"
    schemes.mkdir(parents=True)
    (folder / "project.pbxproj").write_text(project(app), encoding="utf-8", newline="\n")
    (schemes / f"{APP}.xcscheme").write_text(scheme(), encoding="utf-8", newline="\n")


def _listed(work: Path, folder: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{path.name}" for path in sorted((work / folder).iterdir()))


def _json(path: Path, value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


# ---- what the app knows ----


def _network(one: Made) -> dict[str, Any]:
    """One entry of Networks.json; Swift's Network decodes it."""
    card, spec = one.card, on_phone(one.card.input)
    return {
        "id": one.identity, "file": one.stem, "title": card.title, "licence": card.licence or "not stated",
        "source": card.source, "precision": one.variant.precision, "bytes": one.variant.bytes, "task": card.task,
        "width": spec.size[1], "height": spec.size[0], "colours": spec.order, "fit": spec.fit, "share": spec.share,
        "pad": spec.pad, "resampling": spec.resample, "labels": list(one.order.labels),
        "suppression": suppression(one), "pipeline": card.task == "detect" and one.order.settings.nms == "pipeline",
    }  # fmt: skip


# ---- the words ----


def display_name(made: Sequence[Made]) -> str:
    """What stands under the app's icon: a title of which only letters, digits and a few signs are left.

    In a build setting `$(…)` would be replaced, and there is no way to write it otherwise.
    """
    if len({one.card.name for one in made}) > 1:
        return "Lineup"
    return re.sub(r"[^\w .,()+&-]", "", _one_line(made[0].card.title)).strip()[:30].strip() or "Lineup"


def identifier(made: Sequence[Made]) -> str:
    """The last part of the bundle identifier."""
    names = "-".join(dict.fromkeys(one.card.name for one in made))
    return re.sub(r"[^A-Za-z0-9-]+", "-", names).strip("-")[:60] or "app"


def _one_line(text: str) -> str:
    """Without what steers a terminal or turns the direction of writing."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") else c for c in text)
    return " ".join(kept.split())


def markdown(text: str) -> str:
    """A text of a model's as text of Markdown, on one line; nothing in it is a link, a heading, HTML."""
    line = _one_line(text).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_{}\[\]()#|>~@:]|(?<=www)\.)", r"\\\1", line)


def _readme(made: Sequence[Made], kind: str) -> str:
    rows = []
    for one in made:
        c = one.variant.comparison
        rows.append(
            f"| {markdown(one.card.title)} | {one.variant.precision} | {one.variant.bytes / 1e6:.2f} MB "
            f"| {c.agreeing} of {len(c.real)} | {markdown(one.card.licence or 'not stated')} "
            f"| {markdown(one.card.source or 'unknown')} |"
        )
    template = Template((STARTER / "README.md").read_text("utf-8"))
    first = made[0].order
    return template.substitute(
        title=markdown(" and ".join(dict.fromkeys(one.card.title for one in made))), rows="\n".join(rows),
        system=max(OLDEST, first.settings.target.removeprefix("iOS") + ".0", key=float), version=first.version,
        does=(STARTER / f"{kind}.md").read_text("utf-8").strip(),
    )  # fmt: skip
