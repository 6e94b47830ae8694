"""Where the time goes: an account by hand, multiply-adds by hand, nodes of the file found again, the command."""

import json
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import app
from inference.errors import Cancelled, LabError
from inference.intake.counter import count
from inference.lab.profile.events import Node, multiply_adds, read_account
from inference.lab.profile.roof import Roof, measure_roof
from inference.lab.profile.run import Profile, profile
from inference.lab.profile.words import dense_sentence, fused_text, held_by, reached, text_of_profile, values
from models.catalog import CARDS, load_catalog
from models.store import COMES_WITH

CATALOG = load_catalog(CARDS)


def profiled(name: str, path: Path | None = None, **changes: int) -> Profile:
    card = CATALOG[name]
    return profile(card, path or COMES_WITH / card.files[0].name, 1, lambda *_: None, Event(), changes.get("runs", 10))


@pytest.fixture(scope="module")
def vgg() -> Profile:
    return profiled("digits-vgg")


# ---- multiply-adds, by hand ----


@pytest.mark.parametrize(
    ("op", "given", "made", "macs"),
    [
        ("Conv", [(1, 3, 8, 8), (16, 3, 3, 3), (16,)], [(1, 16, 8, 8)], 16 * 8 * 8 * 27),
        ("Conv", [(1, 16, 8, 8), (16, 1, 3, 3)], [(1, 16, 4, 4)], 16 * 4 * 4 * 9),           # depthwise
        ("ConvTranspose", [(1, 8, 4, 4), (8, 5, 2, 2)], [(1, 5, 8, 8)], 8 * 16 * 20),
        ("Gemm", [(1, 784), (512, 784), (512,)], [(1, 512)], 784 * 512),
        ("Gemm", [(4, 784), (784, 10)], [(4, 10)], 4 * 7840),
        ("MatMul", [(1, 12, 197, 64), (1, 12, 64, 197)], [(1, 12, 197, 197)], 12 * 197 * 64 * 197),
        ("Relu", [(1, 3, 8, 8)], [(1, 3, 8, 8)], 0),
        ("Conv", [(1, 3, 8, 8)], [(1, 16, 8, 8)], 0),                                        # weights not said
        ("MatMul", [(3,), (3,)], [], 0),
    ],
)
def test_multiply_adds(op, given, made, macs):
    assert multiply_adds(op, given, made) == macs


# ---- an account, by hand ----


def event(name, ts, dur, **args):
    return {"cat": "Node", "name": f"{name}_kernel_time", "ts": ts, "dur": dur, "args": args}


def test_an_account_is_read_without_the_first_runs(tmp_path):
    events = [{"cat": "Session", "name": "session_initialization", "ts": 0, "dur": 900}]
    for run, (first, second) in enumerate([(500, 90), (10, 4), (12, 6), (20, 5)]):
        at = 1000 * (run + 1)
        events.append({"cat": "Session", "name": "model_run", "ts": at, "dur": first + second + 3})
        events.append(event(
            "a_nchwc", at + 1, first, op_name="Conv", node_index="7", provider="CPUExecutionProvider",
            input_type_shape=[{"float": [1, 1, 4, 4]}, {"float": [2, 1, 3, 3]}],
            output_type_shape=[{"float": [1, 2, 4, 4]}],
        ))  # fmt: skip
        events.append(event("fused b", at + 600, second, op_name="FusedGemm", node_index="9"))
    (tmp_path / "a.json").write_text(json.dumps(events))
    nodes, runs = read_account(tmp_path / "a.json", 1)
    assert runs == [17, 21, 28]
    first, second = nodes
    assert (first.name, first.op, first.provider, first.us) == ("a", "Conv", "CPU", 12)
    assert (first.macs, first.moved, first.made) == (2 * 16 * 9, 4 * (16 + 18 + 32), (1, 2, 4, 4))
    assert (second.name, second.us, second.macs, second.given) == ("b", 5, 0, ())


def test_a_node_in_a_loop_counts_every_turn(tmp_path):
    events = []
    for run in range(2):
        events.append({"cat": "Session", "name": "model_run", "ts": 100 * run, "dur": 50})
        events += [event("inner", 100 * run + turn, 3 + run, op_name="Relu", node_index="1") for turn in range(4)]
    (tmp_path / "a.json").write_text(json.dumps(events))
    (node,), _ = read_account(tmp_path / "a.json", 0)
    assert node.us == np.median([12, 16])


# ---- networks ----


@pytest.mark.parametrize("family", ["dense", "vgg", "resnet", "inception", "mobilenet"])
def test_the_multiply_adds_of_all_are_those_of_the_counter(family):
    name = f"digits-{family}"
    made = profiled(name)
    assert made.macs == made.cost.macs == count(COMES_WITH / CATALOG[name].files[0].name).macs
    assert sum(kind[3] for kind in made.kinds()) == made.macs
    assert made.sum_us > 0
    assert made.provider == "CPU"


def test_the_built_in_one_too(built_in):
    path = built_in("squeezenet1.1")
    made = profile(CATALOG["squeezenet1.1"], path, 2, lambda *_: None, Event(), 5)
    assert made.macs == count(path).macs
    convs = [node for node in made.nodes if node.op == "Conv"]
    assert len(convs) == 26
    assert all(node.origins == ("Conv", "Relu") for node in convs)
    assert fused_text(made) == "26 Relu"
    assert sum(node.weights for node in convs) == 4 * count(path).parameters


