"""The command `export`, whole: what it writes, what it says, and what it leaves when something goes wrong."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import make
import numpy as np
import onnx
import pytest
from export_nets import conv_net, needs_coremltools

import app
from inference.errors import ExportFailed
from inference.export import coreml
from inference.export.coreml import check_library
from inference.export.coreml_check import size_of
from inference.export.parity import noise
from inference.export.settings import PRECISIONS, ExportSettings
from inference.intake.importers.coreml.package import read_package
from inference.made_folder import sweep
from models.card import ModelCard

ROOT = Path(__file__).parents[1]
def export(*words: str, to: str = "coreml") -> int:
    return app.main(["export", *words, "--to", to])


# ---- what is written ----


@needs_coremltools
def test_a_folder_with_package_report_and_proof(
    catalog: dict[str, ModelCard], shown: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export("net", "--out", "out", "--pictures", str(shown), "--json", "all.json") == 0
    out, err = capsys.readouterr()
    folder = tmp_path / "out" / "net"
    assert "Small net 1.5 is the same network as Core ML" in out
    assert "SmallNet1_5.mlpackage" in out
    assert "Failed to load" not in out + err
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found >= {
        "SmallNet1_5.mlpackage/Manifest.json", "report.html", "report.json", "verify_on_mac.py", "golden/expected.npz",
        "golden/expected.json", "golden/01.png", "golden/02.png", "golden/03.png",
    }  # fmt: skip
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["net"]
    report = json.loads((folder / "report.json").read_text("utf-8"))
    assert json.loads((tmp_path / "all.json").read_text("utf-8")) == [{**report, "folder": str(Path("out/net"))}]
    (package,) = report["packages"]
    assert package["precision"] == "fp16"
    assert package["bytes"] == size_of(folder / "SmallNet1_5.mlpackage")
    assert package["agreeing"] == package["compared"] == 3
    assert report["structure"]["relative"] < 1e-5 < package["relative"] < 5e-3
    assert package["relative_in_half"] < 5e-3
    assert len(report["pictures"]) == 3
    assert report["pictures"][0]["lab"]["labels"][0] == report["pictures"][0]["package"]["labels"][0]
    html = (folder / "report.html").read_text("utf-8")
    assert "The same network." in html
    assert "http://" not in html.replace("http://www.w3.org", "")
    assert "<link" not in html
    assert "src=" not in html


@needs_coremltools
@pytest.mark.usefixtures("here")
def test_all_precisions_are_one_table(
    catalog: dict[str, ModelCard], shown: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export("net", "--all-precisions", "--pictures", str(shown)) == 0
    out = capsys.readouterr().out
    assert [line.split()[1] for line in out.splitlines() if line.startswith("SmallNet1_5_")] == list(PRECISIONS)
    assert "palette4 (experimental)" in out
    report = json.loads(Path("export/net/report.json").read_text("utf-8"))
    sizes = [package["bytes"] for package in report["packages"]]
    assert sizes == sorted(sizes, reverse=True)
    losses = [package["relative"] for package in report["packages"]]
    assert losses == sorted(losses)
    for package in report["packages"]:
        assert Path("export/net", package["file"], "Manifest.json").is_file()


@needs_coremltools
@pytest.mark.usefixtures("here")
def test_the_old_format_is_one_file(catalog: dict[str, ModelCard], shown: Path) -> None:
    assert export("net", "--format", "mlmodel", "--precision", "int8", "--pictures", str(shown)) == 0
    path = Path("export/net/SmallNet1_5.mlmodel")
    assert path.is_file()
    assert read_package(path).labels == tuple("0123456789")


@needs_coremltools
@pytest.mark.usefixtures("here")
def test_golden_pictures_are_what_the_network_sees(catalog: dict[str, ModelCard], shown: Path) -> None:
    """What verify_on_mac.py compares: the bytes of each PNG through the package give the expected answer."""
    import onnxruntime

    assert export("net", "--precision", "fp32", "--pictures", str(shown)) == 0
    folder = Path("export/net")
    found = read_package(folder / "SmallNet1_5.mlpackage")
    session = onnxruntime.InferenceSession(found.model({"end": found.outputs[0]}).SerializeToString())
    expected = np.load(folder / "golden" / "expected.npz")
    about = json.loads((folder / "golden" / "expected.json").read_text("utf-8"))
    assert [picture["picture"] for picture in about["pictures"]] == ["0.png", "1.png", "2.png"]
    for i, picture in enumerate(about["pictures"], 1):
        rgb = cv2.imread(str(folder / "golden" / picture["file"]))[:, :, ::-1]
        x = rgb.transpose(2, 0, 1)[None].astype(np.float32)
        answer = session.run(None, {found.image.name: x})[0]
        np.testing.assert_allclose(answer, expected[f"{i:02}/probabilities"], atol=1e-4)


@needs_coremltools
@pytest.mark.usefixtures("here")
def test_the_program_for_the_mac_finds_agreement_and_difference(
    catalog: dict[str, ModelCard], shown: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a Mac of paper: `predict` answers from what the package must say, once as it is and once turned round."""
    import importlib.util

    assert export("net", "--precision", "fp32", "--pictures", str(shown)) == 0
    spec = importlib.util.spec_from_file_location("verify_on_mac", Path("export/net/verify_on_mac.py").absolute())
    assert spec is not None
    assert spec.loader is not None
    verify = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(verify)
    capsys.readouterr()
    assert verify.main() == 2   # here is no Core ML
    about = json.loads(Path("export/net/golden/expected.json").read_text("utf-8"))
    expected = np.load("export/net/golden/expected.npz")
    given = {"classLabel_probs": dict(zip(about["labels"], expected["01/probabilities"][0], strict=True))}
    assert verify.compare(about, given, expected, "01") == (0.0, True)
    turned = {"classLabel_probs": dict(zip(about["labels"], expected["01/probabilities"][0][::-1], strict=True))}
    assert verify.compare(about, turned, expected, "01")[0] > 0.01


