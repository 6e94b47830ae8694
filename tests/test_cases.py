"""Small networks after public bug reports (`cases` of the test data), each with the answer that it must give.

Four of the expected answers contradict what the files hold, and are corrected here: an objectness of 0.95 (0.9) times a
class of 0.9 (0.95) is 0.855 and not 0.90; a map of -6 everywhere is nothing; the GIF's square of 80×80 leaves a mean of
228.9, which is nearer to the network's 5/6 than to 1.
"""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inference.backends import Engine, usual_backend
from inference.data import Ask, Detections, Frame
from inference.errors import LabError
from inference.intake.propose import propose
from inference.picture_files import read_picture
from inference.recogniser import Recogniser

Check = Callable[[int, str, Any], str | None]
COUNT = 41


@pytest.fixture(scope="module")
def cases(testdata: Path) -> dict[str, tuple[list[Path], Path | None, Path | None, Check]]:
    path = testdata / "cases" / "check.py"
    if not path.is_file():
        pytest.skip("the cases are not in the test data")
    spec = importlib.util.spec_from_file_location("cases_check", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = {name: (files, picture, labels, check) for name, files, picture, labels, check in module.public()}
    assert len(found) == COUNT
    corrected = {
        "02 yolox decoded": module.box(0.855), "26 yolov5_with_raw_heads": module.box(0.855, n=None, least=0.6),
        "15 disc.gif": module.top("very light"), "26 tiny_yolov2_voc": nothing,
    }  # fmt: skip
    return {name: (*case[:3], corrected.get(name, case[3])) for name, case in found.items()}


def nothing(_code: int, said: str, got: Any) -> str | None:
    return None if got and got["decoder"] == "yolov2" and not got["boxes"] else f"{said} {got}"


@pytest.mark.parametrize("index", range(COUNT))
def test_it_answers_as_it_must(index: int, cases: dict[str, Any], tmp_path: Path) -> None:
    name, (files, picture, labels, check) = list(cases.items())[index]
    code, said, got = 0, "", None
    try:
        found = propose(files, tmp_path, name="m", labels=labels)
        said = f"guessed: {found.card.guessed}"
        if picture is not None:
            network = Recogniser(
                found.card, found.network, usual_backend(found.card), Engine(1), labels=found.labels or None
            )
            answer = network(Frame(read_picture(picture), 0, 0.0), Ask()).prediction
            got = {"labels": list(answer.labels), "scores": [float(s) for s in answer.scores],
                   "decoder": found.card.decoder}   # fmt: skip
            if isinstance(answer, Detections):
                got["boxes"] = [[float(v) for v in box] for box in answer.boxes]
    except LabError as error:
        code, said = 1, error.sentence
        for file in files:   # a word of the file's name is no reason
            said = said.replace(file.name, "FILE").replace(file.stem, "FILE")
    assert check(code, said, got) is None, name