def test_weights_that_the_engine_has_packed_are_counted(vgg):
    """Three dense layers of a Gemm: (128, 576), (10, 128), with biases, in single precision."""
    dense = [node for node in vgg.nodes if "Gemm" in node.op]
    assert [node.weights for node in dense] == [4 * (128 * 576 + 128), 4 * (10 * 128 + 10)]
    assert all(node.moved >= node.weights for node in dense)
    assert [node.macs for node in dense] == [128 * 576, 1280]


def test_nodes_without_names_are_found_again(tmp_path):
    model = onnx.load(COMES_WITH / "lenet.onnx")
    for node in model.graph.node:
        node.name = ""
    onnx.save(model, tmp_path / "nameless.onnx")
    made = profiled("digits-lenet", tmp_path / "nameless.onnx")
    assert made.macs == count(COMES_WITH / "lenet.onnx").macs


def test_what_cannot_be_counted_has_its_times_all_the_same(tmp_path):
    """A shape that the file computes: the counter gives up, the engine runs."""
    graph = helper.make_graph(
        [helper.make_node("NonZero", ["x"], ["places"], "find"),
         helper.make_node("Cast", ["places"], ["floats"], "cast", to=TensorProto.FLOAT),
         helper.make_node("Transpose", ["floats"], ["turned"], "turn", perm=[1, 0]),
         helper.make_node("MatMul", ["turned", "w"], ["y"], "multiply")], "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 28, 28])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.ones((4, 3), np.float32), "w")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, tmp_path / "open.onnx")
    made = profiled("digits-lenet", tmp_path / "open.onnx")
    assert made.cost is None
    assert "find" in {node.name for node in made.nodes}
    assert any("MatMul" in node.op for node in made.nodes)
    assert "find" in text_of_profile(made)


def test_it_can_be_cancelled():
    cancelled = Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        profile(CATALOG["digits-lenet"], COMES_WITH / "lenet.onnx", 1, lambda *_: None, cancelled)


# ---- the roof ----


def test_the_roof_is_measured_and_reached_from_below():
    roof = measure_roof(1)
    assert roof.gflops > 0.5
    assert roof.gbytes > 0.1
    made = Roof(100.0, 10.0, 1)
    assert [made.reachable(ops) for ops in (1, 10, 50)] == [10.0, 100.0, 100.0]


def node(op, us, macs, weights, moved, name="n"):
    return Node(name, op, "CPU", us, macs, weights, moved, (), (1,), (op,))


def test_what_holds_an_operator_back(vgg):
    """VGG-16's first dense layer, 25088 × 4096: 411 MB for 103 M multiply-adds: half an operation a byte."""
    made = Profile(
        "vgg16", "VGG-16", 2, "CPU",
        (node("Conv", 90_000, 15_346_630_656, 58_862_592, 120_000_000),
         node("Gemm", 20_000, 102_760_448, 411_058_176, 411_174_912), node("Relu", 10_000, 0, 0, 10)),
        120_000, 121_000, 60, {"Conv": 1, "Gemm": 1, "Relu": 2}, None, Roof(300.0, 25.0, 2),
    )  # fmt: skip
    conv, gemm, relu = made.nodes
    assert [held_by(made, one) for one in made.nodes] == ["arithmetic", "memory", "–"]
    assert reached(made, conv) == pytest.approx(2 * 15_346_630_656 / 90e-3 / 1e9 / 300, rel=1e-6)
    assert reached(made, gemm) == pytest.approx(411_174_912 / 20e-3 / 1e9 / 25, rel=1e-6)   # of the bandwidth
    assert reached(made, relu) == 0
    assert dense_sentence(made) == (
        "Dense layers have 87% of the weights, do 1% of the multiply-adds and take 17% of the time; convolutions have "
        "13% of the weights, do 99% of the multiply-adds and take 75% of the time."
    )
    assert fused_text(made) == "1 Relu"


# ---- what is said ----


def test_the_words_and_values(vgg):
    text = text_of_profile(vgg)
    assert text.startswith("mini-VGG, ONNX Runtime on CPU, 1 thread: ")
    assert "fused into others, or gone: 7 Relu." in text
    told = json.loads(json.dumps(values(vgg)))
    assert told["macs"] == told["counted_macs"] == vgg.macs
    assert {"gflops", "held_by", "reached", "us", "origins"} <= told["nodes"][0].keys()


def test_the_command(tmp_path, capsys):
    target = tmp_path / "p.json"
    words = ["profile", "digits-lenet", "--threads", "1", "--runs", "5", "--cache", str(tmp_path)]
    assert app.main([*words, "--json", str(target)]) == 0
    assert "OPERATOR" in capsys.readouterr().out
    assert json.loads(target.read_text())["model"] == "digits-lenet"
    assert app.main(["profile", "nobody"]) == 2
    assert "nobody" in capsys.readouterr().err


def test_a_network_of_another_engine_is_refused():
    from inference.commands.profiling import profiled as command
    from models.store import Store

    native = replace(CATALOG["digits-lenet"], format="tensorflow")
    with pytest.raises(LabError, match="tells nothing of its nodes"):
        command(None, native, Store(), Event())
