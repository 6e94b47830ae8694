"""Lineup's start: the command line. Without a command it opens the window.

Nothing heavy is imported before it is known to be needed, so that --help answers at once.
"""

import os
import signal

if __name__ == "__main__":   # Ctrl+C while Python still imports: the usual answer would be a traceback
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))

import argparse
import io
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from inference.arguments import (
    Parser,
    model_options,
    real,
    source_options,
    store_options,
    whole,
    window_options,
)
from inference.options import Options, WrongUse
from models.catalog import suggest
from models.errors import Cancelled, CardError, LabError

if TYPE_CHECKING:
    from models.card import ModelCard

OK, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130

WINDOW = """examples:
  python app.py                                   the window, as it was left
  python app.py --source 0 --models squeezenet1.1,yolov3-tiny
  python app.py --source cats.mp4 --models mobilenet-v2@opencv,mobilenet-v2@onnxruntime:1

commands:
  predict     answer pictures, exactly, with times
  live        the live pipeline; with --headless without a window
  models      which models there are; `models get` fetches them
  doctor      what this machine has and what is missing
Each has --help of its own."""
PREDICT = """examples:
  python app.py predict cat.jpg
  python app.py predict photos/ --models squeezenet1.1,yolov3-tiny --json answers.json
  python app.py predict cat.jpg --models mobilenet-v2 --backend opencv --topk 3 --json -"""
LIVE = """examples:
  python app.py live --headless --source reel --frames 100
  python app.py live --headless --source cats.mp4 --models squeezenet1.1,resnet50 --mode turns --json run.json
  python app.py live --headless --source 0 --seconds 30 --mode together
  python app.py live --headless --source cats.mp4 --once --frames 100000"""
LIST = """examples:
  python app.py models                            a table
  python app.py models --json                     the same for programs
  python app.py models get squeezenet1.1          fetch, verify and convert it now
  python app.py models add net.onnx               a model of your own
  python app.py models remove net                 and away with it
  python app.py models pack venue.zip             what is here, in one file for a place without a network
  python app.py models unpack venue.zip           take it in there"""
GET = """examples:
  python app.py models get squeezenet1.1 yolov3-tiny
  python app.py models get resnet50 --mirror /media/stick
Run it again to go on with what was cut off. HF_ENDPOINT names another host for what lies at huggingface.co."""
ADD = """examples:
  python app.py models add net.onnx
  python app.py models add net.onnx --labels names.txt --name my-net
  python app.py models add yolo.cfg yolo.weights
What the file does not say is guessed, and named; the X-ray pane (X) shows whether it is right."""
REMOVE = """examples:
  python app.py models remove my-net
  python app.py models remove resnet50            its files; the card stays, as it is built in"""
PACK = """examples:
  python app.py models pack venue.zip                    every model that is here
  python app.py models pack venue.zip yolov3-tiny mnist  only these"""
UNPACK = """examples:
  python app.py models unpack venue.zip"""
DOCTOR = """examples:
  python app.py doctor                            one page to paste into an issue
  python app.py doctor --json
  python app.py doctor --window                   only: can the window open here? 0 or 1
  python app.py doctor --install window           install the system libraries that it lacks (Debian, Ubuntu)"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code: 0, 1 failed, 2 wrong use, 130 interrupted."""
    argv = sys.argv[1:] if argv is None else argv
    for stream in (sys.stdout, sys.stderr):
        if isinstance(
            stream, io.TextIOWrapper
        ):  # a console's code page may lack a letter; it must not end the run
            stream.reconfigure(errors="replace")
    try:
        return _verb(argv)(argv)
    except SystemExit as end:  # --help
        return end.code if isinstance(end.code, int) else FAILED
    except (KeyboardInterrupt, Cancelled):
        return INTERRUPTED
    except BrokenPipeError:  # the reader had enough, `| head` for one; what is still buffered goes nowhere
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except LabError as error:
        with suppress(OSError):
            sys.stderr.write(error.sentence + "\n")
        return WRONG_USE if isinstance(error, WrongUse) else FAILED


