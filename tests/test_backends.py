"""Every available backend on a small network against numpy, and files that no backend should be given."""

from importlib.metadata import EntryPoint
from pathlib import Path
from threading import Event, Thread
from time import perf_counter, process_time, sleep
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime as ort
import pytest
from make import card, external_onnx, fixed_onnx, tiny_answer, tiny_onnx, tiny_weights
from onnx import TensorProto, helper

import inference.backends as table
from inference.backends import BACKENDS, Engine, backend_module, backends, load_backend
from inference.backends import ort as ort_backend
from inference.backends.model_file import check_file, external_files, read_model
from inference.data import LaneSpec
from inference.errors import BackendError
from inference.live.session import Session
from inference.live.sources.synthetic import Pattern
from inference.opencv_threads import settle
from inference.recogniser import Recogniser

ALONE = Engine()

# They run a card's ONNX file as it is.
OF_ONNX = [name for name, info in BACKENDS.items() if not info.forms and not info.only]


def pixels(shape: tuple[int, ...], dtype: str = "float32", seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).integers(0, 256, shape)
    return x.astype(dtype) if dtype == "uint8" else (x / 255).astype(dtype)


def saved(graph: onnx.GraphProto, path: Path) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def right(found: np.ndarray, x: np.ndarray, layout: str = "NCHW") -> None:
    np.testing.assert_allclose(found.reshape(1, 10), tiny_answer(x, layout=layout), rtol=1e-4, atol=1e-4)


@pytest.fixture(params=OF_ONNX)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# ---- the contract ----


@pytest.mark.parametrize(
    ("layout", "dtype", "channels"),
    [
        ("NCHW", "float32", 3), ("NHWC", "float32", 3), ("NCHW", "float32", 1),
        ("NCHW", "float16", 3), ("NCHW", "uint8", 3), ("NHWC", "uint8", 3),
    ],
)
def test_a_small_network_answers_as_numpy_does(
    name: str, layout: str, dtype: str, channels: int, tmp_path: Path
) -> None:
    path = tiny_onnx(tmp_path / "tiny.onnx", layout=layout, dtype=dtype, channels=channels)
    net = load_backend(name, path, ALONE)
    shape = (1, channels, 8, 8) if layout == "NCHW" else (1, 8, 8, channels)
    assert net.input_shape == shape
    assert net.provider == "CPU"
    assert net.warning == ""
    for seed in range(3):
        x = pixels(shape, dtype, seed)
        before = x.copy()
        (y,) = net.run(x)
        right(y, x, layout)
        np.testing.assert_array_equal(x, before)   # the input stays as it was


def test_answers_are_not_written_over_by_the_next_run(name: str, tmp_path: Path) -> None:
    net = load_backend(name, tiny_onnx(tmp_path / "tiny.onnx"), ALONE)
    first, second = pixels((1, 3, 8, 8)), pixels((1, 3, 8, 8), seed=1)
    (answer,) = net.run(first)
    net.run(second)
    right(answer, first)


def test_several_outputs_come_in_the_order_of_the_graph(name: str, tmp_path: Path) -> None:
    wanted = {f"out{i}": np.full((1, i + 2), i, np.float32) for i in (3, 1, 2)}
    net = load_backend(name, fixed_onnx(tmp_path / "fixed.onnx", wanted), ALONE)
    found = net.run(pixels((1, 3, 8, 8)))
    assert [o.reshape(1, -1).tolist() for o in found] == [v.tolist() for v in wanted.values()]


def test_names_of_dimensions_are_kept(name: str, tmp_path: Path) -> None:
    net = load_backend(name, tiny_onnx(tmp_path / "tiny.onnx", batch="n"), ALONE)
    assert net.input_shape == ("n", 3, 8, 8)
    right(net.run(pixels((1, 3, 8, 8)))[0], pixels((1, 3, 8, 8)))


def test_an_impossible_input_is_said(name: str, tmp_path: Path) -> None:
    net = load_backend(name, tiny_onnx(tmp_path / "tiny.onnx"), ALONE)
    with pytest.raises(BackendError, match="cannot run the network") as caught:
        net.run(pixels((1, 7, 8, 8)))
    assert "\n" not in str(caught.value)
    right(net.run(pixels((1, 3, 8, 8)))[0], pixels((1, 3, 8, 8)))


