"""Every layer of the Core ML neural networks (NeuralNetwork.proto) that the reader knows, against numpy.

The meanings are those of the comments in NeuralNetwork.proto. Files are written here, field by field.
"""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from test_coreml_operations import (
    BIAS,
    EIGHT,
    FOUR,
    WEIGHTS,
    X,
    Y,
    avg_pool,
    blocks_to_depth,
    conv,
    depth_to_blocks,
    erf,
    lrn,
    max_pool,
    plane,
    same_pads,
    sigmoid,
    softmax,
)

from inference.errors import ImportFailed
from inference.intake.importers.coreml.file import NETWORK, CoreMl, Image
from inference.intake.importers.coreml.layers import LAYERS, NAMES, build_layers, old
from inference.intake.importers.graph import Graph

Array = NDArray[Any]
CONSTANT = 1070


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def message(fields: dict[int, Any]) -> bytes:
    """Field numbers and values: int, float, bytes, str, a nested dict, a list of ints (packed) or of others."""
    return b"".join(field(number, value) for number, value in fields.items())


def field(number: int, value: Any) -> bytes:
    if isinstance(value, bool | int | np.integer):
        return varint(number << 3) + varint(int(value))
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    if isinstance(value, list) and not all(isinstance(item, int) for item in value):
        return b"".join(field(number, item) for item in value)
    data = (
        message(value) if isinstance(value, dict) else value.encode() if isinstance(value, str)
        else b"".join(map(varint, value)) if isinstance(value, list)
        else value.astype("<f4").tobytes() if isinstance(value, np.ndarray) else value
    )  # fmt: skip
    return varint(number << 3 | 2) + varint(len(data)) + data


def weights(values: Array) -> dict[int, Any]:
    return {1: values.reshape(-1)}


def run(kind: int, params: dict[int, Any], *inputs: Array) -> Array:
    """One layer; its inputs are loaded by layers before it."""
    before_13 = kind in old.LAYERS
    layers: list[dict[int, Any]] = [
        {1: f"x{i}", 3: f"x{i}", 290 if before_13 else CONSTANT: {1: list(x.shape[before_13:]), 2: weights(x)}}
        for i, x in enumerate(inputs)
    ]
    taken = {2: [f"x{i}" for i in range(len(inputs))]} if inputs else {}
    layers.append({1: "layer", **taken, 3: "out", kind: params})
    network = message({1: layers} if before_13 else {1: layers, 5: 1, 6: 1})
    graph = Graph("test", "test")
    model = CoreMl("test", Image("image", 4, 4, "RGB"), ("out",), NETWORK, memoryview(network))
    (name,), _, _ = build_layers(graph, model)
    made = graph.model(("image", (1, 3, 4, 4)), (graph.node("Identity", [name], "end"), None))
    made.graph.output[0].ClearField("type")
    session = onnxruntime.InferenceSession(made.SerializeToString())
    found: Array = session.run(None, {"image": np.zeros((1, 3, 4, 4), np.float32)})[0]
    return found


@dataclass(frozen=True)
class Case:
    kind: int
    params: dict[int, Any]
    inputs: tuple[Array, ...]
    wanted: Any

    def __str__(self) -> str:
        return f"{self.kind}-{self.params}"[:60]


def edges(top: int, bottom: int, left: int, right: int) -> dict[int, Any]:
    return {1: {10: [{1: top, 2: bottom}, {1: left, 2: right}]}}


VALID, CUSTOM = {50: {}}, {50: edges(1, 0, 2, 1)}
SAME = same_pads((6, 8), (3, 3), (2, 2), lower=False)
LOWER = same_pads((6, 8), (3, 3), (2, 2), lower=True)
CONV: dict[int, Any] = {1: 6, 2: 4, 20: [3, 3], 90: weights(WEIGHTS)}
POOL: dict[int, Any] = {10: [3, 3], 20: [2, 2]}
MATRIX = WEIGHTS.reshape(6, 36)[:, :8].copy()
LONG = np.resize(WEIGHTS, (6, 192)) * np.float32(0.1)
NORMAL = (X - plane(FOUR)) / np.sqrt(plane(np.abs(FOUR)) + 0.1) * plane(FOUR + 1) + plane(FOUR * 2)
POSITIVE = np.abs(X) + np.float32(0.5)
MIXED = np.where(Y > 0, X, Y)

