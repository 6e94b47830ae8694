"""The steps of optimisation: what each does to a graph made by hand, what is compared, said, remembered."""

import json
from dataclasses import replace
from pathlib import Path
from threading import Event

import make as cards
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import app
from inference.backends import Engine
from inference.backends.steps import STEPS, load
from inference.data import Ask
from inference.errors import Cancelled, LabError
from inference.lab.looks import Looks
from inference.lab.steps import make as making
from inference.lab.steps.form import formed, notes_of
from inference.lab.steps.make import largest_difference, make, operators_in, operators_run
from inference.lab.steps.run import Step, Steps, optimise
from inference.lab.steps.words import agreement_text, sentences, text_of_steps
from inference.places import DIGIT_REEL, REELS
from models.catalog import CARDS, load_catalog

CATALOG = load_catalog(CARDS)
DICE = np.random.default_rng(3)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """Two convolutions with batch norm and ReLU, a constant that is added to another, pooling, softmax; version 11."""
    def values(*shape: int, least: float = -1.0) -> np.ndarray:
        return DICE.uniform(least, 1, shape).astype(np.float32)

    weights, nodes = {}, []
    at, channels = "x", 3
    for i, wide in enumerate((8, 10)):
        weights |= {f"w{i}": values(wide, channels, 3, 3), f"s{i}": values(wide, least=0.5), f"b{i}": values(wide),
                    f"m{i}": values(wide), f"v{i}": values(wide, least=0.5)}   # fmt: skip
        nodes += [
            helper.make_node("Conv", [at, f"w{i}"], [f"c{i}"], pads=[1, 1, 1, 1]),
            helper.make_node("BatchNormalization", [f"c{i}", f"s{i}", f"b{i}", f"m{i}", f"v{i}"], [f"n{i}"]),
            helper.make_node("Relu", [f"n{i}"], [f"r{i}"]),
        ]
        at, channels = f"r{i}", wide
    one = numpy_helper.from_array(np.float32([0.5]))
    nodes += [
        helper.make_node("Constant", [], ["k1"], value=one), helper.make_node("Constant", [], ["k2"], value=one),
        helper.make_node("Add", ["k1", "k2"], ["k"]), helper.make_node("Mul", [at, "k"], ["scaled"]),
        helper.make_node("GlobalAveragePool", ["scaled"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Softmax", ["flat"], ["y"], axis=1),
    ]  # fmt: skip
    graph = helper.make_graph(
        nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 16, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 10])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(tmp_path / "net.onnx"))
    return tmp_path / "net.onnx"


GIVEN = [DICE.uniform(-1, 1, (1, 3, 16, 16)).astype(np.float32) for _ in range(6)]


def outputs(path: Path, step: str) -> list[np.ndarray]:
    net = load(path, Engine(precision=step))
    return [net.run(x)[0] for x in GIVEN]


def test_each_step_by_hand(network, tmp_path):
    files = {name: tmp_path / f"{name}.onnx" for name in ("folded", "bn", "fp16", "int8")}
    make("folded", network, files["folded"], GIVEN)
    make("bn", network, files["bn"], GIVEN)
    make("fp16", files["bn"], files["fp16"], GIVEN)
    make("int8", files["bn"], files["int8"], GIVEN)
    raw = operators_in(network)
    assert (raw["Constant"], raw["Add"], raw["BatchNormalization"], raw["Conv"]) == (2, 1, 2, 2)
    folded = operators_in(files["folded"])
    assert {"Constant", "Add"}.isdisjoint(folded)
    assert (folded["BatchNormalization"], folded["Conv"], folded["Relu"]) == (2, 2, 2)
    without = operators_in(files["bn"])
    assert "BatchNormalization" not in without
    assert (without["Conv"], without["Relu"]) == (2, 2)
    fused = operators_run(network, tmp_path)
    assert "Relu" not in fused   # each is part of its convolution
    truth = outputs(network, "raw")
    for step, path, most in (
        ("folded", files["folded"], 1e-6), ("bn", files["bn"], 1e-5), ("fused", network, 1e-5),
        ("fp16", files["fp16"], 1e-2), ("int8", files["int8"], 0.15),
    ):  # fmt: skip
        assert largest_difference(truth, outputs(path, step)) < most, step
    assert largest_difference(truth, outputs(files["int8"], "int8")) > 0   # eight bits are not 32
    assert files["fp16"].stat().st_size < 0.75 * files["bn"].stat().st_size