def _verb(argv: Sequence[str]) -> Callable[[Sequence[str]], int]:
    """The function for the first word."""
    if not argv or argv[0].startswith("-"):
        return window
    verbs = {"predict": predict, "live": live, "models": models, "doctor": doctor}
    if argv[0] in verbs:
        verb = verbs[argv[0]]
        return lambda words: verb(words[1:])
    if os.path.exists(argv[0]) or argv[0].isdecimal() or "://" in argv[0]:
        raise WrongUse(f"{argv[0]!r} is not a command.", f"To show it: python app.py --source {argv[0]}")
    raise WrongUse(f"There is no command called {argv[0]!r}.", suggest(argv[0], verbs))


def window(argv: Sequence[str]) -> int:
    """Open the window."""
    parser = Parser("python app.py", "Several neural networks in front of the same live picture.", WINDOW)
    source_options(parser)
    model_options(parser)
    window_options(parser)
    return _open_window(_options(parser.read(argv)), argv)


def predict(argv: Sequence[str]) -> int:
    """Each picture through each model."""
    parser = Parser("python app.py predict", "Each picture through each model, exact, with times.", PREDICT)
    parser.add_argument("pictures", nargs="+", metavar="PICTURE", help="a picture, or a folder of pictures")
    parser.add_argument("--json", metavar="FILE", help="write a report; - for stdout")
    model_options(parser)
    args = parser.read(argv)
    options = _options(args)
    from inference.report import check_target, write_json

    check_target(args.json)
    specs, catalog, store = _chosen(options)
    from inference import predict as verb
    from inference.options import ask_of

    with _Interruptible() as cancelled:
        report, good = verb.predict(
            args.pictures, specs, catalog, store, ask_of(options), cancelled, quiet=args.json == "-"
        )
        if args.json:
            write_json(report, args.json)
    return OK if good else FAILED


def live(argv: Sequence[str]) -> int:
    """The live pipeline, in the window or without one."""
    parser = Parser(
        "python app.py live", "The live pipeline; with --headless without a window, measured.", LIVE
    )
    parser.add_argument("--headless", action="store_true", help="no window; ends by itself and reports")
    source_options(parser)
    model_options(parser)
    parser.add_argument(
        "--frames",
        type=whole(1),
        metavar="N",
        help="until every lane has answered N frames (100, without --seconds)",
    )
    parser.add_argument(
        "--seconds", type=real(0.001), metavar="T", help="at most so long, once all are loaded"
    )
    parser.add_argument("--once", action="store_true", default=None, help="end with the file or folder: no loop")
    parser.add_argument("--json", metavar="FILE", help="write a report; - for stdout")
    window_options(parser)
    args = parser.read(argv)
    options = _options(args)
    if not args.headless:
        if given := [
            f"--{name}" for name in ("frames", "seconds", "once", "json") if getattr(args, name) is not None
        ]:
            raise WrongUse(f"{' and '.join(given)} belongs to a run without a window.", "Add --headless.")
        return _open_window(options, argv)
    from inference.report import check_target, say, write_json

    check_target(args.json)
    specs, catalog, store = _chosen(options)
    from inference.data import Mode
    from inference.headless import Limits, Run, report_text, troubles
    from inference.options import ask_of
    from inference.sources import parse_source
    from inference.weights import loader

    with _Interruptible():
        run = Run(
            loader(catalog, store),
            specs,
            parse_source(options.source or "auto", loop=not args.once),
            Limits(args.frames or (None if args.seconds else 100), args.seconds),
            mode=Mode(options.mode) if options.mode else None,
            ask=ask_of(options),
            mirror=bool(options.mirror_picture),
        )
        report = run.go()
        if args.json != "-":
            say(report_text(report))
        for trouble in troubles(report):
            say(trouble, sys.stderr)
        if args.json:
            write_json(report, args.json)
    return OK if report["ok"] else FAILED


def models(argv: Sequence[str]) -> int:
    """List the models, or fetch some."""
    verbs = {
        "get": _models_get, "add": _models_add, "remove": _models_remove, "pack": _models_pack,
        "unpack": _models_unpack,
    }  # fmt: skip
    if argv and argv[0] in verbs:
        return verbs[argv[0]](argv[1:])
    parser = Parser("python app.py models", "Which models there are, and which of them are here.", LIST)
    parser.add_argument("--json", action="store_true", help="for programs, to stdout")
    store_options(parser)
    if argv and not argv[0].startswith("-"):
        raise WrongUse(f"`models` has no command {argv[0]!r}.", f"There are: models {', models '.join(verbs)}…")
    args = parser.read(argv)
    from inference.report import say, write_json
    from inference.shelf import listing, listing_text, open_store

    with _Interruptible():
        rows = listing(_catalog(), open_store(_options(args)))
        if args.json:
            write_json(rows, "-")
        else:
            say(listing_text(rows))
    return OK