CASES = [
    Case(100, {**CONV, **VALID}, (X,), conv(X, WEIGHTS, None)),
    Case(100, {**CONV, 30: [2, 1], 40: [1, 2], **CUSTOM, 70: True, 91: weights(BIAS)}, (X,),
         conv(X, WEIGHTS, BIAS, (2, 1), (1, 0, 2, 1), (1, 2))),
    Case(100, {**CONV, 30: [2, 2], 51: {}}, (X,), conv(X, WEIGHTS, None, (2, 2), SAME)),
    Case(100, {**CONV, 30: [2, 2], 51: {1: 1}}, (X,), conv(X, WEIGHTS, None, (2, 2), LOWER)),
    Case(100, {**CONV, 2: 2, 10: 2, 90: weights(WEIGHTS[:, :2]), **VALID}, (X,),
         conv(X, WEIGHTS[:, :2], None, groups=2)),
    Case(120, {**POOL, 30: edges(1, 0, 0, 1)}, (X - 9,), max_pool(X - 9, (3, 3), (2, 2), (1, 0, 0, 1))),
    Case(120, {**POOL, 31: {}}, (X,), max_pool(X, (3, 3), (2, 2), SAME)),
    Case(120, {**POOL, 32: {10: [0, 0]}}, (X,), max_pool(X, (3, 3), (2, 2), (0, 0, 0, 0), ceil=True)),
    Case(120, {1: 1, **POOL, 30: edges(1, 0, 0, 1)}, (X,), avg_pool(X, (3, 3), (2, 2), (1, 0, 0, 1), exclude=False)),
    Case(120, {1: 1, **POOL, 30: edges(1, 0, 0, 1), 50: True}, (X,),
         avg_pool(X, (3, 3), (2, 2), (1, 0, 0, 1), exclude=True)),
    Case(120, {1: 1, 60: True}, (X,), X.mean(axis=(2, 3), keepdims=True)),
    Case(120, {60: True}, (X,), X.max(axis=(2, 3), keepdims=True)),
    Case(130, {5: {1: 2.0, 2: -0.5}}, (X,), 2 * X - 0.5),
    Case(130, {10: {}}, (X,), np.maximum(X, 0)),
    Case(130, {15: {1: 0.2}}, (X,), np.where(X > 0, X, 0.2 * X)),
    Case(130, {20: {1: 0.4}}, (X,), np.where(X > 0.4, X, 0)),
    Case(130, {30: {}}, (X,), np.tanh(X)),
    Case(130, {40: {}}, (X,), sigmoid(X)),
    Case(130, {41: {1: 0.3, 2: 0.4}}, (X * 3,), np.clip(0.9 * X + 0.4, 0, 1)),
    Case(130, {50: {1: 0.7}}, (X,), np.where(X > 0, X, 0.7 * (np.exp(X) - 1))),
    Case(130, {60: {}}, (X,), X / (1 + np.abs(X))),
    Case(130, {70: {}}, (X,), np.log1p(np.exp(X))),
    Case(140, {1: 8, 2: 6, 10: True, 20: weights(MATRIX), 21: weights(BIAS)}, (X[0],), X[0] @ MATRIX.T + BIAS),
    Case(140, {1: 8, 2: 6, 20: weights(MATRIX)}, (X[0, 0],), X[0, 0] @ MATRIX.T),
    Case(140, {1: 192, 2: 6, 10: True, 20: weights(LONG), 21: weights(BIAS)}, (X,),   # the last three sides at once
         (X.reshape(1, 192) @ LONG.T + BIAS).reshape(1, 6, 1, 1)),
    Case(160, {1: 4, 10: 0.1, 15: weights(FOUR + 1), 16: weights(FOUR * 2), 17: weights(FOUR),
               18: weights(np.abs(FOUR))}, (X,), NORMAL),
    Case(130, {25: {1: weights(FOUR)}}, (X,), np.where(X > 0, X, plane(FOUR) * X)),
    Case(130, {31: {1: 1.7, 2: 0.6}}, (X,), 1.7 * np.tanh(0.6 * X)),
    Case(170, {1: 0.25}, (X,), X / np.sqrt((X**2).sum() + 0.25)),
    Case(175, {1: 1}, (X,), softmax(X, 1)),
    Case(190, {1: {10: [{1: 1, 2: 2}, {1: 0, 2: 3}]}}, (X,), X[:, :, 1:4, :5]),
    Case(200, {1: {1: 0.5}, 10: {10: [{1: 1, 2: 0}, {1: 2, 2: 1}]}}, (X,),
         np.pad(X, ((0, 0), (0, 0), (1, 0), (2, 1)), constant_values=0.5)),
    Case(200, {2: {}, 10: {10: [{1: 1, 2: 2}, {1: 0, 2: 1}]}}, (X,),
         np.pad(X, ((0, 0), (0, 0), (1, 2), (0, 1)), mode="reflect")),
    Case(200, {3: {}, 10: {10: [{1: 1, 2: 2}, {1: 0, 2: 1}]}}, (X,),
         np.pad(X, ((0, 0), (0, 0), (1, 2), (0, 1)), mode="edge")),
    Case(240, {}, (X, Y), (X + Y) / 2),
    Case(245, {1: [4], 2: weights(FOUR)}, (X,), X * plane(FOUR)),
    Case(245, {1: [1], 2: weights(FOUR[:1]), 3: True, 4: [4, 6, 8], 5: weights(Y)}, (X,), X * FOUR[0] + Y),
    Case(250, {1: [1, 6, 8], 2: weights(Y[:, :1])}, (X,), X + Y[:, :1]),
    Case(280, {1: 0}, (X,), X.sum(axis=(1, 2, 3), keepdims=True)),
    Case(280, {1: 1, 3: 1}, (X,), X.mean(axis=(2, 3), keepdims=True)),
    Case(280, {1: 7, 3: 2}, (X,), X.max(axis=1, keepdims=True)),
    Case(280, {1: 6, 3: 4}, (X,), np.sqrt((X**2).sum(axis=3, keepdims=True))),
    Case(290, {1: [4], 2: weights(FOUR)}, (), plane(FOUR)),
    Case(300, {1: [8, 4, 6]}, (X,), X.reshape(1, 8, 4, 6)),
    Case(300, {1: [1, 8, 4, 6], 2: 1}, (X,), X.transpose(0, 2, 3, 1).reshape(1, 4, 6, 8).transpose(0, 3, 1, 2)),
    Case(301, {}, (X,), X.reshape(1, 192, 1, 1)),
    Case(301, {1: 1}, (X,), X.transpose(0, 2, 3, 1).reshape(1, 192, 1, 1)),
    Case(310, {1: [0, 2, 3, 1]}, (X,), X.transpose(0, 2, 3, 1)),
    Case(180, {1: 0.9, 2: 0.6, 3: 3, 4: 1.5}, (X,), lrn(X, 3, 0.9, 0.6, 1.5)),
    Case(210, {1: [2, 3]}, (X,), X.repeat(2, 2).repeat(3, 3)),
    Case(220, {1: 0}, (POSITIVE,), np.sqrt(POSITIVE)),
    Case(220, {1: 1, 3: 0.25}, (POSITIVE,), 1 / np.sqrt(POSITIVE + 0.25)),
    Case(220, {1: 2, 3: 0.25}, (POSITIVE,), 1 / (POSITIVE + 0.25)),
    Case(220, {1: 3, 2: 1.7}, (POSITIVE,), POSITIVE**1.7),
    Case(220, {1: 4, 4: 0.5, 5: 2.0}, (X,), np.exp(2 * X + 0.5)),
    Case(220, {1: 5}, (POSITIVE,), np.log(POSITIVE)),
    Case(220, {1: 6}, (X,), np.abs(X)),
    Case(220, {1: 7, 2: 0.3}, (X,), np.maximum(X, 0.3)),
    Case(230, {}, (X, Y), X + Y),
    Case(230, {1: 0.5}, (X,), X + 0.5),
    Case(231, {}, (X, Y, X), X * Y * X),
    Case(260, {}, (X, Y), np.maximum(X, Y)),
    Case(261, {}, (X, Y), np.minimum(X, Y)),
    Case(320, {}, (X, Y), np.concatenate([X, Y], 1)),
    Case(345, {2: 2}, (X,), blocks_to_depth(X, 2)),
    Case(345, {1: 1, 2: 2}, (EIGHT,), depth_to_blocks(EIGHT, 2, channels_first=False)),
    Case(345, {1: 2, 2: 2}, (EIGHT,), depth_to_blocks(EIGHT, 2, channels_first=True)),
    Case(350, {1: 1, 2: 3, 3: 1}, (X,), X[:, 1:3]),
    Case(350, {1: 1, 2: -1, 3: 2, 4: 2}, (X,), X[..., 1:-1:2]),
    Case(350, {1: 1, 2: 3, 3: 1, 4: 2}, (X[0],), X[0][..., 1:3]),   # three sides: the last is the width
    Case(660, {1: -0.5, 2: 0.25}, (X,), np.clip(X, -0.5, 0.25)),
    Case(665, {}, (X,), np.ceil(X)),
    Case(670, {}, (X,), np.floor(X)),
    Case(680, {}, (X,), np.sign(X)),
    Case(685, {}, (np.float32([-1.5, -0.5, 0.5, 1.5, 2.6]),), [-2, 0, 0, 2, 3]),
    Case(710, {}, (X,), np.sin(X)),
    Case(715, {}, (X,), np.cos(X)),
    Case(790, {}, (X,), erf(X)),
    Case(815, {}, (X, MIXED), Y > 0),
    Case(825, {}, (X, Y), X < Y),
    Case(827, {}, (X, MIXED), MIXED >= X),
    Case(830, {2: 0.3}, (X,), X > 0.3),
    Case(832, {}, (X, MIXED), MIXED <= X),
    Case(870, {}, (X, Y), np.minimum(X, Y)),
    Case(875, {}, (X, Y), np.maximum(X, Y)),
    Case(880, {}, (X, Y[:, :, :1]), X + Y[:, :, :1]),
    Case(885, {}, (POSITIVE, Y), POSITIVE**Y),
    Case(890, {}, (X, POSITIVE), X / POSITIVE),
    Case(900, {}, (X, Y[..., :1]), X * Y[..., :1]),
    Case(905, {}, (X, Y), X - Y),
    Case(930, {1: 1}, (X, np.float32([2, 0])), X[:, [2, 0]]),
    Case(950, {1: 3}, (X,), softmax(X, 3)),
    Case(980, {1: 2}, (X, Y), np.concatenate([X, Y], 2)),
    Case(985, {1: [0, 2, 3, 1]}, (X,), X.transpose(0, 2, 3, 1)),
    Case(1045, {}, (X[0], Y[0].transpose(0, 2, 1).copy()), X[0] @ Y[0].transpose(0, 2, 1)),
    Case(1070, {1: [4], 2: weights(FOUR)}, (), FOUR),
    Case(1120, {1: [1]}, (X[:, :1].copy(),), X[:, 0]),
    Case(1125, {1: [0, -1]}, (X,), X[None, ..., None]),
    Case(1140, {1: [4, -1, 8]}, (X,), X.reshape(4, -1, 8)),
    Case(1150, {1: 2}, (X,), X.reshape(4, 48)),
    Case(1155, {1: 0.5, 2: [0, 0, 1, 0, 2, 1, 0, 3]}, (X,),
         np.pad(X, ((0, 0), (1, 0), (2, 1), (0, 3)), constant_values=0.5)),
    Case(1260, {1: [1], 2: True}, (X,), X.max(axis=1, keepdims=True)),
    Case(1265, {1: [1, 2]}, (X,), X.min(axis=(1, 2))),
    Case(1270, {1: [1]}, (X,), X.sum(axis=1)),
    Case(1280, {1: [2, 3], 2: True}, (X,), X.mean(axis=(2, 3), keepdims=True)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_layer_does_what_its_definition_says(case: Case) -> None:
    found, wanted = run(case.kind, case.params, *case.inputs), np.asarray(case.wanted)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted.astype(np.float64), rtol=1e-5, atol=1e-5)


def test_every_layer_has_a_case() -> None:
    assert LAYERS.keys() == {case.kind for case in CASES}


REFUSED = [
    (100, {**CONV, **VALID, 60: True}, (X,), "deconvolution"),
    (120, {1: 2, **POOL, 30: {}}, (X,), "pooling"),
    (210, {1: [2, 2], 5: 1}, (X,), "enlargement"),
    (220, {1: 9}, (X,), "function"),
    (345, {1: 7, 2: 2}, (X,), "rearrangement"),
    (350, {1: 1, 2: 3, 3: 1, 4: 7}, (X,), "slice"),
    (980, {1: 1, 2: True}, (X, Y), "interleaving"),
    (1045, {1: True}, (X[0], X[0]), "product"),
    (1120, {2: True}, (X,), "side of one"),
    (1260, {3: True}, (X,), "everything"),
    (660, {1: 0.0, 2: 1.0, 9: 1}, (X,), "parameters 9"),
    (975, {1: 1, 2: 2}, (X,), "splitND"),
    (190, {1: {}}, (X, Y), "another value"),
    (200, {10: {10: [{1: 1}]}}, (X,), "borders"),
    (245, {1: [4, 6], 2: weights(X)}, (X,), "shape"),
    (280, {1: 9}, (X,), "reduction"),
    (300, {1: [2, 4, 6, 4]}, (X,), "target"),
    (310, {1: [0, 1, 1, 2]}, (X,), "axes"),
]


@pytest.mark.parametrize(
    ("kind", "params", "inputs", "said"), REFUSED, ids=[f"{case[0]}-{case[3]}" for case in REFUSED]
)
def test_what_would_be_another_network_is_refused(
    kind: int, params: dict[int, Any], inputs: tuple[Array, ...], said: str
) -> None:
    with pytest.raises(ImportFailed, match=said):
        run(kind, params, *inputs)


def test_a_layer_that_is_not_known_has_a_name_where_it_can() -> None:
    assert not NAMES.keys() & LAYERS.keys()


# ---- weights in fewer bits: the first in the highest bits, QuantizationParams ----

LEVELS = [0, 5, 63, 17, 33, 62, 1, 8]


def quantised(values: list[int], bits: int, how: dict[int, Any]) -> dict[int, Any]:
    whole = 0
    for value in values:
        whole = whole << bits | value
    spare = -len(values) * bits % 8
    return {30: (whole << spare).to_bytes((len(values) * bits + 7) // 8, "big"), 40: {1: bits, **how}}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({2: np.float16([1, 2, 3, 4, 5, 6, 7, 8]).tobytes()}, [1, 2, 3, 4, 5, 6, 7, 8]),
        (quantised(LEVELS, 6, {101: {1: np.float32([0.5]), 2: np.float32([-1])}}), [v * 0.5 - 1 for v in LEVELS]),
        (quantised(LEVELS, 8, {101: {1: np.float32([0.5, 2]), 2: np.float32([1, 3])}}),
         [v * (0.5, 2)[i // 4] + (1, 3)[i // 4] for i, v in enumerate(LEVELS)]),
        (quantised([3, 0, 1, 2, 2, 1, 0, 3], 2, {102: {1: np.float32([10, 20, 30, 50])}}),
         [50, 10, 20, 30, 30, 20, 10, 50]),
    ],
    ids=["half", "6 bits", "8 bits by output", "a table"],
)  # fmt: skip
def test_weights_in_fewer_bits(given: dict[int, Any], wanted: list[float]) -> None:
    eye = np.eye(4, dtype=np.float32)
    found = run(140, {1: 4, 2: 2, 20: given}, eye)
    np.testing.assert_allclose(found.T.reshape(-1), wanted)


@pytest.mark.parametrize(("order", "bias"), [("RGB", (3, 2, 1)), ("BGR", (1, 2, 3)), ("GRAY", (4,))])
def test_a_picture_is_scaled_with_the_bias_of_each_colour(order: Any, bias: tuple[float, ...]) -> None:
    """NeuralNetworkImageScaler: channelScale 10, blueBias 20, greenBias 21, redBias 22, grayBias 30."""
    layer = {1: "layer", 2: ["image"], 3: "out", 130: {10: {}}}
    scaler = {10: {10: 0.5, 20: 1.0, 21: 2.0, 22: 3.0, 30: 4.0}}
    network = message({1: [layer], 2: scaler, 5: 1, 6: 1})
    graph = Graph("test", "test")
    model = CoreMl("test", Image("image", 2, 2, order), ("out",), NETWORK, memoryview(network))
    (name,), _, _ = build_layers(graph, model)
    made = graph.model(("image", (1, len(bias), 2, 2)), (graph.node("Identity", [name], "end"), None))
    made.graph.output[0].ClearField("type")
    x = np.arange(len(bias) * 4, dtype=np.float32).reshape(1, -1, 2, 2)
    found = onnxruntime.InferenceSession(made.SerializeToString()).run(None, {"image": x})[0]
    np.testing.assert_allclose(found, x * 0.5 + plane(np.float32(bias)))
