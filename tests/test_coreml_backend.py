"""Core ML as a lane: the packages behind it, the reference on every system, and Core ML itself behind a stand-in."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import ModuleType, SimpleNamespace
from typing import Any

import cv2
import make
import numpy as np
import pytest
from export_nets import conv_net, heads_net, needs_coremltools, pictures, save
from onnx import helper, numpy_helper

from inference.backends import BACKENDS, OWN, Engine, backend_module, coreml, load_backend
from inference.backends.coreml import REBUILT, where
from inference.data import Ask, Classification, Detections, Frame, LaneSpec, Lens
from inference.errors import BackendError, ExportFailed
from inference.export import lane_form
from inference.export.lane_form import form_card, formed
from inference.export.parity import Package, relative_difference
from inference.intake.adding import add, remove_files
from inference.intake.importers.coreml.package import plain_session, read_package, rounded_to_half
from inference.intake.provide import form_of, loader, ready
from inference.options import Options, WrongUse, lane_specs
from inference.places import REELS
from inference.recogniser import Recogniser
from models.card import ModelCard
from models.catalog import user_cards
from models.store import Store

PRECISIONS = BACKENDS["coreml"].precisions
ALONE = Engine()


def quiet(message: str, fraction: float | None = None) -> None:
    del message, fraction


@pytest.fixture
def net(tmp_path: Path) -> tuple[ModelCard, Path]:
    """A small classifier of three colours."""
    path = conv_net(tmp_path / "net.onnx")
    card = make.card("net", files=(make.file_of(path),), size=(16, 16), mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4))
    return card, path


@pytest.fixture
def few(shown: Path, monkeypatch: pytest.MonkeyPatch, here: None) -> Path:
    """Compared on three pictures, in this process."""
    for reel in REELS:
        monkeypatch.setitem(REELS, reel, shown)
    return shown


def form(net: tuple[ModelCard, Path], cache: Path, precision: str = "fp16") -> Any:
    return formed(*net, (), cache, precision, quiet, Event())


# ---- the package behind a lane ----


@needs_coremltools
@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_lane_answers_as_the_comparison_of_the_export(
    net: tuple[ModelCard, Path], few: Path, tmp_path: Path, precision: str
) -> None:
    found = form(net, tmp_path / "cache", precision)
    lane = Recogniser(net[0], net[1], "coreml", ALONE, form=found)
    package = Package(found.path, net[0], lane.labels, (), half=precision != "fp32")
    for picture in pictures(count=4):
        said = lane(Frame(picture.pixels, 0, 0.0), Ask()).prediction
        wanted = package(picture).prediction
        assert isinstance(said, Classification)
        assert said.labels == wanted.labels
        np.testing.assert_array_equal(said.scores, wanted.scores)
    assert lane.provider == "reference (CPU)"
    assert lane.form is found
    assert lane.card.precision == precision
    assert found.compared == 3
    assert found.bytes == sum(path.stat().st_size for path in found.path.rglob("*") if path.is_file())


@needs_coremltools
def test_fewer_bits_are_smaller_and_further_away(net: tuple[ModelCard, Path], few: Path, tmp_path: Path) -> None:
    found = [form(net, tmp_path / "cache", precision) for precision in ("fp32", "fp16", "int8", "palette6", "palette4")]
    assert [f.bytes for f in found] == sorted((f.bytes for f in found), reverse=True)
    assert [f.relative for f in found] == sorted(f.relative for f in found)


@needs_coremltools
def test_a_detector_of_a_package(few: Path, tmp_path: Path) -> None:
    """Boxes, in a letterboxed picture; exactly those of the original at fp32."""
    rng = np.random.default_rng(3)
    rows = np.zeros((1, 9, 10), np.float32)
    rows[0, :, :4], rows[0, :, 4] = rng.uniform(0.2, 0.6, (9, 4)), rng.uniform(0.4, 0.9, 9)
    rows[0, np.arange(9), 5 + rng.integers(0, 5, 9)] = 0.9
    path = heads_net(tmp_path / "found.onnx", {"a": rows}, (32, 48))
    labels = user_cards()
    labels.mkdir(parents=True)
    (labels / "five.txt").write_text("a\nb\nc\nd\ne\n", "utf-8")
    card = make.card("found", files=(make.file_of(path),), size=(32, 48), labels="five.txt", range="0..255",
                     task="detect", decoder="boxes-scores", fit="letterbox")  # fmt: skip
    found = form((card, path), tmp_path / "cache", "fp32")
    original, lane = Recogniser(card, path, "onnxruntime", ALONE), Recogniser(card, path, "coreml", ALONE, form=found)
    for picture in pictures(count=3):
        frame = Frame(picture.pixels, 0, 0.0)
        a, b = original(frame, Ask()).prediction, lane(frame, Ask()).prediction
        assert isinstance(a, Detections)
        assert isinstance(b, Detections)
        assert a.labels == b.labels
        np.testing.assert_allclose(a.boxes, b.boxes, atol=1e-3)


def test_a_box_counts_for_every_label_where_the_file_suppresses() -> None:
    """Its own overlap, and its own number of boxes, whatever the user asks for."""
    card = form_card(make.card("x", task="detect", decoder="ssd-nms"), "fp16", {"overlap": 0.6, "most": 7})
    assert card.decoder == "boxes-scores"
    assert card.options == {"every_label": True, "overlap": 0.6, "most": 7}
    assert form_card(make.card("x", task="detect", decoder="yolox"), "fp16", None).options == {}


@needs_coremltools
def test_a_package_is_made_once(
    net: tuple[ModelCard, Path], few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = form(net, tmp_path / "cache")
    monkeypatch.setattr(lane_form, "make", None)
    assert form(net, tmp_path / "cache") == first
    (first.path.parent / "form.json").write_text("{", "utf-8")   # damaged: made anew
    with pytest.raises(TypeError):
        form(net, tmp_path / "cache")
    monkeypatch.undo()


@needs_coremltools
@pytest.mark.parametrize("sealed", [True, False], ids=["with its hashes", "of an earlier version"])
def test_a_package_that_was_damaged_on_the_disk_is_made_anew(
    net: tuple[ModelCard, Path], few: Path, tmp_path: Path, sealed: bool
) -> None:
    folder = form(net, tmp_path / "cache").path.parent
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    if not sealed:
        (folder / "sums.json").unlink()
    damaged = [path for path in files if path.name in ("weight.bin", REBUILT)]
    assert len(damaged) == 2
    for path in damaged:
        path.write_bytes(bytes(len(files[path])))
        form(net, tmp_path / "cache")
        assert (path.read_bytes() == files[path]) is sealed
        path.write_bytes(files[path])


@needs_coremltools
def test_another_card_is_another_package(net: tuple[ModelCard, Path], few: Path, tmp_path: Path) -> None:
    card, path = net
    a = form((card, path), tmp_path / "cache")
    b = form((replace(card, input=replace(card.input, std=(0.3, 0.3, 0.3))), path), tmp_path / "cache")
    assert a.path != b.path


@needs_coremltools
def test_what_cannot_be_converted_is_said_and_leaves_nothing(few: Path, tmp_path: Path) -> None:
    path = save(tmp_path / "odd.onnx", [helper.make_node("Det", ["given"], ["a"]),
                                        helper.make_node("Reshape", ["a", "shape"], ["out"])], ["out"],
                {"shape": np.array([1, 10])}, [1, 3, 16, 16])  # fmt: skip
    card = make.card("odd", files=(make.file_of(path),), size=(16, 16))
    with pytest.raises(ExportFailed):
        form((card, path), tmp_path / "cache")
    assert list((tmp_path / "cache" / "coreml").iterdir()) == []


@needs_coremltools
def test_through_the_loader(net: tuple[ModelCard, Path], few: Path, tmp_path: Path) -> None:
    """As a session loads it; the X-ray's other recipe changes the part of the picture, not what is inside."""
    card, path = net
    store = Store(tmp_path / "cache", path.parent, offline=True)
    load = loader({"net": card}, store)(LaneSpec("net", "coreml", precision="int8"), lambda: Engine(precision="int8"))
    lane = load(quiet, Event())
    frame = Frame(pictures(count=1)[0].pixels, 0, 0.0)
    plain = lane(frame, Ask())
    switched = replace(card.input, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), order="BGR")
    again = lane(frame, Ask(lens=Lens(switched, True)))
    np.testing.assert_array_equal(plain.prediction.scores, again.prediction.scores)
    assert again.seen is not None
    assert again.seen.tensor.dtype == np.uint8