def _models_get(argv: Sequence[str]) -> int:
    parser = Parser("python app.py models get", "Fetch models now: download, verify, convert.", GET)
    parser.add_argument("names", nargs="+", metavar="NAME", help="as `python app.py models` lists them")
    store_options(parser)
    parser.add_argument(
        "--accept-licence", action="append", default=[], metavar="NAME", help="agree to the licence of this model"
    )
    args = parser.read(argv)
    from inference.shelf import agree, fetch, named, open_store

    catalog = _catalog()
    cards = named(_split(args.names), catalog)
    with _Interruptible() as cancelled:
        agree(named(_split(args.accept_licence), catalog))
        return OK if fetch(cards, open_store(_options(args)), cancelled) else FAILED


def _models_add(argv: Sequence[str]) -> int:
    parser = Parser("python app.py models add", "Add a model of your own; its card is proposed from the file.", ADD)
    parser.add_argument(
        "files", nargs="+", metavar="FILE",
        help=".onnx; .cfg + .weights; .prototxt + .caffemodel; .mlmodel; .mlpackage; .pb",
    )
    parser.add_argument("--labels", metavar="FILE", help="its labels, one a line (those of the file, or that fit)")
    parser.add_argument("--name", default="", metavar="N", help="what to call it (as the file)")
    store_options(parser)
    args = parser.read(argv)
    from inference.shelf import add_own, open_store

    labels = Path(args.labels) if args.labels else None
    with _Interruptible() as cancelled:
        add_own([Path(name) for name in args.files], args.name, labels, open_store(_options(args)), cancelled)
    return OK


def _models_remove(argv: Sequence[str]) -> int:
    parser = Parser("python app.py models remove", "Remove models from this disk; your own with their cards.", REMOVE)
    parser.add_argument("names", nargs="+", metavar="NAME", help="as `python app.py models` lists them")
    store_options(parser)
    args = parser.read(argv)
    from inference.shelf import named, open_store, take_away

    catalog = _catalog()
    take_away(named(_split(args.names), catalog), catalog, open_store(_options(args)))
    return OK


def _models_pack(argv: Sequence[str]) -> int:
    parser = Parser("python app.py models pack", "Put models into one file, for a place without a network.", PACK)
    parser.add_argument("file", metavar="FILE.zip", help="the pack to write")
    parser.add_argument("names", nargs="*", metavar="NAME", help="models; all that are here unless given")
    store_options(parser)
    args = parser.read(argv)
    from inference.shelf import named, open_store, pack_up

    catalog, store = _catalog(), open_store(_options(args))
    with _Interruptible() as cancelled:
        pack_up(Path(args.file), named(_split(args.names), catalog), catalog, store, cancelled)
    return OK


def _models_unpack(argv: Sequence[str]) -> int:
    parser = Parser("python app.py models unpack", "Take the models of a pack in.", UNPACK)
    parser.add_argument("file", metavar="FILE.zip", help="a pack that `models pack` has written")
    store_options(parser)
    args = parser.read(argv)
    from inference.shelf import open_store, take_in

    with _Interruptible() as cancelled:
        take_in(Path(args.file), open_store(_options(args)), cancelled)
    return OK


def _split(names: Sequence[str]) -> list[str]:
    return [name for text in names for name in text.split(",") if name]


def doctor(argv: Sequence[str]) -> int:
    """What this machine has and what is missing."""
    parser = Parser("python app.py doctor", "What this machine has and what is missing, on one page.", DOCTOR)
    parser.add_argument("--json", action="store_true", help="for programs, to stdout")
    parser.add_argument(
        "--window", action="store_true", help="only check that the window can open; say why not"
    )
    parser.add_argument(
        "--install", choices=("window", "tests"), metavar="window|tests",
        help="only install the system libraries that these lack (Debian, Ubuntu), or say what to type",
    )
    store_options(parser)
    args = parser.read(argv)
    if args.install:
        return _install(for_tests=args.install == "tests")
    from inference.doctor import examine
    from inference.report import say, write_json
    from inference.window_check import window_troubles

    with _Interruptible():
        if args.window:
            found = window_troubles()
            for trouble in found:
                say(f"{trouble.message} {trouble.hint}", sys.stderr)
            return FAILED if found else OK
        page = examine(_options(args))
        if args.json:
            write_json(page.values(), "-")
        else:
            say(page.text())
    return OK