@needs_coremltools
@pytest.mark.usefixtures("here")
def test_texts_of_a_model_are_data(
    catalog: dict[str, ModelCard], shown: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export("hostile", "--pictures", str(shown)) == 0
    said = "".join(capsys.readouterr())
    assert "script" in said
    assert "\x1b" not in said
    assert "\u202e" not in said
    folder = Path("export/hostile")
    html = (folder / "report.html").read_text("utf-8")
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert [path.stem for path in folder.iterdir() if path.suffix == ".mlpackage"] == ["Model2JTdScriptAlertXScript"]


@pytest.fixture
def less_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four random pictures instead of sixteen, for the time it takes."""
    monkeypatch.setattr("inference.export.coreml_check.noise", lambda spec: noise(spec, 4))


@needs_coremltools
@pytest.mark.usefixtures("here", "less_noise")
def test_a_built_in_network_whole(built_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bars of a real one: size, loss, the same answers on the sample reel."""
    from conftest import BUILT_IN

    built_in("squeezenet1.1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ExportSettings, "chosen", lambda *_: ExportSettings(("fp16", "int8")))
    assert app.main(["export", "squeezenet1.1", "--to", "coreml", "--cache", str(BUILT_IN)]) == 0
    report = json.loads(Path("export/squeezenet1.1/report.json").read_text("utf-8"))
    of = {package["precision"]: package for package in report["packages"]}
    assert report["structure"]["relative"] < 1e-5
    assert of["fp16"]["bytes"] <= 2.6e6
    assert of["fp16"]["relative"] <= 1e-3
    assert of["fp16"]["agreeing"] == of["fp16"]["compared"] == 10
    assert of["int8"]["bytes"] <= 0.27 * report["fp32_bytes"]
    assert of["int8"]["agreeing"] >= 9


@needs_coremltools
@pytest.mark.usefixtures("here", "less_noise")
def test_a_built_in_detector_whole(built_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from conftest import BUILT_IN

    built_in("yolov3-tiny")
    monkeypatch.chdir(tmp_path)
    words = ["--to", "coreml", "--cache", str(BUILT_IN), "--precision", "fp32", "--nms", "pipeline"]
    assert app.main(["export", "yolov3-tiny", *words]) == 0
    report = json.loads(Path("export/yolov3-tiny/report.json").read_text("utf-8"))
    assert report["structure"]["relative"] < 1e-5
    assert report["structure"]["box_px"] <= 0.5
    assert sum(len(picture["lab"]["boxes"]) for picture in report["pictures"]) > 10


# ---- what goes wrong ----

WRONG = [
    (["ntt"], 2, "Did you mean 'net'?"),
    (["net", "--precision", "fp8"], 2, "there is no precision called 'fp8'. Did you mean 'fp"),
    (["net", "--target", "iOS12"], 2, "there is no target called 'iOS12'"),
    (["net", "--precision", "int8", "--target", "iOS15"], 2, "Compressed weights need iOS 16"),
    (["net", "--precision", "palette6", "--format", "mlmodel"], 2, "A .mlmodel cannot hold palette6"),
    (["net", "--nms", "pipeline", "--format", "mlmodel"], 2, "The pipeline form is written as .mlpackage only"),
    (["net", "--all-precisions", "--precision", "fp16"], 2, "do not go together"),
    (["net", "--json", "no/such/folder.json"], 1, "does not exist"),
    (["net", "--pictures", "nowhere"], 1, "nowhere"),
]


@pytest.mark.parametrize(("words", "code", "said"), WRONG, ids=[said for _, _, said in WRONG])
def test_wrong_words_end_with_one_sentence(
    words: list[str], code: int, said: str, catalog: dict[str, ModelCard], capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(*words) == code
    out, err = capsys.readouterr()
    assert said in err
    assert len(err.splitlines()) == 1
    assert out == ""
    assert not Path("export").exists()


@needs_coremltools
@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent", "absent.onnx"),
        ("strict", "--accept-licence strict"),
        ("wrong", "answers with 10 classes, coco_80.txt has 80"),
    ],
)
def test_a_model_that_cannot_be_exported_does_not_stop_the_others(
    name: str, said: str, catalog: dict[str, ModelCard], shown: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(name, "net", "--pictures", str(shown), "--offline") == 1
    out, err = capsys.readouterr()
    assert said in err
    assert "Small net 1.5 is the same network" in out
    assert [path.name for path in Path("export").iterdir()] == ["net"]


@needs_coremltools
@pytest.mark.usefixtures("here")
def test_a_licence_that_was_agreed_to_is_no_hindrance(catalog: dict[str, ModelCard], shown: Path) -> None:
    assert export("strict", "--accept-licence", "strict", "--pictures", str(shown)) == 0
    assert export("strict", "--pictures", str(shown), "--replace") == 0


@needs_coremltools
@pytest.mark.usefixtures("here")
def test_what_is_there_stays_unless_it_shall_go(
    catalog: dict[str, ModelCard], shown: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = Path("export/net")
    old.mkdir(parents=True)
    (old / "mine.txt").write_text("mine")
    assert export("net", "--pictures", str(shown)) == 1
    assert "is there already" in capsys.readouterr().err
    assert (old / "mine.txt").read_text() == "mine"
    assert export("net", "--pictures", str(shown), "--replace") == 0
    assert not (old / "mine.txt").exists()
    assert (old / "report.json").is_file()
    assert [path.name for path in Path("export").iterdir()] == ["net"]


@needs_coremltools
def test_a_full_disk(
    catalog: dict[str, ModelCard], shown: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(coreml.shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    assert export("net", "--pictures", str(shown)) == 1
    assert "has 1 MB left, and this needs" in capsys.readouterr().err
    assert list(Path("export").iterdir()) == []


@needs_coremltools
def test_a_disk_that_fills_up_in_the_middle(
    catalog: dict[str, ModelCard], shown: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(coreml, "_stage", full)
    assert export("net", "--pictures", str(shown)) == 1
    assert "cannot be written: No space left on device" in capsys.readouterr().err
    assert list(Path("export").iterdir()) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_ours(
    catalog: dict[str, ModelCard], shown: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("locked").mkdir(mode=0o555)
    assert export("net", "--pictures", str(shown), "--out", "locked") == 1
    assert "cannot be written" in capsys.readouterr().err


def test_a_file_where_the_folder_should_be(
    catalog: dict[str, ModelCard], shown: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.commands.exporting.check_library", lambda: None)
    Path("file").write_text("")
    assert export("net", "--pictures", str(shown), "--out", "file") == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    ("platform", "version", "said"),
    [
        ("linux", (3, 11), "coremltools and onnx2coreml, which is not installed. pip install -r requirements.txt"),
        ("win32", (3, 11), "exists on Linux and macOS with Python 3.11 to 3.13"),
        ("linux", (3, 14), "exists on Linux and macOS with Python 3.11 to 3.13"),
    ],
)
def test_no_coremltools(
    platform: str, version: tuple[int, int], said: str, catalog: dict[str, ModelCard], shown: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("inference.export.coreml.sys", SimpleNamespace(platform=platform, version_info=version))
    with pytest.raises(ExportFailed):
        check_library()
    assert export("net", "--pictures", str(shown)) == 1
    assert said in capsys.readouterr().err
    assert not Path("export").exists()


def test_nothing_of_the_program_but_one_module_imports_coremltools() -> None:
    sources = [path for folder in ("inference", "gui", "models") for path in (ROOT / folder).rglob("*.py")]
    naming = {path.name for path in sources if re.search(r"(import|from) coremltools", path.read_text("utf-8"))}
    assert naming == {"coreml_write.py", "lowerings.py", "coreml.py"}   # the last: on a Mac, to ask it


def test_reading_core_ml_needs_no_coremltools() -> None:
    code = "import sys, inference.intake.importers.coreml, inference.export.parity; print('coremltools' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "False"


SLOW = """
import sys, time
sys.path[:0] = [{root!r}, {tests!r}]
import make, models.catalog
from dataclasses import replace
from pathlib import Path
path = Path({net!r})
card = make.card("net", files=(make.file_of(path),), size=(16, 16))
models.catalog.load_catalog = lambda **_: {{"net": card}}
import app
print("begun", flush=True)
sys.exit(app.main(["export", "net", "--to", "coreml", "--mirror", str(path.parent)]))
"""


@needs_coremltools
@pytest.mark.skipif(os.name == "nt", reason="kill -9 is of Unix")
@pytest.mark.parametrize("seconds", [0.2, 1.5, 3.0])
def test_killed_at_any_moment_nothing_looks_finished(seconds: float, tmp_path: Path) -> None:
    net = conv_net(tmp_path / "net.onnx")
    code = SLOW.format(root=str(ROOT), tests=str(ROOT / "tests"), net=str(net))
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=60)
    process.stdout.close()
    left = sorted((tmp_path / "export").glob("*"))
    whole = [path for path in left if not path.name.startswith(".")]
    assert all((path / "report.json").is_file() and process.returncode == 0 for path in whole)


def test_what_killed_programs_left_is_swept(tmp_path: Path) -> None:
    dead = tmp_path / ".net.999999999.part"
    living = tmp_path / f".net.{os.getpid()}.part"
    mine = tmp_path / "other.part"
    for folder in (dead, living, mine):
        folder.mkdir()
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([living.name, mine.name])


@needs_coremltools
@pytest.mark.skipif(os.name == "nt", reason="signals are of Unix")
def test_an_interrupt_ends_it_and_leaves_nothing(tmp_path: Path) -> None:
    net = conv_net(tmp_path / "net.onnx")
    code = SLOW.format(root=str(ROOT), tests=str(ROOT / "tests"), net=str(net))
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    end = time.monotonic() + 30
    while not (tmp_path / "export").is_dir() and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    process.stdout.close()
    assert list((tmp_path / "export").iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "good"),
    [
        (ExportSettings(), True),
        (ExportSettings(("int8",), "iOS15"), False),
        (ExportSettings(("fp16",), "iOS15"), True),
        (ExportSettings(("int8",), "iOS15", "mlmodel"), True),
        (ExportSettings(("palette4",), "iOS16", "mlmodel"), False),
    ],
)
def test_what_goes_together(settings: ExportSettings, good: bool) -> None:
    try:
        settings.check()
    except Exception:   # noqa: BLE001
        assert not good
    else:
        assert good


def test_every_precision_means_every_one_that_can_be() -> None:
    assert ExportSettings.chosen(None, True, "iOS16", "mlpackage", "none").precisions == PRECISIONS
    assert ExportSettings.chosen(None, True, "iOS15", "mlpackage", "none").precisions == ("fp32", "fp16")
    assert ExportSettings.chosen(None, True, "iOS15", "mlmodel", "none").precisions == ("fp32", "fp16", "int8")
    assert ExportSettings.chosen(None, False, "iOS16", "mlpackage", "none").precisions == ("fp16",)


@needs_coremltools
@pytest.mark.usefixtures("here")
def test_values_beyond_half_precision_leave_those_packages_out(
    catalog: dict[str, ModelCard], shown: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bytes of a picture, summed with large weights, are more than 65504: infinite on a Neural Engine."""
    path = tmp_path / "mirror" / "large.onnx"
    model = onnx.load(str(tmp_path / "mirror" / "net.onnx"))
    for tensor in model.graph.initializer:
        if tensor.name == "w1":
            values = np.abs(onnx.numpy_helper.to_array(tensor)) * 900
            tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float32), "w1"))
    onnx.save(model, str(path))
    catalog["large"] = make.card("large", files=(make.file_of(path),), size=(16, 16), range="0..255")
    assert export("large", "--pictures", str(shown)) == 1
    assert "has values that half precision cannot hold. Export it with --precision fp32." in capsys.readouterr().err
    assert not Path("export/large").exists()
    assert export("large", "--all-precisions", "--pictures", str(shown)) == 0
    assert "Left out, as half precision cannot hold its values: fp16, int8" in capsys.readouterr().out
    assert [path.name for path in sorted(Path("export/large").glob("*.mlpackage"))] == ["Large_fp32.mlpackage"]
    assert export("large", "--precision", "fp32", "--pictures", str(shown), "--replace") == 0


@needs_coremltools
@pytest.mark.usefixtures("here")
def test_a_broken_picture_is_said_and_left_out(
    catalog: dict[str, ModelCard], shown: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shown / "broken.png").write_bytes(b"no picture")
    assert export("net", "--pictures", str(shown)) == 0
    out, err = capsys.readouterr()
    assert "broken.png" in err
    assert "3 of 3" in out
