"""Faults planted into a copy of the house, one at a time: does a test notice? `make mutants` runs it.

The named ones stand for faults that tests once let pass. Besides, operators and numbers of the decoders and importers
are changed at random, the same ones for the same --seed. What survives is printed: a fault that no test sees, or a
program that does the same.
"""

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
LAYERS, OPERATIONS = "inference/intake/importers/coreml/layers", "inference/intake/importers/coreml/operations"
SECONDS = 240   # for the tests of one mutant: a loop that never ends is noticed, too

# Where: which tests look after it.
TESTS = {
    "inference/decode/": ("test_decode.py", "test_decode_maps.py", "test_cards.py"),
    "inference/intake/importers/caffe/": ("test_caffe.py",),
    "inference/intake/importers/coreml/layers/": ("test_coreml_layers.py",),
    "inference/intake/importers/coreml/operations/": ("test_coreml_operations.py",),
    "inference/intake/importers/darknet/": ("test_darknet.py",),
    "inference/recogniser.py": ("test_recogniser.py",),
    "inference/preprocess.py": ("test_preprocess.py", "test_torchvision_recipe.py"),
    "inference/live/sources/feed.py": ("test_feed.py",),
    "inference/intake/provide.py": ("test_provide.py",),
    "models/": ("test_schema.py", "test_hostile_cards.py"),
    "inference/live/session.py": ("test_session.py",),
}


@dataclass(frozen=True)
class Mutant:
    """One fault: in `file`, the text from `start` on, `old`, becomes `new`."""

    file: str
    start: int
    old: str
    new: str

    def __str__(self) -> str:
        text = (ROOT / self.file).read_text("utf-8")
        line = text.count("\n", 0, self.start) + 1
        whole = text.splitlines()[line - 1].strip()
        return f"{self.file}:{line}: {self.old!r} → {self.new!r} in `{whole[:90]}`"

    @property
    def tests(self) -> tuple[str, ...]:
        """The files with the tests that should notice."""
        return next(tests for place, tests in TESTS.items() if self.file.startswith(place))


