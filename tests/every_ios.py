"""Every network at hand as an iOS project, and everything that can be checked of it without a Mac.

    python tests/every_ios.py --mirror FOLDER

Run by `make ios`. The project's references resolve, its Swift parses, LineupKit's tests pass with this network's own
vectors. 1 is returned if one fails.
"""

import argparse
import contextlib
import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Event
from time import perf_counter

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]


def main() -> int:
    """Export all, check all, print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mirror", help="folder with model files")
    parser.add_argument("--only", nargs="*", default=[], help="names of cards")
    args = parser.parse_args()
    from xcode_check import faults, syntax_faults

    import app
    from inference.intake.provide import ready
    from inference.options import Options, open_store
    from models.catalog import CARDS, load_catalog
    from models.errors import LabError

    store = open_store(Options(mirror_dir=args.mirror, offline=True))
    bad = checked = 0
    with tempfile.TemporaryDirectory() as folder:
        kit = Path(folder, "LineupKit")   # one place, so that only what is new is compiled
        for name, card in load_catalog(CARDS).items():
            if args.only and name not in args.only:
                continue
            try:
                ready(card, store, lambda *_: None, Event())
            except LabError:
                continue
            start = perf_counter()
            said = io.StringIO()
            words = ["export", name, "--to", "ios", "--out", folder, "--offline"]
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                code = app.main([*words, *(["--mirror", args.mirror] if args.mirror else [])])
            if code:
                last = said.getvalue().strip().splitlines()[-1]
                refused = "cannot be exported" in last or "licence" in last
                sys.stdout.write(f"{name:28} {'refused' if refused else 'FAILED'}: {last}\n")
                bad += not refused
                continue
            at = Path(folder, f"{name}-ios")
            found = faults(at) + syntax_faults(sorted(at.rglob("*.swift"))) + tested(at, kit)
            seconds = perf_counter() - start
            checked += 1
            bad += bool(found)
            sys.stdout.write(f"{name:28} {seconds:5.1f} s  {'; '.join(found) or 'good'}\n")
            sys.stdout.flush()
            shutil.rmtree(at)
    sys.stdout.write(f"{checked} checked, {bad} failed\n")
    return 1 if bad or not checked else 0


def tested(project: Path, kit: Path) -> list[str]:
    """What `swift test` has to say of the project's LineupKit."""
    shutil.copytree(project / "LineupKit", kit, dirs_exist_ok=True)
    done = subprocess.run(["swift", "test", "--package-path", str(kit)], capture_output=True, text=True, timeout=300)
    said = done.stdout + done.stderr
    lines = [line for line in said.splitlines() if "error:" in line or "warning:" in line]
    if not done.returncode and not lines and "Executed 20 tests, with 0 failures" in said:
        return []
    return lines[:3] or ["swift test failed"]


if __name__ == "__main__":
    sys.exit(main())
