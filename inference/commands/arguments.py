"""The words of the command line: groups of options, and what their values may be. Imports nothing heavy."""

import argparse
import os
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from inference.data import MOST_THREADS
from inference.options import MODES, THEMES, WrongUse
from inference.terminal import say
from models.catalog import suggest
from models.lineups import line_ups

PROGRAM = "python app.py"


class Parser(argparse.ArgumentParser):
    """Says what is wrong as the rest of the program does: a sentence, and what to do."""

    def __init__(self, **words: Any) -> None:
        super().__init__(**words, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter)

    def error(self, message: str) -> NoReturn:
        """End as wrong use: argparse's words as a sentence, then where to look."""
        text = message.removeprefix("argument ")
        text = text if text.endswith(("?", ".")) else f"{text}."
        raise WrongUse(f"{text[:1].upper()}{text[1:]}", self._where)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Know all of it: an unknown option suggests the nearest."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown and unknown[0].startswith("-"):
            known = [name for action in self._actions for name in action.option_strings if name.startswith("--")]
            raise WrongUse(
                f"{self.prog} has no option {unknown[0]!r}.", suggest(unknown[0].partition("=")[0], known)
            )
        if unknown:
            raise WrongUse(f"{unknown[0]!r} is one word too many.", self._where)
        return found, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Where argparse would list all commands for a word that is none."""
        if isinstance(action, argparse._SubParsersAction) and value not in (action.choices or ()):
            self._refuse(value, list(action.choices or ()))
        super()._check_value(action, value)

    def _refuse(self, word: str, known: Sequence[str]) -> NoReturn:
        own = self.prog.removeprefix(PROGRAM).strip()
        if own:
            raise WrongUse(f"`{own}` has no command {word!r}.", f"There are: {', '.join(known)}.")
        if os.path.exists(word) or word.isdecimal() or "://" in word:
            raise WrongUse(f"{word!r} is not a command.", f"To show it: {PROGRAM} --source {word}")
        raise WrongUse(f"There is no command called {word!r}.", suggest(word, known))

    @property
    def _where(self) -> str:
        return f"{self.prog} --help shows what there is."

    def _print_message(self, message: str, file: Any = None) -> None:
        """Where argparse passes over an output that cannot be written."""
        if message:
            say(message.removesuffix("\n"), file)


def source_options(parser: Parser) -> None:
    """Where the picture comes from, and how it is shown."""
    parser.add_argument(
        "--source",
        metavar="S",
        help="0, a camera's name, a file, a folder, a URL, pattern, reel, digits (auto: first camera, else reel)",
    )
    parser.add_argument(
        "--mode", type=one_of("mode", MODES), metavar="|".join(MODES), help="how lanes share the machine"
    )
    parser.add_argument(
        "--mirror-picture", action=argparse.BooleanOptionalAction, help="flip it left to right"
    )


def model_options(parser: Parser, *, several: bool = False) -> None:
    """Which models, how they run, and what is wanted of their answers; on `several` backends and numbers of threads."""
    parser.add_argument(
        "--models", type=_names, metavar="A,B",
        help="name, name@backend, name@backend:threads or name@coreml/int8; or a line-up: "
             f"{', '.join(line_ups())} (builtin)",
    )
    if several:
        parser.add_argument("--backend", type=_names, metavar="B,C", help="the engines: onnxruntime, opencv …")
    else:
        parser.add_argument("--backend", metavar="B", help="the engine: onnxruntime, opencv … (onnxruntime)")
    parser.add_argument(
        "--providers", type=_names, metavar="P,Q", help="where it runs; the first that is here is taken"
    )
    if several:
        parser.add_argument("--threads", type=_numbers, metavar="N,M", help="each network with each; 0: all cores")
    else:
        parser.add_argument(
            "--threads", type=whole(0, MOST_THREADS), metavar="N",
            help="of a lane; 0: all cores in turns, a share together",
        )
    parser.add_argument("--topk", type=whole(1), metavar="K", help="labels of a classifier (5)")
    parser.add_argument("--conf", type=real(0, 1), metavar="0..1", help="least score of a box (0.25)")
    parser.add_argument(
        "--iou", type=real(0, 1), metavar="0..1", help="overlap above which the weaker box goes (0.45)"
    )
    store_options(parser)


def store_options(parser: Parser) -> None:
    """Where model files lie."""
    parser.add_argument(
        "--mirror",
        dest="mirror_dir",
        metavar="DIR|URL",
        help="folder with model files, found by their content, or an address before their names (LINEUP_MIRROR)",
    )
    parser.add_argument("--cache", metavar="DIR", help="where fetched files are kept (LINEUP_CACHE)")
    parser.add_argument("--offline", action="store_true", default=None, help="fetch nothing")


def window_options(parser: Parser) -> None:
    """What only the window knows."""
    parser.add_argument("--fullscreen", action="store_true", default=None, help="start without a frame")
    parser.add_argument(
        "--theme", type=one_of("theme", THEMES), metavar="|".join(THEMES), help="colours of the window"
    )


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise argparse.ArgumentTypeError("a name is missing: write them with commas between")
    return names


def _numbers(text: str) -> tuple[int, ...]:
    """Numbers of threads with commas between."""
    return tuple(map(whole(0, MOST_THREADS), _names(text)))


def percent(text: str) -> float:
    """Reads "5%" or "5" as 0.05."""
    return real(0, 1000)(text.strip().removesuffix("%").strip()) / 100


def one_of(what: str, known: Sequence[str]) -> Callable[[str], str]:
    """Reads one of these words; `what` is what they are called."""

    def check(text: str) -> str:
        if text not in known:
            raise argparse.ArgumentTypeError(f"there is no {what} called {text!r}. {suggest(text, known)}")
        return text

    return check


def whole(least: int, most: int = 10**9) -> Callable[[str], int]:
    """Reads a whole number within these bounds."""

    def check(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            wanted = f"from {least} to {most}" if most < 10**9 else f"of {least} or more"
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number {wanted}")
        return int(text)

    return check


def real(least: float, most: float = 1e9) -> Callable[[str], float]:
    """Reads a number within these bounds."""

    def check(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            wanted = (
                f"from {least:g} to {most:g}" if most < 1e9 else f"above {0 if least < 0.01 else least:g}"
            )
            raise argparse.ArgumentTypeError(f"{text!r} is not a number {wanted}")
        return value

    return check