def test_a_name_in_any_script(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "Modèles 模型"
    folder.mkdir()
    load_backend(name, tiny_onnx(folder / "größer.onnx"), ALONE)


def test_providers(name: str) -> None:
    listed = backend_module(name).providers()
    assert "CPU" in listed
    assert "Azure" not in listed   # in every build of ONNX Runtime, but it computes elsewhere


@pytest.mark.parametrize("provider", ["", "CPU", "cpu"])
def test_a_provider_is_chosen(name: str, provider: str, tmp_path: Path) -> None:
    net = load_backend(name, tiny_onnx(tmp_path / "tiny.onnx"), Engine(provider=provider))
    assert (net.provider, net.warning) == ("CPU", "")


@pytest.mark.parametrize("provider", ["Teapot", "Azure"])
def test_an_unknown_provider_is_said(name: str, provider: str, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=provider) as caught:
        load_backend(name, tiny_onnx(tmp_path / "tiny.onnx"), Engine(provider=provider))
    assert "CPU" in caught.value.hint


# ---- files that are none ----


def bad_files(tmp_path: Path) -> dict[str, Path]:
    whole = tiny_onnx(tmp_path / "whole.onnx").read_bytes()
    contents = {"empty": b"", "half": whole[: len(whole) // 2], "text": b"<html>404</html>" * 20, "cut": whole[:-3]}
    made = {"missing": tmp_path / "missing.onnx", "folder": tmp_path / "folder.onnx"}
    made["folder"].mkdir()
    for kind, content in contents.items():
        made[kind] = tmp_path / f"{kind}.onnx"
        made[kind].write_bytes(content)
    return made


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("missing", "missing.onnx is not there."),
        ("folder", "folder.onnx is a folder, not a model."),
        ("empty", "empty.onnx is empty."),
        ("half", "no ONNX model, or only a part of one."),
        ("text", "no ONNX model, or only a part of one."),
        ("cut", "no ONNX model, or only a part of one."),
    ],
)
def test_a_file_that_is_no_model_is_said(
    name: str, kind: str, sentence: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BackendError) as caught:
        load_backend(name, bad_files(tmp_path)[kind], ALONE)
    assert sentence in str(caught.value)
    assert caught.value.hint
    assert str(tmp_path) not in str(caught.value)
    assert capfd.readouterr() == ("", "")   # nothing on the terminal of the user


def test_an_operator_that_nobody_knows_is_said(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    model = onnx.load(tiny_onnx(tmp_path / "tiny.onnx"))
    model.graph.node[0].op_type = "Teapot"
    path = tmp_path / "teapot.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(BackendError, match="Teapot"):
        load_backend(name, path, ALONE)
    assert capfd.readouterr() == ("", "")


def test_a_network_without_input_is_said(name: str, tmp_path: Path) -> None:
    value = helper.make_tensor("v", TensorProto.FLOAT, [1], [1.0])
    graph = helper.make_graph(
        [helper.make_node("Constant", [], ["out"], value=value)], "g", [],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1])],
    )
    path = saved(graph, tmp_path / "none.onnx")
    with pytest.raises(BackendError, match="no input"):
        load_backend(name, path, ALONE)


# ---- weights beside the model ----