def test_only_known_precisions(net: tuple[ModelCard, Path], tmp_path: Path) -> None:
    store = Store(tmp_path / "cache", net[1].parent, offline=True)
    with pytest.raises(BackendError, match="knows no precision 'int3'") as raised:
        form_of(*net, store, "coreml", "int3", quiet, Event())
    assert raised.value.hint == "Choose fp16, fp32, int8, palette6, palette4."
    assert form_of(*net, store, "onnxruntime", "", quiet, Event()) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [("tiny@coreml/int9", "Did you mean 'int8'?"),
     ("tiny@onnxruntime/int8", "Only Core ML and the steps have precisions: name@coreml/int8, name@steps/int8.")],
)  # fmt: skip
def test_a_precision_that_is_none_is_refused(text: str, said: str) -> None:
    with pytest.raises(WrongUse, match="has no precision 'int") as raised:
        lane_specs(Options(), [text], {"tiny": make.card("tiny")})
    assert raised.value.hint == said


def test_a_precision_is_part_of_a_lane() -> None:
    assert lane_specs(Options(), ["tiny@coreml/int8:2"], {"tiny": make.card("tiny")}) == (
        LaneSpec("tiny", "coreml", 2, precision="int8"),
    )


# ---- packages of one's own ----


@pytest.mark.parametrize("name", ["ResNet20Cifar10", "SqueezeNet11", "TinyVGG"])
@pytest.mark.parametrize("ending", [".mlpackage", ".mlmodel"])
def test_a_file_of_one_s_own_runs_as_it_is(testdata: Path, name: str, ending: str) -> None:
    """Read, rebuilt, in the precision that it has; a package in half precision is rounded, and answers the same."""
    store = Store()
    card = add([testdata / "models" / "coreml" / f"{name}{ending}"], store)
    (spec,) = lane_specs(Options(), [f"{card.name}@coreml"], {card.name: card})
    assert spec.precision == OWN
    path = ready(card, store, quiet, Event())
    found = form_of(card, path, store, "coreml", OWN, quiet, Event())
    assert found is not None
    assert found.path.suffix == ending
    assert found.compared == 0
    original = Recogniser(card, path, "onnxruntime", ALONE)
    lane = Recogniser(card, path, "coreml", ALONE, form=found)
    photo = cv2.imread(str(testdata / "images" / "cat.jpg"))
    a, b = (net(Frame(photo, 0, 0.0), Ask()).prediction for net in (original, lane))
    assert a.labels[0] == b.labels[0]
    assert float(np.abs(a.scores[0] - b.scores[0])) <= 0.01
    assert (lane.card.precision == "fp16") is (ending == ".mlpackage")
    if ending == ".mlpackage":
        again = read_package(found.path)   # what a Mac opens is whole
        assert again.half
        assert json.loads((found.path / "Manifest.json").read_text("utf-8"))["rootModelIdentifier"]
        assert (a.scores != b.scores).any()
    assert form_of(card, path, store, "coreml", OWN, quiet, Event()) == found


