"""A profile in words: the operators by kind, the slowest by name, what holds them back."""

from collections import Counter
from typing import Any

import msgspec

from inference.lab.profile.events import Node
from inference.lab.profile.run import Profile
from inference.terminal import table
from inference.words import count_text, size_text

MOST = 12    # operators by name
DENSE = frozenset({"Gemm", "FusedGemm", "MatMul", "FusedMatMul"})
CONVOLVED = frozenset({"Conv", "FusedConv", "ConvTranspose"})


def held_by(profile: Profile, node: Node) -> str:
    """What an operator waits for: "arithmetic" or "memory", by the roofline; "–" where it multiplies nothing."""
    if not node.macs:
        return "–"
    return "memory" if node.intensity * profile.roof.gbytes < profile.roof.gflops else "arithmetic"


def reached(profile: Profile, node: Node) -> float:
    """The share of what the roofline lets it reach, 0 and up; small operators lie in a cache and may be above 1."""
    limit = profile.roof.reachable(node.intensity)
    return node.gflops / limit if limit else 0.0


def fused_text(profile: Profile) -> str:
    """Which operators of the file did not run by themselves: "26 Relu, 1 Dropout"."""
    ran = Counter(node.origins[0] if node.origins else node.op for node in profile.nodes)
    gone = {op: count - ran.get(op, 0) for op, count in profile.in_file.items() if count > ran.get(op, 0)}
    return ", ".join(f"{count} {op}" for op, count in sorted(gone.items(), key=lambda item: -item[1]))


def dense_sentence(profile: Profile) -> str:
    """The talk's case: what dense layers weigh and take beside convolutions; "" where there are not both."""
    parts = {
        kind: [node for node in profile.nodes if node.op in ops and node.macs]
        for kind, ops in (("dense", DENSE), ("convolved", CONVOLVED))
    }
    if not all(parts.values()):
        return ""
    weights = sum(node.weights for node in profile.nodes) or 1
    said = []
    for kind, name in (("dense", "Dense layers"), ("convolved", "convolutions")):
        of = parts[kind]
        said.append(
            f"{name} have {sum(n.weights for n in of) / weights:.0%} of the weights, do "
            f"{sum(n.macs for n in of) / max(1, profile.macs):.0%} of the multiply-adds and take "
            f"{sum(n.us for n in of) / max(1e-9, profile.sum_us):.0%} of the time"
        )
    return "; ".join(said) + "."


def head(profile: Profile) -> str:
    """The first lines."""
    threads = f"{profile.threads} thread{'s' if profile.threads != 1 else ''}"
    infer, whole = profile.infer_us / 1e3, profile.sum_us / 1e3
    lines = [
        f"{profile.title}, ONNX Runtime on {profile.provider}, {threads}: {infer:.2f} ms for one answer (median of "
        f"{profile.runs}).",
        f"Its {len(profile.nodes)} operators take {whole:.2f} ms together, noted one by one "
        f"({whole / infer:.2f} times that, as noting costs time as well).",
        f"At most this machine does {profile.roof.gflops:.0f} GFLOP/s and moves {profile.roof.gbytes:.1f} GB/s with "
        f"{threads}.",
    ]
    if gone := fused_text(profile):
        lines.append(f"The file has {sum(profile.in_file.values())} operators; fused into others, or gone: {gone}.")
    if sentence := dense_sentence(profile):
        lines.append(sentence)
    return "\n".join(lines)


def operator_text(profile: Profile, node: Node) -> str:
    """All that is known of one operator, below each other."""
    share = node.us / max(1e-9, profile.sum_us)
    made_of = "+".join(node.origins) or node.op
    lines = [
        node.name, f"{node.op} on {node.provider}" + (f", made of {made_of}" if made_of != node.op else ""),
        f"{node.us / 1e3:.3f} ms, {share:.1%} of the time", f"gives {'×'.join(map(str, node.made))}",
    ]
    if node.weights:
        lines.append(f"weights {size_text(node.weights)}, moves {size_text(node.moved)}")
    if node.macs:
        part = node.macs / profile.macs if profile.macs else 0.0
        lines += [
            f"{count_text(node.macs)} multiply-adds, {part:.1%}",
            f"{node.gflops:.0f} GFLOP/s: {reached(profile, node):.0%} of what it could reach, held by "
            f"{held_by(profile, node)}",
        ]
    return "\n".join(lines)


def text_of_profile(profile: Profile) -> str:
    """All of it, for a terminal."""
    whole = max(1e-9, profile.sum_us)
    kinds = [("OPERATOR", "RAN", "ms", "SHARE", "MULTIPLY-ADDS", "GFLOP/s")]
    for op, count, us, macs in profile.kinds():
        rate = f"{2 * macs / us / 1e3:.0f}" if macs and us else "–"
        kinds.append((op, str(count), f"{us / 1e3:.3f}", f"{us / whole:.1%}", count_text(macs), rate))
    slow = [("SLOWEST", "MADE OF", "OUT", "ms", "SHARE", "MULTIPLY-ADDS", "WEIGHTS", "GFLOP/s", "HELD BY", "REACHED")]
    for node in sorted(profile.nodes, key=lambda node: -node.us)[:MOST]:
        reach = f"{reached(profile, node):.0%}" if node.macs else "–"
        slow.append((
            node.name, "+".join(node.origins) or node.op, "×".join(map(str, node.made)), f"{node.us / 1e3:.3f}",
            f"{node.us / whole:.1%}", count_text(node.macs), size_text(node.weights) if node.weights else "–",
            f"{node.gflops:.0f}" if node.macs else "–", held_by(profile, node), reach,
        ))  # fmt: skip
    return "\n\n".join((
        head(profile), table(kinds, right=(1, 2, 3, 4, 5)), table(slow, right=(3, 4, 5, 6, 7, 9)),
    ))  # fmt: skip


def values(profile: Profile) -> dict[str, Any]:
    """As plain values, for JSON."""
    found: dict[str, Any] = msgspec.to_builtins(profile)
    found["sum_us"], found["macs"] = profile.sum_us, profile.macs
    cost = found.pop("cost")
    found["counted_macs"] = cost["macs"] if cost else None
    for node, plain in zip(profile.nodes, found["nodes"], strict=True):
        plain |= {"gflops": node.gflops, "held_by": held_by(profile, node), "reached": reached(profile, node)}
    return found