def test_eight_bits_are_signed_weights_with_a_scale_for_each_channel_and_unsigned_values(network, tmp_path):
    make("bn", network, tmp_path / "bn.onnx", GIVEN)
    make("int8", tmp_path / "bn.onnx", tmp_path / "int8.onnx", GIVEN)
    model = onnx.load(str(tmp_path / "int8.onnx"))
    constants = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    weights = [node for node in model.graph.node if node.op_type == "DequantizeLinear" and node.input[0] in constants]
    kinds = {constants[node.input[0]].dtype for node in weights if constants[node.input[0]].ndim == 4}
    assert kinds == {np.dtype(np.int8)}
    assert {constants[node.input[1]].size for node in weights if constants[node.input[0]].ndim == 4} == {8, 10}
    between = [node for node in model.graph.node if node.op_type == "QuantizeLinear"]
    assert {constants[node.input[2]].dtype for node in between} == {np.dtype(np.uint8)}
    softmax = next(node for node in model.graph.node if node.op_type == "Softmax")
    assert not any(softmax.output[0] in node.input for node in between)   # small probabilities stay what they are
    assert outputs(tmp_path / "int8.onnx", "int8")[0].sum() == pytest.approx(1, abs=1e-5)


def test_the_tools_say_nothing_to_the_terminal(network, tmp_path, capfd):
    import logging

    before = list(logging.getLogger().handlers)
    make("bn", network, tmp_path / "bn.onnx", GIVEN)
    make("int8", tmp_path / "bn.onnx", tmp_path / "int8.onnx", GIVEN)
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger().handlers == before


def test_differences_by_hand():
    one, two = np.float32([1, -4]), np.float32([1.5, -4])
    assert largest_difference([one], [one]) == 0
    assert largest_difference([one, one], [one, two]) == 0.125
    assert largest_difference([one], [np.float32([np.nan, 1])]) == 1
    assert largest_difference([one], [np.float32([1])]) == 1


def test_what_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "no.onnx").write_bytes(b"nothing")
    with pytest.raises(LabError):
        make("bn", tmp_path / "no.onnx", tmp_path / "out.onnx", GIVEN)


@pytest.mark.parametrize(
    ("machine", "flags", "found", "saturated"),
    [("x86_64", "sse2 avx2", "", True), ("x86_64", "avx512_vnni", "VNNI", False),
     ("AMD64", "avx_vnni amx_int8", "AMX", False),
     ("aarch64", "fp asimddp", "dot product", False), ("arm64", "", "dot product", False)],
)  # fmt: skip
def test_which_processors_multiply_bytes(monkeypatch, machine, flags, found, saturated):
    monkeypatch.setattr(making.platform, "machine", lambda: machine)
    monkeypatch.setattr(making.Path, "read_text", lambda *_: flags)
    assert making.byte_instructions() == found
    assert making.saturates() is saturated


# ---- lanes of steps ----


def digits(name: str = "digits-mobilenet"):
    from models.store import Store

    card, store = CATALOG[name], Store()
    return card, store.get(card.files[0], lambda *_: None, Event()), store.cache


def test_a_form_is_made_once_and_anew_for_other_pictures(monkeypatch):
    card, path, cache = digits()
    made = []
    real = making.make
    monkeypatch.setattr("inference.lab.steps.form.make", lambda step, *more: (made.append(step), real(step, *more)))
    first = formed(card, path, (), cache, "int8", lambda *_: None, Event())
    assert made == ["bn", "int8"]
    assert (first.compared, first.agreeing) == (10, 10)
    assert 0 < first.relative < 0.3
    assert first.bytes < 0.6 * path.stat().st_size
    assert not first.of_bytes
    assert formed(card, path, (), cache, "int8", lambda *_: None, Event()) == first
    assert made == ["bn", "int8"]
    pictures = [np.full((28, 28, 3), level, np.uint8) for level in (0, 90, 200)]
    other = formed(card, path, (), cache, "int8", lambda *_: None, Event(), pictures)
    assert made == ["bn", "int8", "bn", "int8"]
    assert other.compared == 3
    assert formed(card, path, (), cache, "int8", lambda *_: None, Event()) == other   # what was calibrated last
    first.path.write_bytes(b"damaged")
    formed(card, path, (), cache, "int8", lambda *_: None, Event())
    assert made[-1] == "int8"
    assert len(made) == 5
    assert formed(card, path, (), cache, "raw", lambda *_: None, Event()).path == path
    cancelled = Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        formed(card, path, (), cache, "fp16", lambda *_: None, cancelled)
    assert notes_of(card, cache, "fp16") == {}


@pytest.mark.parametrize("step", STEPS)
def test_a_lane_of_each_step_reads_the_digits(step, tmp_path):
    target = tmp_path / "r.json"
    words = ["predict", str(REELS[DIGIT_REEL] / "three.jpg"), "--models", f"digits-vgg@steps/{step}"]
    assert app.main([*words, "--json", str(target)]) == 0
    (answer,) = json.loads(target.read_text())["pictures"][0]["models"]
    assert answer["labels"][0] == "3"
    assert answer["form"]["precision"] == step