# File, what stands there once, and what stands there instead.
NAMED = [
    ("inference/decode/maps.py", "RETINANET_RATIOS = (1.0, 2.0, 0.5)", "RETINANET_RATIOS = (1.0, 0.5, 2.0)"),
    ("inference/decode/maps.py", "4 * 2 ** (i / 3)", "4 * 2 ** (i / 4)"),
    ("inference/decode/maps.py", "(3.42, 4.41)", "(4.41, 3.42)"),
    ("inference/decode/maps.py", "(142, 110)", "(110, 142)"),
    ("inference/decode/maps.py", "YOLOV4_REACH = (1.2, 1.1, 1.05)", "YOLOV4_REACH = (1.05, 1.1, 1.2)"),
    (f"{LAYERS}/learned.py", "return [top, left, bottom, right]", "return [top, bottom, left, right]"),
    (f"{LAYERS}/learned.py", '"SAME_UPPER" if upper else "SAME_LOWER"', '"SAME_LOWER" if upper else "SAME_UPPER"'),
    (f"{LAYERS}/params.py", "(1 << np.arange(bits)[::-1])", "(1 << np.arange(bits))"),
    (f"{LAYERS}/elementwise.py", '260: _joined("Max")', '260: _joined("Min")'),
    (f"{OPERATIONS}/elementwise.py", '"maximum": _two("Max")', '"maximum": _two("Min")'),
    (f"{OPERATIONS}/elementwise.py", '"minimum": _two("Min")', '"minimum": _two("Max")'),
    (f"{LAYERS}/learned.py", "count_include_pad=0 if exclude else 1", "count_include_pad=1 if exclude else 0"),
    (f"{LAYERS}/learned.py", "size=p.integer(3), bias=p.real(4)", "size=p.integer(3), bias=p.real(1)"),
    (f"{LAYERS}/learned.py", "np.sqrt(variance + epsilon)", "np.sqrt(variance)"),
    (f"{LAYERS}/shaping.py", "amounts[::2] + amounts[1::2]", "amounts"),
    (f"{LAYERS}/shaping.py", "axis - 3, steps", "axis + 1, steps"),
    (f"{OPERATIONS}/learned.py", '1 - args.integer("exclude_padding', '0 + args.integer("exclude_padding'),
    (f"{OPERATIONS}/learned.py", 'args.real("alpha", 1e-4)', 'args.real("beta", 1e-4)'),
    (f"{OPERATIONS}/learned.py", "shift = beta - mean * factor", "shift = beta + mean * factor"),
    (f"{OPERATIONS}/learned.py", "variance + args.real(", "variance * args.real("),
    (f"{OPERATIONS}/shaping.py", "amounts[::2] + amounts[1::2]", "amounts"),
    (f"{OPERATIONS}/shaping.py", "first if open_begin[i] else begin[i]", "begin[i]"),
    (f"{OPERATIONS}/shaping.py", "last if open_end[i] else end[i]", "end[i]"),
    (f"{OPERATIONS}/shaping.py", "if at != -1 else LARGEST_SIDE", "if at != -2 else LARGEST_SIDE"),
    (f"{OPERATIONS}/shaping.py", "if step[i] > 0 else (LARGEST_SIDE, -LARGEST_SIDE)", "if True else (0, 0)"),
    ("inference/intake/importers/coreml/arguments.py", "[pads[0], pads[2], pads[1], pads[3]]",
     "[pads[0], pads[1], pads[2], pads[3]]"),
    ("inference/recogniser.py", "            self._smoothed.forget()   # what was answered to another picture\n", ""),
    ("inference/recogniser.py", "1.0 if card.decoder in SUPPRESSED", "0.0 if card.decoder in SUPPRESSED"),
    ("inference/live/sources/feed.py", "        settle()   # its", "        import cv2; cv2.setNumThreads(8)   # its"),
    ("inference/intake/provide.py", "if mended or not kept or", "if True or"),
    ("models/card.py", "le=255, description", "le=256, description"),
    ("models/card.py", "len(spec.mean) == channels", "len(spec.mean) <= channels"),
    ("models/card.py", "is_plain_name(card.labels) and", "True and"),
    ("inference/live/session.py", "            lane.seen = None\n", ""),
]  # fmt: skip
TESTS[f"{LAYERS.rpartition('/')[0]}/arguments.py"] = ("test_coreml_operations.py",)

SWAPS = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.FloorDiv: "*", ast.Mod: "*", ast.Pow: "*",
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==", ast.And: "or", ast.Or: "and",
}  # fmt: skip
SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.And: "and", ast.Or: "or",
}  # fmt: skip


def mutants_of(file: str) -> Iterator[Mutant]:
    """Every operator and number of a module, changed; what only words a sentence or bounds a hostile file is left."""
    text = (ROOT / file).read_text("utf-8")
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line.encode()))
    data = text.encode()

    def at(line: int, column: int) -> int:
        return starts[line - 1] + column

    for node in _working(ast.parse(text)):
        if isinstance(node, ast.BinOp | ast.Compare | ast.BoolOp):
            ops = [node.op] if isinstance(node, ast.BinOp | ast.BoolOp) else node.ops
            sides = (
                [node.left, node.right] if isinstance(node, ast.BinOp)
                else node.values if isinstance(node, ast.BoolOp) else [node.left, *node.comparators]
            )  # fmt: skip
            for i, (left, right) in enumerate(pairwise(sides)):
                op = ops[0] if isinstance(node, ast.BoolOp) else ops[i]
                if type(op) in SWAPS:
                    begin, end = at(left.end_lineno, left.end_col_offset), at(right.lineno, right.col_offset)
                    between = data[begin:end].decode()
                    sign = SIGNS[type(op)]
                    found = re.search(rf"(?<![\w*/<>=!]){re.escape(sign)}(?![*/=])", between)
                    if found:
                        place = begin + len(between[: found.start()].encode())
                        yield Mutant(file, len(data[:place].decode()), sign, SWAPS[type(op)])
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            place = at(node.lineno, node.col_offset)
            old = data[place : at(node.end_lineno, node.end_col_offset)].decode()
            yield Mutant(file, len(data[:place].decode()), old, repr(node.value + 1))