@needs_coremltools
def test_what_was_made_of_a_model_goes_with_it(net: tuple[ModelCard, Path], few: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "cache", net[1].parent, offline=True)
    other = replace(net[0], name="net-2")
    kept = formed(other, net[1], (), store.cache, "fp16", quiet, Event())
    gone = formed(*net, (), store.cache, "fp16", quiet, Event())
    remove_files(net[0], store, [other])
    assert not gone.path.exists()
    assert kept.path.exists()


def test_only_files_of_core_ml_are_run_as_they_are(net: tuple[ModelCard, Path], tmp_path: Path) -> None:
    store = Store(tmp_path / "cache", net[1].parent, offline=True)
    with pytest.raises(BackendError, match="knows no precision 'own' of Net"):
        form_of(*net, store, "coreml", OWN, quiet, Event())


# ---- the rounding ----


def in_half(model: Any, given: Any) -> list[Any]:
    """Every node by itself, its values kept as numpy's float16: what coremltools says of `compute_precision` FLOAT16.

    "All values of the program are cast to float16": its FP16ComputePrecision. Sums inside an operation are exact.
    """
    outputs = [output.name for output in model.graph.output]
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    values[model.graph.input[0].name] = given
    for node in model.graph.node:
        taken = {name: values[name] for name in node.input if name}
        graph = helper.make_graph(
            [node], "one",
            [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
             for name, value in taken.items()],
            [helper.make_empty_tensor_value_info(name) for name in node.output],
        )  # fmt: skip
        one = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
        session, names = plain_session(one)
        for name, value in zip(names, session.run(None, taken), strict=True):
            half = value.dtype == np.float32 and name not in outputs
            values[name] = value.astype(np.float16).astype(np.float32) if half else value
    return [values[name] for name in outputs]