def test_all_steps_of_a_network(tmp_path):
    card, path, cache = digits("digits-lenet")
    told = []
    found = optimise(
        card, path, cache, STEPS, Looks("digits", 100), Ask(), 1, lambda *now: told.append(now), Event(), runs=5
    )
    assert [one.name for one in found.steps] == list(STEPS)
    assert found.step("raw").relative == 0
    assert found.step("raw").agreement == 1
    assert all(one.agreement >= 0.9 and one.p50_ms > 0 for one in found.steps)
    assert found.step("fused").nodes < found.step("raw").nodes
    assert found.step("int8").bytes < found.step("fp16").bytes < found.step("raw").bytes
    assert found.pictures == 10
    parts = [part for _, part in told]
    assert parts == sorted(parts)


def test_a_step_that_cannot_be_made_is_said_and_the_others_go_on(monkeypatch):
    card, path, cache = digits("digits-lenet")
    real = making.make

    def broken(step, *more):
        if step == "fp16":
            raise LabError("It cannot be made.", "Leave it out.")
        real(step, *more)

    monkeypatch.setattr("inference.lab.steps.form.make", broken)
    found = optimise(card, path, cache, ("fp16", "bn"), Looks("digits", 3), Ask(), 1, lambda *_: None, Event(), 5)
    assert [one.name for one in found.steps] == ["raw", "bn"]
    assert [str(one) for one in found.troubles] == ["It cannot be made."]
    assert "It cannot be made. Leave it out." in text_of_steps(found)


# ---- words ----


def step(name: str, ms: float, **operators: int) -> Step:
    return Step(name, operators or {"Conv": 10}, 1000, ms, 2 * ms, 0.1, 0.9, (0.6, 0.98))


def steps(*them: Step, instructions: str = "VNNI") -> Steps:
    return Steps("net", "Net", {}, 2, "samples", 10, 60, instructions, them, ())


@pytest.mark.parametrize(
    ("half", "eight", "instructions", "said"),
    [
        (step("fp16", 10.1), step("int8", 5), "VNNI",
         ["16 bits take as long as 32 here. They halve the file.",
          "8 bits take 0.50 times as long as 32 here: this processor has instructions for products of bytes (VNNI)."]),
        (step("fp16", 15, Conv=10, Cast=4), step("int8", 20, QLinearConv=10, QuantizeLinear=3, DequantizeLinear=2), "",
         ["16 bits take 1.50 times as long as 32 here: ONNX Runtime computes them in 32 bits, and 14 nodes run instead "
          "of 10. They halve the file.",
          "8 bits take 2.00 times as long as 32 here: this processor has no instruction that multiplies bytes and adds "
          "them up (VNNI), and 5 of 15 nodes only convert between bytes and floats, and 15 nodes run instead of 10."]),
        (step("fp16", 5), step("int8", 20), "VNNI",
         ["16 bits take 0.50 times as long as 32 here. They halve the file.",
          "8 bits take 2.00 times as long as 32 here: its layers are too small to gain what the scales cost."]),
    ],
)  # fmt: skip
def test_what_is_said_of_fewer_bits(half, eight, instructions, said):
    found = steps(step("raw", 20, Conv=10, Relu=10), step("fused", 10), half, eight, instructions=instructions)
    assert sentences(found) == said


def test_other_sentences():
    same = step("raw", 20)
    assert sentences(steps(same, replace(same, name="bn"))) == [
        "There was nothing to fold: whoever made the file has done it."
    ]
    assert sentences(steps(same)) == []
    assert agreement_text(replace(same, name="int8")) == "90.0% (60% – 98%)"
    assert agreement_text(replace(same, agreement=None)) == "–"


def test_the_command(tmp_path, capsys):
    target, words = tmp_path / "o.json", ["optimise", "digits-lenet", "--runs", "5", "--threads", "1"]
    assert app.main([*words, "--steps", "fused,int8", "--json", str(target)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("LeNet-5, 1 thread, 5 runs of each in turns; answers on 10 pictures of digits.")
    told = json.loads(target.read_text())
    assert [one["name"] for one in told["steps"]] == ["raw", "fused", "int8"]
    assert told["steps"][0]["operators"]["Conv"] == 2
    assert app.main([*words, "--steps", "fusd"]) == 2
    assert "fused" in capsys.readouterr().err


def test_a_network_that_runs_as_it_is_has_no_steps(tmp_path):
    card = replace(cards.card("net"), format="tflite")
    with pytest.raises(LabError, match="it has no steps"):
        formed(card, tmp_path / "x", (), tmp_path, "bn", lambda *_: None, Event())
