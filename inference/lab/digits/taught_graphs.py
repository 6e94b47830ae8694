"""What scikit-learn has learnt, as ONNX: dense layers and support vectors as plain arithmetic, trees as trees.

Each takes a digit, (1, 1, 28, 28) white on black in 0..1, and gives (1, 10).
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.intake.importers.graph import Graph
from inference.lab.digits.sets import SIDE

INPUT, OUTPUT, KINDS = "digit", "answer", 10
PIXELS = SIDE * SIDE
TREES = "ai.onnx.ml"   # the part of ONNX that has trees


def of_dense(weights: Sequence[NDArray[Any]], biases: Sequence[NDArray[Any]]) -> bytes:
    """Dense layers with ReLUs between them, (in, out) each as scikit-learn has them; logits."""
    graph = Graph("digits", "the network")
    x = graph.node("Flatten", [INPUT], "flat")
    for i, (weight, bias) in enumerate(zip(weights, biases, strict=True), 1):
        last = i == len(weights)
        name = OUTPUT if last else f"dense{i}"
        held = [graph.weight(f"dense{i}.weight", weight.T.astype(np.float32)),
                graph.weight(f"dense{i}.bias", bias.astype(np.float32))]  # fmt: skip
        x = graph.node("Gemm", [x, *held], name, transB=1)
        x = x if last else graph.node("Relu", [x], f"relu{i}")
    return _bytes(graph)


def of_svm(machine: Any) -> bytes:
    """A support vector machine with a radial kernel, one class against one: what `decision_function` says, ten shares.

    Of each pair the sign is a vote, and how sure it is breaks ties, as scikit-learn's `_ovr_decision_function`.
    """
    vectors, gamma = machine.support_vectors_.astype(np.float32), float(machine._gamma)
    pairs = list(combinations(range(KINDS), 2))
    ends = np.cumsum(machine.n_support_)
    of_class = [slice(end - count, end) for end, count in zip(ends, machine.n_support_, strict=True)]
    factors = np.zeros((len(vectors), len(pairs)), np.float32)
    votes = np.zeros((len(pairs), KINDS), np.float32)
    # libsvm: vectors of i have their factors against j > i in row j - 1, those of j in row i.
    for column, (i, j) in enumerate(pairs):
        factors[of_class[i], column] = machine.dual_coef_[j - 1, of_class[i]]
        factors[of_class[j], column] = machine.dual_coef_[i, of_class[j]]
        votes[column, i], votes[column, j] = 1, -1
    graph = Graph("digits", "the support vector machine")
    x = graph.node("Flatten", [INPUT], "flat")
    squares = graph.whole("axis", [1])
    near = graph.node("MatMul", [x, graph.weight("vectors", (2 * gamma * vectors.T))], "products")
    own = graph.node("ReduceSum", [graph.node("Mul", [x, x], "squared"), squares], "length", keepdims=1)
    far = graph.node("Mul", [own, graph.scalar("gamma", gamma)], "scaled")
    held = graph.weight("lengths", (gamma * (vectors.astype(np.float64) ** 2).sum(1))[None].astype(np.float32))
    exponent = graph.node("Sub", [graph.node("Sub", [near, far], "less"), held], "exponent")
    kernel = graph.node("Exp", [exponent], "kernel")
    sure = graph.node(
        "Gemm",
        [kernel, graph.weight("factors", factors), graph.weight("offsets", machine.intercept_.astype(np.float32))],
        "pairs",
    )
    matrix = graph.weight("votes", votes)
    yes = graph.node("Cast", [graph.node("GreaterOrEqual", [sure, graph.scalar("zero", 0)], "signs")], "ones", to=1)
    # A pair's vote is 1 for the first or 1 for the second: half a vote each, and ± a half.
    sides = graph.node("Sub", [yes, graph.scalar("half", 0.5)], "sides")
    moved = graph.node("MatMul", [sides, matrix], "moved")
    counted = graph.node("Add", [moved, graph.scalar("middle", (KINDS - 1) / 2)], "counted")
    summed = graph.node("MatMul", [sure, matrix], "summed")
    wide = graph.node("Add", [graph.node("Abs", [summed], "sizes"), graph.scalar("one", 1)], "wide")
    tie = graph.node("Div", [summed, graph.node("Mul", [wide, graph.scalar("three", 3)], "wider")], "tie")
    graph.node("Add", [counted, tie], OUTPUT)
    return _bytes(graph)


def of_forest(trees: Sequence[Any]) -> bytes:
    """Trees that vote with what their leaves have seen; `trees` are scikit-learn's `tree_`. Shares that sum to 1."""
    nodes: dict[str, list[Any]] = {key: [] for key in (
        "treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids",
    )}  # fmt: skip
    leaves: dict[str, list[Any]] = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}
    for number, tree in enumerate(trees):
        for node in range(tree.node_count):
            left, right = int(tree.children_left[node]), int(tree.children_right[node])
            leaf = left == right
            for key, value in (
                ("treeids", number), ("nodeids", node), ("featureids", 0 if leaf else int(tree.feature[node])),
                ("values", 0.0 if leaf else _at_most(tree.threshold[node])),
                ("modes", "LEAF" if leaf else "BRANCH_LEQ"),
                ("truenodeids", 0 if leaf else left), ("falsenodeids", 0 if leaf else right),
            ):  # fmt: skip
                nodes[key].append(value)
            if leaf:
                seen = tree.value[node, 0] / tree.value[node, 0].sum() / len(trees)
                for kind in np.flatnonzero(seen):
                    for key, value in (("treeids", number), ("nodeids", node), ("ids", int(kind)),
                                       ("weights", float(seen[kind]))):  # fmt: skip
                        leaves[key].append(value)
    graph = Graph("digits", "the forest")
    x = graph.node("Flatten", [INPUT], "flat")
    graph.fork(
        "TreeEnsembleClassifier", [x], ["label", OUTPUT], OUTPUT, domain=TREES, post_transform="NONE",
        classlabels_int64s=list(range(KINDS)), **{f"nodes_{key}": values for key, values in nodes.items()},
        **{f"class_{key}": values for key, values in leaves.items()},
    )  # fmt: skip
    return _bytes(graph, TREES)


def _at_most(threshold: float) -> float:
    """The largest single-precision number that is not above: for such pixels, `<=` says the same with both."""
    near = np.float32(threshold)
    return float(near if near <= threshold else np.nextafter(near, np.float32(-np.inf)))


def _bytes(graph: Graph, *domains: str) -> bytes:
    content: bytes = graph.model(
        (INPUT, (1, 1, SIDE, SIDE)), (OUTPUT, (1, KINDS)), domains=domains
    ).SerializeToString()
    return content
