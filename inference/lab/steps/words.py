"""The steps of a network in words: a table, sentences, plain values."""

from dataclasses import asdict
from typing import Any

from inference.lab.steps.run import Step, Steps
from inference.terminal import table
from inference.words import size_text

TITLES = {
    "raw": "as it came", "folded": "constants folded", "bn": "batch norm folded", "fused": "nodes fused",
    "fp16": "16 bits", "int8": "8 bits",
}  # fmt: skip
HEAD = ("STEP", "", "NODES", "SIZE", "p50 ms", "p95 ms", "TIMES AS LONG", "LARGEST DIFFERENCE", "THE SAME ANSWER")
CONVERT = ("QuantizeLinear", "DequantizeLinear")
NEAR = 0.03   # of a time: less than that is no difference


def text_of_steps(found: Steps) -> str:
    """All of it for a terminal."""
    first = found.steps[0].p50_ms
    rows = [HEAD]
    rows += [
        (one.name, TITLES[one.name], f"{one.nodes}", size_text(one.bytes), f"{one.p50_ms:.2f}", f"{one.p95_ms:.2f}",
         f"{one.p50_ms / first:.2f}", difference_text(one), agreement_text(one))
        for one in found.steps
    ]  # fmt: skip
    lines = [
        f"{found.title}, {found.threads} thread{'s' if found.threads > 1 else ''}, {found.runs} runs of each in turns; "
        f"answers on {found.pictures} pictures of {found.source}.",
        table(rows, right=(2, 3, 4, 5, 6, 7)), *sentences(found), *(trouble.sentence for trouble in found.troubles),
    ]  # fmt: skip
    return "\n".join(lines)


def agreement_text(one: Step) -> str:
    """How often it says what the network said as it came."""
    if one.agreement is None:
        return "–"
    low, high = one.interval or (0, 0)
    return f"{one.agreement:.1%}" + (f" ({low:.0%} – {high:.0%})" if one.interval and one.name != "raw" else "")


def difference_text(one: Step) -> str:
    """How far a raw value is off at most, of the largest one."""
    if not one.relative:
        return "none"
    return "< 0.1%" if one.relative < 1e-3 else f"{one.relative:.1%}"


def sentences(found: Steps) -> list[str]:
    """What is to be learnt from it."""
    fused, said = found.step("fused"), list[str]()
    raw, folded = found.step("raw"), found.step("bn") or found.step("folded")
    if raw and folded and raw.operators == folded.operators:
        said.append("There was nothing to fold: whoever made the file has done it.")
    if fused is None:
        return said
    if half := found.step("fp16"):
        more = half.nodes - fused.nodes
        why = ": ONNX Runtime computes them in 32 bits" if half.operators.get("Cast") else ""
        why += f", and {half.nodes} nodes run instead of {fused.nodes}" if why and more > 0 else ""
        said.append(_than(half, fused, "16 bits", f"{why}. They halve the file."))
    if eight := found.step("int8"):
        said.append(_than(eight, fused, "8 bits", _why_eight(eight, fused, found.byte_instructions)))
    return said


def _than(one: Step, fused: Step, what: str, rest: str) -> str:
    ratio = one.p50_ms / fused.p50_ms
    if abs(ratio - 1) < NEAR:
        return f"{what} take as long as 32 here." + (" They halve the file." if one.name == "fp16" else "")
    return f"{what} take {ratio:.2f} times as long as 32 here{rest}"


def _why_eight(eight: Step, fused: Step, instructions: str) -> str:
    converting = sum(count for kind, count in eight.operators.items() if kind in CONVERT)
    if eight.p50_ms <= fused.p50_ms * (1 + NEAR):
        return f": this processor has instructions for products of bytes ({instructions})." if instructions else "."
    reasons = []
    if not instructions:
        reasons.append("this processor has no instruction that multiplies bytes and adds them up (VNNI)")
    if converting:
        reasons.append(f"{converting} of {eight.nodes} nodes only convert between bytes and floats")
    if eight.nodes > fused.nodes:
        reasons.append(f"{eight.nodes} nodes run instead of {fused.nodes}")
    if instructions and not converting:
        reasons.append("its layers are too small to gain what the scales cost")
    return f": {', and '.join(reasons)}."


def values(found: Steps) -> dict[str, Any]:
    """As plain values, for JSON."""
    steps = [{**asdict(one), "nodes": one.nodes, "title": TITLES[one.name]} for one in found.steps]
    return {
        **{name: getattr(found, name) for name in (
            "model", "title", "machine", "threads", "source", "pictures", "runs", "byte_instructions")},
        "steps": steps, "sentences": sentences(found),
        "troubles": [{"message": str(trouble), "hint": trouble.hint} for trouble in found.troubles],
    }  # fmt: skip
