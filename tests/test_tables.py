"""The tables of the house are complete: cards, backends, panes, modes, themes."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest
from make import card

from inference.backends import BACKENDS, backend_module
from inference.commands import COMMANDS, parse
from inference.data import Mode
from inference.decode import CLASSIFIERS, DETECTORS
from inference.live.sources import SOURCES, parse_source
from inference.options import MODES, THEMES, WrongUse
from models.card import InputSpec, ModelCard, ModelFile, PackageMember
from models.catalog import CARDS as CARDS_FOLDER
from models.catalog import LABELS, line_up, load_catalog

CATALOG = load_catalog(CARDS_FOLDER)
NEEDED = {
    "squeezenet1.1", "efficientnet-lite0", "efficientnet-lite2", "yolov3-tiny", "inception-v1", "resnet50",
    "mobilenet-v1-0.25", "mobilenet-v2", "mobilenet-v3-small", "yolox-nano", "ssd-mobilenet-v1",
    "yolo-fastest-1.1", "mnist",
}  # fmt: skip
GOOD_SHA = "0123456789abcdef" * 4


def faults(given: ModelCard) -> list[str]:
    """What is incomplete or cannot be right in a card, as the names of its keys."""
    bad = []
    decoders = CLASSIFIERS if given.task == "classify" else DETECTORS
    if given.decoder not in decoders:
        bad.append("decoder")
    if not _labels_fit(given.labels):
        bad.append("labels")
    bad += [key for key in ("title", "family", "licence", "source") if not getattr(given, key).strip()]
    if given.parameters <= 0:
        bad.append("parameters")
    if given.gmacs < 0:
        bad.append("gmacs")
    if given.year and not 1958 <= given.year <= date.today().year:
        bad.append("year")
    if given.paper and not given.paper.startswith("https://"):
        bad.append("paper")
    if given.precision not in ("fp32", "fp16", "int8", "w8"):
        bad.append("precision")
    spec = given.input
    channels = 1 if spec.order == "GRAY" else 3
    if min(spec.size) < 1 or not len(spec.mean) == len(spec.std) == channels or 0.0 in spec.std:
        bad.append("input")
    if not given.files or any(not _file_is_complete(file) for file in given.files):
        bad.append("files")
    if given.golden and (not given.golden.key or given.golden.score <= 0 or given.golden.box <= 0):
        bad.append("golden")
    return bad


def _labels_fit(name: str) -> bool:
    """The file is there, no label is empty, and it holds as many as its name says (coco_80.txt)."""
    path = LABELS / name
    if not path.is_file():
        return False
    labels = path.read_text(encoding="utf-8").splitlines()
    said = re.search(r"_(\d+)\.txt$", name)
    complete = bool(labels) and all(label.strip() for label in labels)
    return complete and (not said or len(labels) == int(said[1]))


def _file_is_complete(file: ModelFile) -> bool:
    places = [(file.sha256, file.bytes)]
    if file.package:
        places.append((file.package.sha256, file.package.bytes))
        if not (file.package.archive.endswith((".whl", ".tar.gz", ".zip")) and file.package.member):
            return False
    return bool(file.name) and all(_is_sha256(sha) and size > 0 for sha, size in places)


def _is_sha256(text: str) -> bool:
    """64 hex digits that somebody computed: not all the same."""
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None and len(set(text)) > 4


@pytest.mark.parametrize("name", sorted(CATALOG))
def test_a_card_is_complete(name: str) -> None:
    assert faults(CATALOG[name]) == []


GOOD = card(labels="coco_80.txt", files=(ModelFile("a.onnx", GOOD_SHA, 5),), parameters=1)
PACKAGE = PackageMember("p", "1", "p-1.tar.gz", GOOD_SHA, 9, "p/a.pkl")


@pytest.mark.parametrize(
    ("change", "bad"),
    [
        ({}, []),
        ({"decoder": "sofmax"}, ["decoder"]),
        ({"task": "detect"}, ["decoder"]),
        ({"labels": "nothing.txt"}, ["labels"]),
        ({"licence": " "}, ["licence"]),
        ({"source": ""}, ["source"]),
        ({"parameters": 0}, ["parameters"]),
        ({"year": 2999}, ["year"]),
        ({"paper": "arXiv"}, ["paper"]),
        ({"precision": "float"}, ["precision"]),
        ({"input": InputSpec((8, 8), order="GRAY")}, ["input"]),
        ({"input": InputSpec((8, 8), std=(1.0, 0.0, 1.0))}, ["input"]),
        ({"files": ()}, ["files"]),
        ({"files": (ModelFile("a", "0" * 64, 5),)}, ["files"]),
        ({"files": (ModelFile("a", GOOD_SHA[:-1], 5),)}, ["files"]),
        ({"files": (ModelFile("a", GOOD_SHA, 0),)}, ["files"]),
        ({"files": (ModelFile("a", GOOD_SHA, 5, package=PACKAGE),)}, []),
        ({"files": (ModelFile("a", GOOD_SHA, 5, package=replace(PACKAGE, sha256="?")),)}, ["files"]),
        ({"files": (ModelFile("a", GOOD_SHA, 5, package=replace(PACKAGE, archive="p-1.exe")),)}, ["files"]),
    ],
)
def test_the_check_finds_what_it_should(change: dict[str, object], bad: list[str]) -> None:
    assert faults(replace(GOOD, **change)) == bad  # type: ignore[arg-type]


def test_labels_must_be_as_many_as_their_file_says(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("test_tables.LABELS", tmp_path)
    (tmp_path / "few_3.txt").write_text("a\nb\n", encoding="utf-8")  # type: ignore[operator]
    (tmp_path / "right_2.txt").write_text("a\nb\n", encoding="utf-8")  # type: ignore[operator]
    assert (_labels_fit("few_3.txt"), _labels_fit("right_2.txt")) == (False, True)


def test_the_models_that_were_promised_are_there() -> None:
    assert NEEDED - set(CATALOG) == set()


def test_the_line_up_is_the_four_from_packages() -> None:
    names = line_up(CATALOG)
    assert set(names) == {"squeezenet1.1", "efficientnet-lite0", "efficientnet-lite2", "yolov3-tiny"}
    assert all(file.package for name in names for file in CATALOG[name].files)


def test_no_two_places_in_the_line_up_are_the_same() -> None:
    places = [c.lineup for c in CATALOG.values() if c.lineup]
    assert len(places) == len(set(places))


@pytest.mark.parametrize("name", sorted(BACKENDS))
def test_a_backend_has_what_its_table_promises(name: str) -> None:
    if BACKENDS[name].extra:
        pytest.importorskip("ai_edge_litert", reason="the extra is not installed")
    module = backend_module(name)
    assert isinstance(module.load, Callable)  # type: ignore[arg-type]
    assert module.providers()


# The others want a file, or a camera.
@pytest.mark.parametrize("kind", sorted(set(SOURCES) - {"video", "picture", "folder", "named"}))
def test_a_source_is_made_from_its_example(kind: str) -> None:
    source = parse_source(SOURCES[kind].example)
    assert source.title
    assert callable(source.read)


def test_the_words_of_the_command_line_are_those_of_the_house() -> None:
    assert tuple(mode.value for mode in Mode) == MODES


def test_the_window_has_what_its_tables_promise() -> None:
    from gui.panes import PANES
    from gui.theme import THEMES as themes

    assert tuple(themes) == THEMES
    for info in PANES.values():
        assert callable(import_module(info.module).Pane)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_complete_and_its_examples_are_its_own(name: str) -> None:
    command = import_module(COMMANDS[name])
    assert command.SUMMARY.endswith(".")
    assert all(example.startswith((name, " ", "--")) for example in command.EXAMPLES)
    assert callable(command.arguments)
    assert callable(command.run)


def test_every_module_of_a_command_is_in_the_table() -> None:
    """A module with a SUMMARY that the table does not name could never be called."""
    import inference.commands

    folder = Path(inference.commands.__path__[0])
    found = [path.stem for path in folder.glob("*.py") if "SUMMARY = " in path.read_text("utf-8")]
    assert {f"inference.commands.{name}" for name in found} == set(COMMANDS.values())


README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
TYPED = [line.split("#")[0].split() for line in re.findall(r"^ *python app\.py(.*)$", README, re.MULTILINE)]


@pytest.mark.parametrize("words", TYPED, ids=" ".join)
def test_what_the_readme_types_is_understood(words: list[str]) -> None:
    parse(words)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_a_command_are_understood(name: str) -> None:
    for example in import_module(COMMANDS[name]).EXAMPLES:
        command, _, _ = parse(example.partition("   ")[0].split())
        assert command.__name__ == COMMANDS[name] or command.__name__.startswith(f"{COMMANDS[name]}_")


def test_a_line_that_is_not_understood_would_be_seen() -> None:
    assert TYPED
    with pytest.raises(WrongUse):
        parse([*TYPED[0], "--no-such"])
