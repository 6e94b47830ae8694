"""Coverage-guided fuzzing of every reader of model files: `make fuzz`, or `make fuzz ARGS="--seconds 600 caffe"`.

Each reader gets a process of its own in which libFuzzer, through Atheris, grows inputs that reach new branches of it,
from small valid files and, where they lie beside the project, real ones. What is no LabError, takes longer than 5 s or
needs more than 1 GB ends the run, and the input is kept in build/fuzz. Atheris has packages for Linux alone.
"""

import argparse
import os
import pickle
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import time

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
BUILD = ROOT / "build" / "fuzz"
REAL = ROOT.parent / "shared" / "testdata" / "models"

SLOWEST_S = 5
MEMORY_MB = 1024
LARGEST = 60_000     # bytes of one input: branches hang on the heads of files, not on their weights
BREAK = b"\0==\0"     # between the files of one network

# reader: the files that it takes, and real ones to begin with.
READERS = {
    "caffe": (("net.prototxt", "net.caffemodel"), ["mnist/lenet.prototxt", "mnist/lenet_iter_10000.caffemodel"]),
    "coreml": (("net.mlmodel",), ["coreml/TinyVGG.mlmodel"]),
    "coreml-program": (
        ("model.mlmodel", "weight.bin"),
        ["coreml/TinyVGG.mlpackage/Data/com.apple.CoreML/model.mlmodel",
         "coreml/TinyVGG.mlpackage/Data/com.apple.CoreML/weights/weight.bin"],
    ),
    "darknet": (("net.cfg", "net.weights"), ["yolo/yolo-fastest-1.1.cfg", "yolo/yolo-fastest-1.1.weights"]),
    "efficientnet-lite-torch": (("net.pth",), []),
    "squeezenet-pickle": (("net.pkl",), []),
    "tensorflow": (("net.pb", "net.pbtxt"), ["ssd/opencv_face_detector_uint8.pb", "ssd/opencv_face_detector.pbtxt"]),
    "prototxt": (("net.prototxt",), ["mnist/lenet.prototxt", "ssd/opencv_face_detector.pbtxt"]),
    "card": (("card.toml",), []),
}  # fmt: skip