@pytest.mark.parametrize(
    "location",
    [
        "../secret.bin", "a/../../secret.bin", "/etc/hostname", "C:\\secret.bin", "..\\secret.bin",
        "\\\\server\\share\\secret.bin", "/secret.bin",
    ],
)
def test_weights_outside_the_folder_are_refused(name: str, location: str, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(tiny_weights()[0].tobytes())
    with pytest.raises(BackendError, match="outside its own folder"):
        load_backend(name, external_onnx(folder / "tiny.onnx", location), ALONE)


def test_a_link_that_leads_outside_is_refused(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(tiny_weights()[0].tobytes())
    try:
        (folder / "weights.bin").symlink_to(tmp_path / "secret.bin")
    except OSError:
        pytest.skip("this system does not let us make links")
    with pytest.raises(BackendError, match="outside its own folder"):
        load_backend(name, external_onnx(folder / "tiny.onnx", "weights.bin"), ALONE)


def test_weights_that_are_missing_are_said(name: str, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"'weights\.bin', which is not there"):
        load_backend(name, external_onnx(tmp_path / "tiny.onnx", "weights.bin"), ALONE)


@pytest.mark.parametrize("location", ["weights.bin", "data/weights.bin", "./weights.bin"])
def test_weights_beside_the_model_are_read(location: str, tmp_path: Path) -> None:
    file = tmp_path / location
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(tiny_weights()[0].tobytes())
    net = load_backend("onnxruntime", external_onnx(tmp_path / "tiny.onnx", location), ALONE)
    x = pixels((1, 3, 8, 8))
    right(net.run(x)[0], x)


def test_weights_hidden_inside_nodes_are_found(tmp_path: Path) -> None:
    """In a constant, in a branch, in a function: wherever a tensor can stand."""
    secret = helper.make_tensor("t", TensorProto.FLOAT, [1], [1.0])
    secret.ClearField("float_data")
    secret.data_location = TensorProto.EXTERNAL
    entry = secret.external_data.add()
    entry.key, entry.value = "location", "../inner.bin"
    constant = helper.make_node("Constant", [], ["c"], value=secret)
    branch = helper.make_graph([constant], "b", [], [helper.make_tensor_value_info("c", TensorProto.FLOAT, [1])])
    node = helper.make_node("If", ["image"], ["out"], then_branch=branch, else_branch=branch)
    image = helper.make_tensor_value_info("image", TensorProto.BOOL, [1])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, [1])
    model = helper.make_model(helper.make_graph([node], "g", [image], [out]))
    path = tmp_path / "inner.onnx"
    path.write_bytes(model.SerializeToString())
    assert external_files(read_model(path)) == ["../inner.bin"]
    with pytest.raises(BackendError, match="outside"):
        check_file(path)


def test_the_word_location_alone_does_no_harm(tmp_path: Path) -> None:
    model = onnx.load(tiny_onnx(tmp_path / "tiny.onnx"))
    model.doc_string = "location"
    (tmp_path / "tiny.onnx").write_bytes(model.SerializeToString())
    check_file(tmp_path / "tiny.onnx")


def test_a_file_that_may_not_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tiny_onnx(tmp_path / "tiny.onnx")

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(BackendError, match=r"tiny\.onnx cannot be read: Permission denied\."):
        check_file(path)


# ---- ONNX Runtime ----


class Recorded:
    """Stands for what ONNX Runtime is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[ort.SessionOptions, list[str]]] = []

    def __call__(self, path: str, options: ort.SessionOptions, providers: list[str], **extra: Any) -> Any:
        self.calls.append((options, providers))
        if "CUDAExecutionProvider" in providers and len(self.calls) == 1:
            raise RuntimeError("no such device")
        return SESSION(path, options, providers=["CPUExecutionProvider"], **extra)


SESSION = ort.InferenceSession


@pytest.mark.parametrize(("linger_ms", "spin_us", "stop"), [(0.0, "20", "1"), (45.0, "45000", None)])
def test_threads_wait_busily_after_a_run_only_when_told(
    linger_ms: float, spin_us: str, stop: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = Recorded()
    monkeypatch.setattr(ort_backend.ort, "InferenceSession", recorded)
    load_backend("onnxruntime", tiny_onnx(tmp_path / "tiny.onnx"), Engine(threads=2, linger_ms=linger_ms))
    ((options, _),) = recorded.calls
    assert options.intra_op_num_threads == 2
    assert options.graph_optimization_level == ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    assert options.execution_mode == ort.ExecutionMode.ORT_SEQUENTIAL
    assert options.get_session_config_entry("session.intra_op.spin_duration_us") == spin_us
    if stop is None:
        with pytest.raises(RuntimeError):
            options.get_session_config_entry("session.force_spinning_stop")
    else:
        assert options.get_session_config_entry("session.force_spinning_stop") == stop


@pytest.mark.parametrize(("linger_ms", "rests"), [(0.0, True), (300.0, False)])
def test_the_engine_knows_these_settings(linger_ms: float, rests: bool, tmp_path: Path) -> None:
    """Unknown keys are taken without a word: so it is seen in the processor time that passes after a run."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 64, 64])
    maps = helper.make_tensor_value_info("maps", TensorProto.FLOAT, [1, 64, 64, 64])
    weights = helper.make_tensor("weights", TensorProto.FLOAT, [64, 3, 5, 5], np.ones(64 * 75, np.float32))
    node = helper.make_node("Conv", ["image", "weights"], ["maps"], pads=[2, 2, 2, 2])
    path = saved(helper.make_graph([node], "g", [image], [maps], [weights]), tmp_path / "large.onnx")
    net = load_backend("onnxruntime", path, Engine(threads=2, linger_ms=linger_ms))
    used = []
    for _ in range(5):
        net.run(np.ones((1, 3, 64, 64), np.float32))
        before = process_time()
        sleep(0.1)
        used.append(process_time() - before)
    assert min(used) < 0.03 if rests else max(used) > 0.05


def test_a_provider_that_cannot_be_had_falls_back_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    recorded = Recorded()
    monkeypatch.setattr(ort_backend.ort, "InferenceSession", recorded)
    listed = ["CUDAExecutionProvider", "AzureExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(ort_backend.ort, "get_available_providers", lambda: listed)
    assert ort_backend.providers() == ["CUDA", "CPU"]
    net = load_backend("onnxruntime", tiny_onnx(tmp_path / "tiny.onnx"), Engine(provider="cuda"))
    assert recorded.calls[0][1] == ["CUDAExecutionProvider", "CPUExecutionProvider"]
    assert net.provider == "CPU"
    assert net.warning == "CUDA was chosen, but the network runs on CPU."
    assert capfd.readouterr() == ("", "")


def test_a_run_under_way_can_be_stopped(tmp_path: Path) -> None:
    """A loop that would take minutes; `stop` from another thread ends it."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Conv", ["x", "kernel"], ["y"], pads=[1, 1, 1, 1]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 64, 64]),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, 64, 64]),
        ],
    )
    graph = helper.make_graph(
        [helper.make_node("Loop", ["times", "", "image"], ["out"], body=body)],
        "endless",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 3, 64, 64])],
        [
            helper.make_tensor("times", TensorProto.INT64, [], [10**9]),
            helper.make_tensor("kernel", TensorProto.FLOAT, [3, 3, 3, 3], [0.01] * 81),
        ],
    )
    path = saved(graph, tmp_path / "endless.onnx")
    net = load_backend("onnxruntime", path, ALONE)
    begun, ended, said = Event(), Event(), []

    def run() -> None:
        begun.set()
        try:
            net.run(pixels((1, 3, 64, 64)))
        except BackendError as error:
            said.append(str(error))
        ended.set()

    thread = Thread(target=run, daemon=True)
    thread.start()
    assert begun.wait(10)
    assert not ended.wait(0.3)   # it is at work
    net.stop()
    assert ended.wait(10)
    thread.join(10)
    assert said


# ---- OpenCV ----


@pytest.mark.usefixtures("opencv_threads")
def test_opencv_takes_the_threads_it_is_given(tmp_path: Path) -> None:
    path = tiny_onnx(tmp_path / "tiny.onnx")
    for threads in (1, 2, 1):
        net = load_backend("opencv", path, Engine(threads))
        assert net.threads == cv2.getNumThreads()
        assert (net.warning == "") == (net.threads == threads)   # where the system decides, it is said
        del net   # the next one has OpenCV to itself


@pytest.mark.usefixtures("opencv_threads")
def test_opencv_has_one_number_for_all_and_says_so(tmp_path: Path) -> None:
    """The last one that loads does not win; the most that is wanted is had, and nobody reports anything else."""
    path = tiny_onnx(tmp_path / "tiny.onnx")
    two = load_backend("opencv", path, Engine(2))
    if two.threads != 2:
        pytest.skip("here the system decides how many threads OpenCV has")
    one = load_backend("opencv", path, Engine(1))
    assert (two.threads, one.threads, cv2.getNumThreads()) == (2, 2, 2)
    assert two.warning == ""
    assert one.warning.startswith("OpenCV computes with 2 threads, not with 1: another network wants them")
    settle()   # what a source does that begins
    assert cv2.getNumThreads() == 2
    del two
    assert (one.threads, one.warning) == (1, "")


@pytest.mark.usefixtures("opencv_threads")
def test_a_lane_reports_the_threads_that_run(tmp_path: Path) -> None:
    """As `live --headless --models X@opencv:2` does: the source begins after the network is loaded."""
    path = tiny_onnx(tmp_path / "tiny.onnx")
    spec = LaneSpec("tiny", "opencv", threads=2)
    session = Session(lambda spec, wanted: lambda report, cancelled: Recogniser(
        card("tiny"), path, spec.backend, wanted(), live=True
    ))  # fmt: skip
    try:
        lane = session.add(spec)
        session.open(Pattern((64, 48)))
        end = perf_counter() + 10
        while lane.results < 3 and perf_counter() < end:
            lane._thread.join(0.01)
        assert lane.results >= 3
        assert lane.threads == cv2.getNumThreads()
        assert lane.threads == 2 or lane.warning
    finally:
        session.close()


def test_nobody_else_sets_the_threads_of_opencv() -> None:
    root = Path(__file__).parents[1]
    files = [path for folder in ("inference", "gui", "models") for path in (root / folder).rglob("*.py")]
    setting = [path.name for path in files if "setNumThreads" in path.read_text(encoding="utf-8")]
    assert setting == ["opencv_threads.py"]


# ---- where ONNX Runtime really runs ----


def part(name: str, nodes: int) -> Any:
    return SimpleNamespace(ep_name=f"{name}ExecutionProvider", get_nodes=lambda: [None] * nodes)


def session_of(*parts: Any) -> Any:
    """A session that has CoreML registered, whatever took the nodes."""
    registered = ["CoreMLExecutionProvider", "CPUExecutionProvider"]
    return SimpleNamespace(get_provider_graph_assignment_info=lambda: list(parts), get_providers=lambda: registered)


@pytest.mark.parametrize(
    ("parts", "nodes", "said"),
    [
        ([part("CoreML", 3), part("CoreML", 7)], {"CoreML": 10}, ""),
        ([part("CPU", 10)], {"CPU": 10}, "CoreML was chosen, but the network runs on CPU."),   # registered all the same
        (
            [part("CPU", 2), part("CoreML", 8)], {"CoreML": 8, "CPU": 2},
            "CoreML runs 8 of 10 nodes of the network, CPU the others.",
        ),
    ],
)  # fmt: skip
def test_what_took_the_nodes_is_what_is_told(parts: list[Any], nodes: dict[str, int], said: str) -> None:
    assert ort_backend.assigned(session_of(*parts)) == nodes
    assert list(ort_backend.assigned(session_of(*parts))) == list(nodes)
    assert ort_backend.told("CoreML", nodes) == said


def test_a_build_without_this_account_tells_what_is_registered() -> None:
    silent = SimpleNamespace(get_providers=lambda: ["CUDAExecutionProvider"])
    assert ort_backend.assigned(silent) == {"CUDA": 0}


def test_a_real_session_tells_its_nodes(tmp_path: Path) -> None:
    net = load_backend("onnxruntime", tiny_onnx(tmp_path / "tiny.onnx"), Engine(2))
    assert (net.provider, net.threads, net.warning) == ("CPU", 2, "")
    assert ort_backend.assigned(net._session)["CPU"] >= 1  # type: ignore[attr-defined]


def test_opencv_refuses_eight_bit_arithmetic(tmp_path: Path) -> None:
    model = onnx.load(tiny_onnx(tmp_path / "tiny.onnx"))
    model.graph.node[0].op_type = "QLinearConv"
    path = tmp_path / "quantised.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(BackendError, match="8 bits") as caught:
        load_backend("opencv", path, ALONE)
    assert "ONNX Runtime" in caught.value.hint


# ---- the table ----


def test_an_unknown_backend_suggests_the_nearest() -> None:
    with pytest.raises(BackendError, match="'onnxruntme'") as caught:
        backend_module("onnxruntme")
    assert "'onnxruntime'" in caught.value.hint


def test_a_backend_that_is_not_installed_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    absent = {"absent": table.BackendInfo("Absent", "no_such_module_at_all", "pip install absent")}
    table.backends.cache_clear()
    request.addfinalizer(table.backends.cache_clear)
    monkeypatch.setattr(table, "BACKENDS", absent)
    with pytest.raises(BackendError, match="Absent is not available") as caught:
        backend_module("absent")
    assert caught.value.hint == "pip install absent"


def test_other_packages_add_backends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    entry = EntryPoint("theirs", "inference.backends.ort", "lineup.backends")
    table.backends.cache_clear()
    request.addfinalizer(table.backends.cache_clear)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [entry] if group == "lineup.backends" else [])
    assert list(backends()) == ["theirs", *BACKENDS]
    x = pixels((1, 3, 8, 8))
    right(load_backend("theirs", tiny_onnx(tmp_path / "tiny.onnx"), ALONE).run(x)[0], x)