def _install(*, for_tests: bool) -> int:
    """Bring in the system libraries that are missing; 1 where some still are."""
    from inference.report import say
    from inference.system_packages import install, install_hint, missing_programs
    from inference.window_check import library_troubles, missing_libraries, no_screen

    def missing() -> list[str]:
        if sys.platform != "linux":
            return []
        platforms = ("offscreen", "xcb") if for_tests else ()
        return missing_libraries(platforms) + (missing_programs() if for_tests else [])

    lacking = missing()
    if lacking:
        install(lacking, say)
        lacking = missing()
    if not lacking:
        return OK
    if not for_tests and no_screen():   # the lab runs without a window, too
        say(f"{library_troubles(lacking)[0].message} {install_hint(lacking)}", sys.stderr)
        return OK
    what = "The tests need" if for_tests else "The window needs"
    raise LabError(f"{what} what this system lacks: {', '.join(lacking)}.", install_hint(lacking))


def _open_window(options: Options, argv: Sequence[str]) -> int:
    """Check the names while there is still a terminal to say it in, then hand over to the window.

    Without a screen the lab runs unseen for a while; where Qt cannot even be loaded, without any window.
    """
    from inference.window_check import no_screen

    if options.models or options.backend or options.providers:
        from inference.options import lane_specs
        from models.catalog import line_up

        catalog = _catalog()
        lane_specs(options, options.models or line_up(catalog), catalog)
    if options.mirror_dir:
        from inference.shelf import open_store

        open_store(options)
    seen = no_screen() is None
    try:
        if seen:
            from gui.main import run
        else:
            from gui.unseen import run
    except ImportError as error:
        if (error.name or "").partition(".")[0] in ("PySide6", "shiboken6", "pyqtgraph"):
            if not seen:
                from inference.report import say

                say(f"There is no screen here, and no window either: {error}. The lab is measured without.", sys.stderr)
                return live([*argv, "--headless", "--seconds", "15"])
            raise LabError(
                f"The window cannot open: {error}.", "python app.py doctor says what is missing."
            ) from error
        raise
    code: int = run(options)
    return code


def _chosen(options: Options) -> tuple[Any, Any, Any]:
    """What a headless verb works with: the lanes, the catalogue, the store; says what will be fetched."""
    from inference.options import lane_specs
    from inference.report import say
    from inference.shelf import announce, open_store
    from models.catalog import line_up

    catalog = _catalog()
    specs = lane_specs(options, options.models or line_up(catalog), catalog)
    store = open_store(options)
    if not options.offline:
        for line in announce((catalog[spec.model] for spec in specs), store):
            say(line, sys.stderr)
    return specs, catalog, store


def _catalog() -> "dict[str, ModelCard]":
    """All cards; a wrong one is said and left out."""
    from inference.report import say
    from models.catalog import load_catalog

    troubles: list[CardError] = []
    catalog = load_catalog(troubles=troubles)
    for trouble in troubles:
        say(trouble.sentence, sys.stderr)
    return catalog


class _Interruptible:
    """While it lasts, Ctrl+C sets the event it gives and ends the verb, also where a shell had it ignored."""

    def __enter__(self) -> threading.Event:
        self._cancelled = threading.Event()
        self._main = threading.current_thread() is threading.main_thread()
        if self._main:
            self._before = signal.signal(signal.SIGINT, self._interrupt)
        return self._cancelled

    def __exit__(self, *_: object) -> None:
        if self._main:
            signal.signal(signal.SIGINT, self._before)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._cancelled.set()
        raise KeyboardInterrupt


def _options(args: argparse.Namespace) -> Options:
    """The parsed words that belong to Options; a verb may know only some of them."""
    return Options(**{name: value for name, value in vars(args).items() if name in Options.__dataclass_fields__})


def _end(code: int) -> NoReturn:
    """Leave with `code`, also while a native call that nothing can interrupt still runs on a thread."""
    if any(thread is not threading.main_thread() for thread in threading.enumerate()):
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _end(main())