@pytest.mark.parametrize("name", ["ResNet20Cifar10", "SqueezeNet11", "TinyVGG"])
def test_values_are_rounded_after_every_operation(testdata: Path, name: str) -> None:
    """The three packages of testdata; and single precision is something else."""
    path = testdata / "models" / "coreml" / f"{name}.mlpackage"

    def rebuilt() -> tuple[Any, str, tuple[int, ...]]:
        found = read_package(path)
        shape = (1, 1 if found.image.order == "GRAY" else 3, found.image.height, found.image.width)
        return found.model({f"out_{i}": value for i, value in enumerate(found.outputs)}), found.image.name, shape

    exact, image, shape = rebuilt()
    x = np.random.default_rng(1).integers(0, 256, shape).astype(np.float32)
    wanted = in_half(exact, x)
    half, _ = plain_session(rounded_to_half(rebuilt()[0]))
    single, _ = plain_session(exact)
    for a, b, c in zip(wanted, half.run(None, {image: x}), single.run(None, {image: x}), strict=True):
        assert relative_difference(a, b) <= 1e-3
        assert relative_difference(a, c) > relative_difference(a, b)


# ---- called what it is ----


def test_the_reference_is_never_called_core_ml_alone() -> None:
    assert backend_module("coreml").providers() == ["reference"]
    assert BACKENDS["coreml"].title == "Core ML (reference)"
    with pytest.raises(BackendError, match="Core ML runs on a Mac only; there is no 'ALL' here"):
        load_backend("coreml", Path("x"), Engine(provider="ALL"))


def test_a_reference_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="ONNX Runtime cannot open"):
        load_backend("coreml", tmp_path / "X.mlpackage", ALONE)


# ---- on a Mac, behind a stand-in for coremltools ----


class Stand:
    """What the backend uses of coremltools.models.MLModel, as its documentation states it."""

    def __init__(self, path: str, compute_units: Any) -> None:
        self.path, self.units = path, compute_units
        self.given: Any = None

    def get_spec(self) -> Any:
        return SPEC

    def get_compiled_model_path(self) -> str:
        return f"{self.path}c"

    def predict(self, given: dict[str, Any]) -> dict[str, Any]:
        self.given = given
        if self.path.endswith("Broken.mlpackage"):
            raise RuntimeError("the model is broken")
        return ANSWER


class Image(SimpleNamespace):
    GRAYSCALE, RGB, BGR = 10, 20, 30


def described(colours: int, *, labels: tuple[str, ...] = (), outputs: tuple[str, ...] = ()) -> Any:
    image = Image(colorSpace=colours, height=2, width=3)
    description = SimpleNamespace(
        input=[SimpleNamespace(name="image", type=SimpleNamespace(imageType=image))],
        predictedProbabilitiesName="probs" if labels else "", predictedFeatureName="classLabel" if labels else "",
        output=[SimpleNamespace(name=name) for name in outputs],
    )  # fmt: skip
    body = SimpleNamespace(stringClassLabels=SimpleNamespace(vector=labels))
    return SimpleNamespace(description=description, mlProgram=body, WhichOneof=lambda _: "mlProgram")


SPEC: Any = None
ANSWER: dict[str, Any] = {}


class MLNeuralEngineComputeDevice: ...