def seeds(reader: str) -> list[bytes]:
    """Inputs that the reader takes: the first bytes of real files, and small ones made here."""
    from model_files import darknet_header, small_lite, small_squeezenet, torch_rows, torch_zip

    made: dict[str, list[bytes]] = {
        "darknet": [b"[net]\nwidth=32\nheight=32\nchannels=3\n[convolutional]\nfilters=4\nsize=3\nstride=1\npad=1\n"
                    b"activation=leaky\nbatch_normalize=1\n[maxpool]\nsize=2\nstride=2\n[route]\nlayers=-1\n[upsample]\n"
                    b"stride=2\n[shortcut]\nfrom=-3\nactivation=linear\n[yolo]\nmask=0\nanchors=1,2\nclasses=1\nnum=1\n"
                    + BREAK + darknet_header() + bytes(4000)],
        "efficientnet-lite-torch": [torch_zip(dict(list(small_lite().items())[:6])),
                                    torch_rows(dict(list(small_lite().items())[:6]))],
        "squeezenet-pickle": [pickle.dumps(small_squeezenet(), 2)],
        "card": [path.read_bytes() for path in sorted((ROOT / "models" / "cards").glob("*.toml"))],
    }  # fmt: skip
    found = list(made.get(reader, []))
    real = [REAL / name for name in READERS[reader][1]]
    if real and all(path.is_file() for path in real):
        if reader == "prototxt":
            found += [path.read_bytes() for path in real]
        else:
            found.append(BREAK.join(path.read_bytes()[: LARGEST // len(real)] for path in real))
    return found or [b""]


def target(reader: str) -> Callable[[bytes], None]:
    """What is done with one input. Every error but a LabError is a finding."""
    from model_files import foreign_card

    from inference.errors import LabError
    from inference.intake.importers import convert
    from inference.intake.importers.caffe.prototext import read_text
    from models.card import read_card

    names = READERS[reader][0]
    folder = Path(tempfile.mkdtemp(prefix="lineup-fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    card = foreign_card("coreml" if reader == "coreml-program" else reader, (32, 32), names)

    def try_one(data: bytes) -> None:
        with suppress(LabError):
            if reader == "prototxt":
                read_text(data.decode("utf-8", "replace"), "net.prototxt")
                return
            parts = data.split(BREAK)
            paths = [folder / name for name in names]
            for i, path in enumerate(paths):
                path.write_bytes(parts[i] if i < len(parts) else b"")
            if reader == "card":
                read_card(paths[0])
            else:
                convert(paths, card)

    return try_one


def fuzz_one(reader: str, flags: list[str]) -> None:
    """The process of one reader: never returns."""
    import atheris

    with atheris.instrument_imports(include=["inference.intake.importers", "models.card"]):
        try_one = target(reader)
        for module in ("caffe", "coreml", "coreml_program", "darknet", "efficientnet_lite", "squeezenet", "tensorflow"):
            __import__(f"inference.intake.importers.{module}")
    atheris.Setup([sys.argv[0], *flags], try_one)
    atheris.Fuzz()


def run(reader: str, seconds: int) -> tuple[str, bool]:
    """Fuzz one reader; the line of the table, and whether nothing was found."""
    corpus, found = BUILD / reader, BUILD / f"{reader}-found-"
    corpus.mkdir(parents=True, exist_ok=True)
    for i, seed in enumerate(seeds(reader)):
        (corpus / f"seed{i}").write_bytes(seed)
    flags = [
        str(corpus), f"-max_total_time={seconds}", f"-timeout={SLOWEST_S}", f"-rss_limit_mb={MEMORY_MB}",
        f"-max_len={LARGEST}", f"-artifact_prefix={found}",
    ]  # fmt: skip
    log = BUILD / f"{reader}.log"
    begin = time()
    with log.open("w") as out:
        code = subprocess.run(
            [sys.executable, __file__, "--one", reader, *flags], stdout=out, stderr=subprocess.STDOUT, check=False
        ).returncode
    text = log.read_text(errors="replace")

    def last(pattern: str) -> str:
        return (re.findall(pattern, text) or ["?"])[-1]

    tried, branches, peak = last(r"#(\d+)"), last(r"cov: (\d+)"), last(r"rss: (\d+)Mb")
    good = code == 0
    verdict = "nothing found" if good else f"FOUND, see {log.relative_to(ROOT)}"
    return (
        f"| {reader} | {tried} | {branches} | {peak} MB | {time() - begin:.0f} s | {verdict} |", good
    )  # fmt: skip


def main() -> int:
    """Fuzz the readers that are named, or all, one after the other."""
    if sys.argv[1:2] == ["--one"]:
        fuzz_one(sys.argv[2], sys.argv[3:])
    parser = argparse.ArgumentParser(prog="make fuzz ARGS=…", description=__doc__.splitlines()[0])
    parser.add_argument("readers", nargs="*", metavar="READER", help=f"of {', '.join(READERS)}; all unless given")
    parser.add_argument("--seconds", type=int, default=600 // len(READERS), help="for each (default %(default)s)")
    args = parser.parse_args()
    if wrong := set(args.readers) - set(READERS):
        parser.error(f"no such reader: {', '.join(sorted(wrong))}")
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("Atheris is not installed: pip install -r requirements-fuzz.txt (Linux alone).", file=sys.stderr)
        return 1
    print("| reader | inputs | branches | memory | time | |\n|---|---|---|---|---|---|", flush=True)
    good = True
    for reader in args.readers or READERS:
        line, fine = run(reader, args.seconds)
        print(line, flush=True)
        good &= fine
    return 0 if good else 1


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())
