"""The command line: one module a command, found through one table.

A command is a module with SUMMARY (a sentence), EXAMPLES (lines to type), `arguments(parser)`, which adds what it
understands, and `run(args)`, which does it and returns the exit code, or Options where the window is to open with them.
It may have a NOTE, said below the examples. Nothing heavy is imported before `run`, so that --help answers at once.
"""

import os
from argparse import Namespace
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from inference.commands.arguments import Parser
from inference.options import WrongUse
from models.catalog import suggest

PROGRAM = "python app.py"

# What is typed: the module. "" is the window, which needs no word.
COMMANDS = {
    "": "inference.commands.window",
    "predict": "inference.commands.predict",
    "live": "inference.commands.live",
    "export": "inference.commands.export",
    "models": "inference.commands.models",
    "models get": "inference.commands.models_get",
    "models add": "inference.commands.models_add",
    "models remove": "inference.commands.models_remove",
    "models pack": "inference.commands.models_pack",
    "models unpack": "inference.commands.models_unpack",
    "doctor": "inference.commands.doctor",
}


def parse(argv: Sequence[str]) -> tuple[Any, Namespace, Sequence[str]]:
    """The module of the command that `argv` begins with, its arguments, and the words that these were.

    Raises:
        WrongUse: there is no such command, or it does not understand the rest.
        SystemExit: help was asked for and has been printed.
    """
    name = _longest(argv)
    words = argv[len(name.split()) :]
    if words and not words[0].startswith("-") and (inner := _inside(name)):
        _refuse(name, words[0], inner)
    command = import_module(COMMANDS[name])
    parser = Parser(f"{PROGRAM} {name}".strip(), command.SUMMARY, _epilog(name, command))
    command.arguments(parser)
    return command, parser.read(words), words


def _longest(argv: Sequence[str]) -> str:
    """The longest name of a command that the words begin with."""
    found = [name for name in COMMANDS if list(argv[: len(name.split())]) == name.split()]
    return max(found, key=lambda name: len(name.split()))


def _inside(name: str) -> list[str]:
    """The commands one word longer than this one; none for a command that takes words of its own."""
    length = len(name.split())
    return [other for other in COMMANDS if other.split()[:length] == name.split() and len(other.split()) == length + 1]


def _refuse(name: str, word: str, inner: Sequence[str]) -> None:
    if name:
        raise WrongUse(f"`{name}` has no command {word!r}.", f"There are: {', '.join(inner)}.")
    if os.path.exists(word) or word.isdecimal() or "://" in word:
        raise WrongUse(f"{word!r} is not a command.", f"To show it: {PROGRAM} --source {word}")
    raise WrongUse(f"There is no command called {word!r}.", suggest(word, inner))


def _epilog(name: str, command: Any) -> str:
    """The examples, and the commands that go on from this one."""
    lines = ["examples:", *(f"  {PROGRAM} {example}" for example in command.EXAMPLES)]
    lines += [note] if (note := getattr(command, "NOTE", "")) else []
    if inner := _inside(name):
        width = max(map(len, inner)) + 2
        lines += ["", "commands:"]
        lines += [f"  {other:<{width}}{_summary(other)}" for other in inner]
        lines += ["Each has --help of its own."]
    return "\n".join(lines)


def _summary(name: str) -> str:
    summary: str = import_module(COMMANDS[name]).SUMMARY
    return summary.removesuffix(".")