class MLCPUComputeDevice: ...


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A Mac as far as the backend can tell. Gives the models that were opened."""
    opened: list[Any] = []

    def ml_model(path: str, compute_units: Any) -> Stand:
        opened.append(Stand(path, compute_units))
        return opened[-1]

    operations = ["a", "b", "c"]
    devices: dict[str, Any] = {"a": MLNeuralEngineComputeDevice(), "b": MLNeuralEngineComputeDevice(),
                               "c": MLCPUComputeDevice()}  # fmt: skip
    block = SimpleNamespace(operations=operations)
    program = SimpleNamespace(functions={"main": SimpleNamespace(block=block)})
    plan = SimpleNamespace(
        model_structure=SimpleNamespace(program=program),
        get_compute_device_usage_for_mlprogram_operation=lambda op: SimpleNamespace(
            preferred_compute_device=devices[op]
        ),
    )
    stand = ModuleType("coremltools")
    plans = SimpleNamespace(load_from_path=lambda path, compute_units: plan)
    units = {name: f"unit {name}" for name in coreml.UNITS}
    vars(stand).update(
        models=SimpleNamespace(
            MLModel=ml_model,
            compute_plan=SimpleNamespace(MLComputePlan=plans),
        ),
        ComputeUnit=SimpleNamespace(**units),
    )
    monkeypatch.setitem(sys.modules, "coremltools", stand)
    monkeypatch.setattr(sys, "platform", "darwin")
    return opened


def on_mac(spec: Any, answer: dict[str, Any], provider: str = "", name: str = "X") -> Any:
    global SPEC, ANSWER
    SPEC, ANSWER = spec, answer
    return load_backend("coreml", Path(f"/tmp/{name}.mlpackage"), Engine(provider=provider))


@pytest.mark.parametrize(("colours", "turned"), [(Image.RGB, False), (Image.BGR, True)])
def test_a_classifier_on_a_mac(mac: list[Any], colours: int, turned: bool) -> None:
    net = on_mac(described(colours, labels=("b", "a")), {"classLabel": "a", "probs": {"a": 0.75, "b": 0.25}})
    x = np.arange(18, dtype=np.uint8).reshape(1, 3, 2, 3)
    (scores,) = net.run(x)
    np.testing.assert_array_equal(scores, [[0.25, 0.75]])   # in the order of the labels
    given = np.asarray(mac[0].given["image"])
    np.testing.assert_array_equal(given, x[0].transpose(1, 2, 0)[..., ::-1 if turned else 1])
    assert mac[0].units == "unit ALL"
    assert net.input_shape == (1, 3, 2, 3)
    assert net.provider == "Neural Engine + CPU"
    assert net.warning == "Neural Engine is to run 2 of 3 operations."


def test_a_grey_detector_on_a_mac(mac: list[Any]) -> None:
    boxes, scores = np.ones((4, 4)), np.ones((4, 2))
    net = on_mac(described(Image.GRAYSCALE, outputs=("coordinates", "confidence")),
                 {"confidence": scores, "coordinates": boxes}, "CPU_AND_GPU")   # fmt: skip
    found = net.run(np.zeros((1, 1, 2, 3), np.uint8))
    assert [f.shape for f in found] == [(4, 4), (4, 2)]
    assert np.asarray(mac[0].given["image"]).shape == (2, 3)
    assert mac[0].units == "unit CPU_AND_GPU"
    assert net.warning == "GPU was chosen, but Core ML plans to run every operation on the Neural Engine + CPU."


def test_what_goes_wrong_on_a_mac_is_said(mac: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    net = on_mac(described(Image.RGB, labels=("a",)), {}, name="Broken")
    with pytest.raises(BackendError, match="Core ML cannot run the network: the model is broken"):
        net.run(np.zeros((1, 3, 2, 3), np.uint8))
    monkeypatch.setitem(sys.modules, "coremltools", None)
    with pytest.raises(BackendError, match="Core ML is asked through coremltools, which is not installed"):
        on_mac(described(Image.RGB), {})


def test_a_pipeline_on_a_mac_is_refused(mac: list[Any]) -> None:
    """It gives the boxes that are left; the lab's decoder wants those before."""
    spec = described(Image.RGB)
    spec.WhichOneof = lambda _: "pipeline"
    with pytest.raises(BackendError, match="suppresses boxes itself"):
        on_mac(spec, {})


def test_a_mac_has_the_units_and_the_reference(mac: list[Any]) -> None:
    assert coreml.providers() == ["ALL", "CPU_AND_NE", "CPU_AND_GPU", "CPU_ONLY", "reference"]


@pytest.mark.parametrize(
    ("units", "devices", "said"),
    [
        ("ALL", {}, ("ALL (Core ML does not say where)", "")),
        ("CPU_ONLY", {"CPU": 3}, ("CPU", "")),
        ("CPU_AND_NE", {"Neural Engine": 5}, ("Neural Engine", "")),
        ("CPU_AND_NE", {"CPU": 5},
         ("CPU", "Neural Engine was chosen, but Core ML plans to run every operation on the CPU.")),
        ("ALL", {"GPU": 4, "CPU": 1}, ("GPU + CPU", "GPU is to run 4 of 5 operations.")),
    ],
)  # fmt: skip
def test_where_it_runs(units: str, devices: dict[str, int], said: tuple[str, str]) -> None:
    assert where(units, devices) == said
