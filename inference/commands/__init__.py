"""The command line: one module a command, found through one table.

A command is a module with SUMMARY (a sentence), EXAMPLES (lines to type), `arguments(parser)`, which adds what it
understands, and `run(args)`, which does it and returns the exit code, or Options where the window is to open with them.
It may have a NOTE, said below the examples. Nothing heavy is imported before `run`, so that --help answers at once:
what needs the engines stands in a module beside it.
"""

import argparse
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from inference.commands.arguments import PROGRAM, Parser

# What is typed: the module. "" is the window, which needs no word. A longer name comes after the one it goes on from.
COMMANDS = {
    "": "inference.commands.window",
    "predict": "inference.commands.predict",
    "live": "inference.commands.live",
    "bench": "inference.commands.bench",
    "evaluate": "inference.commands.evaluate",
    "compare": "inference.commands.compare",
    "profile": "inference.commands.profile",
    "optimise": "inference.commands.optimise",
    "export": "inference.commands.export",
    "models": "inference.commands.models",
    "models get": "inference.commands.models_get",
    "models add": "inference.commands.models_add",
    "models check": "inference.commands.models_check",
    "models remove": "inference.commands.models_remove",
    "models pack": "inference.commands.models_pack",
    "models unpack": "inference.commands.models_unpack",
    "doctor": "inference.commands.doctor",
}


def parse(argv: Sequence[str]) -> tuple[Any, argparse.Namespace, Sequence[str]]:
    """The module of the command that `argv` begins with, its arguments, and the words that these were.

    Raises:
        WrongUse: there is no such command, or it does not understand the rest.
        SystemExit: help was asked for and has been printed.
    """
    args = _tree(argv).parse_args(argv)
    return import_module(COMMANDS[args.command]), args, argv[len(args.command.split()) :]


def _tree(argv: Sequence[str]) -> Parser:
    """A parser for the window, and inside it one for each command that may still come after these words."""
    inside: dict[str, argparse._SubParsersAction[Parser]] = {}
    parsers: dict[str, Parser] = {}
    for name, module in COMMANDS.items():
        command = import_module(module)
        outer, _, word = name.rpartition(" ")
        # What comes after an option is no command.
        if name and (outer not in parsers or _begins_with_an_option(argv[len(outer.split()) :])):
            continue
        words: dict[str, Any] = {"description": command.SUMMARY, "epilog": _epilog(command)}
        if not name:
            parser = Parser(prog=PROGRAM, **words)
        else:
            if outer not in inside:
                inside[outer] = parsers[outer].add_subparsers(
                    title="commands", description="Each has --help of its own.", metavar="COMMAND",
                    prog=f"{PROGRAM} {outer}".strip(),
                )  # fmt: skip
            parser = inside[outer].add_parser(word, help=command.SUMMARY.removesuffix("."), **words)
        command.arguments(parser)
        parser.set_defaults(command=name)
        parsers[name] = parser
    return parsers[""]


def _begins_with_an_option(words: Sequence[str]) -> bool:
    return bool(words) and words[0].startswith("-") and not {"-h", "--help"} & set(words)


def _epilog(command: Any) -> str:
    lines = ["examples:", *(f"  {PROGRAM} {example}" for example in command.EXAMPLES)]
    lines += [note] if (note := getattr(command, "NOTE", "")) else []
    return "\n".join(lines)