def _working(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that compute: not those of sentences, nor of reshape(-1), where any negative number means the same."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.JoinedStr | ast.Raise):
            continue
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr == "reshape":
            yield from _working(inner.func)
            continue
        yield inner
        yield from _working(inner)


def named() -> list[Mutant]:
    """Those of NAMED, each of which stands once in its file."""
    found = []
    for file, old, new in NAMED:
        text = (ROOT / file).read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        found.append(Mutant(file, text.index(old), old, new))
    return found


def sampled(seed: int, count: int) -> list[Mutant]:
    """So many of all, spread over the modules."""
    folders = (ROOT / "inference/decode", ROOT / "inference/intake/importers")
    files = [path.relative_to(ROOT).as_posix() for folder in folders for path in sorted(folder.rglob("*.py"))]
    every = [m for file in files if any(file.startswith(place) for place in TESTS) for m in mutants_of(file)]
    return random.Random(seed).sample(every, min(count, len(every)))


class Copies:
    """Copies of the house in which mutants live, one a worker."""

    def __init__(self, folder: Path, count: int) -> None:
        self._free: Queue[Path] = Queue()
        for i in range(count):
            house = folder / str(i) / "lineup"
            house.parent.mkdir()
            for room in ("gui", "inference", "models", "tests", "resources"):
                shutil.copytree(ROOT / room, house / room, ignore=shutil.ignore_patterns("__pycache__"))
            for file in ("app.py", "pyproject.toml", "README.md"):
                shutil.copy(ROOT / file, house)
            with_tests = ROOT.parent / "shared"
            if with_tests.is_dir():
                (house.parent / "shared").symlink_to(with_tests.resolve(), target_is_directory=True)
            self._free.put(house)

    def noticed(self, mutant: Mutant) -> bool:
        """Whether a test fails."""
        house = self._free.get()
        path = house / mutant.file
        text = path.read_text("utf-8")
        end = mutant.start + len(mutant.old)
        assert text[mutant.start : end] == mutant.old
        path.write_text(text[: mutant.start] + mutant.new + text[end:], "utf-8")
        try:
            ran = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
                 *(f"tests/{name}" for name in mutant.tests)],
                cwd=house, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=SECONDS, check=False,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"},
            )  # fmt: skip
            return ran.returncode != 0
        except subprocess.TimeoutExpired:
            return True
        finally:
            path.write_text(text, "utf-8")
            self._free.put(house)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=100, metavar="N", help="so many at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    kinds = {"named": named(), "at random": sampled(args.seed, args.sample)}
    failed = False
    with TemporaryDirectory() as folder, ThreadPoolExecutor(args.workers) as pool:
        copies = Copies(Path(folder), args.workers)
        originals = [Mutant(file, 0, "", "") for file in sorted({m.file for some in kinds.values() for m in some})]
        wrong = [one.file for one, seen in zip(originals, pool.map(copies.noticed, originals), strict=True) if seen]
        if wrong:
            print(f"the tests fail without any fault: {', '.join(wrong)}")
            return 2
        for kind, mutants in kinds.items():
            noticed = list(pool.map(copies.noticed, mutants))
            left = [mutant for mutant, seen in zip(mutants, noticed, strict=True) if not seen]
            print(f"{kind}: {sum(noticed)} of {len(mutants)} noticed", flush=True)
            for mutant in left:
                print(f"  survives: {mutant}")
            failed |= kind == "named" and bool(left)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
