"""Which files make which models, and what is said of those that make none."""

from pathlib import Path

import pytest

from inference.errors import LabError, SourceError
from inference.formats import FOREIGN, KINDS, foreign, models_in
from inference.live.sources import parse_source


def found(*names: str) -> list[tuple[tuple[str, ...], str]]:
    made = models_in([Path(name) for name in names])
    return [(tuple(path.name for path in files), labels.name if labels else "") for files, labels in made]


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["a.onnx"], [(("a.onnx",), "")]),
        (["a.onnx", "b.onnx"], [(("a.onnx",), ""), (("b.onnx",), "")]),
        (["b.onnx", "a.mlmodel", "a.onnx"], [(("b.onnx",), ""), (("a.mlmodel",), ""), (("a.onnx",), "")]),
        (["a.onnx", "names.txt"], [(("a.onnx",), "names.txt")]),
        (["a.onnx", "b.onnx", "b.txt"], [(("a.onnx",), ""), (("b.onnx",), "b.txt")]),
        (["a.onnx", "b.onnx", "names.txt"], [(("a.onnx",), ""), (("b.onnx",), "")]),   # whose is it?
        (["a.onnx", "a.data"], [(("a.onnx",), "")]),
        (["y.cfg", "best.weights"], [(("y.cfg", "best.weights"), "")]),
        (["y.cfg", "z.weights", "z.cfg", "y.weights"], [(("y.cfg", "y.weights"), ""), (("z.weights", "z.cfg"), "")]),
        (["y.cfg", "a.onnx", "y.weights", "coco.names"], [(("y.cfg", "y.weights"), ""), (("a.onnx",), "")]),
        (["A.ONNX"], [(("A.ONNX",), "")]),
    ],
)
def test_files_are_sorted_into_models(names: list[str], wanted: list[tuple[tuple[str, ...], str]]) -> None:
    assert found(*names) == wanted


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "No model was named."),
        (["names.txt"], "names.txt is a list of labels. Choose it together with its model."),
        (["a.onnx", "talk.pdf"], "talk.pdf is no model that is known here."),
        (["net.pth"], "net.pth is a PyTorch model, which is not read here. Export the network to ONNX"),
        (["a.onnx", "net.pt"], "net.pt is a PyTorch model, which is not read here."),
    ],
)
def test_what_makes_no_model_is_said(names: list[str], said: str) -> None:
    with pytest.raises(LabError) as caught:
        models_in([Path(name) for name in names])
    assert caught.value.sentence.startswith(said)


def test_no_ending_is_both_read_and_not() -> None:
    assert set(KINDS).isdisjoint(FOREIGN)
    assert foreign(Path("a.onnx")) == foreign(Path("a.png")) == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [("net.pth", "a PyTorch model"), ("net.onnx", "net.onnx is a network, not a picture. Add it: ")],
)
def test_a_model_is_no_source(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    with pytest.raises(SourceError) as caught:
        parse_source(str(tmp_path / name))
    assert said in caught.value.sentence
