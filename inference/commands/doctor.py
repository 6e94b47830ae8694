"""`doctor`: what this machine has and what is missing."""

import argparse
import sys

from inference.commands.arguments import Parser, store_options
from inference.commands.ends import FAILED, OK, Interruptible
from inference.commands.wanted import options_of
from models.errors import LabError

SUMMARY = "What this machine has and what is missing, on one page."
EXAMPLES = (
    "doctor                            one page to paste into an issue",
    "doctor --json",
    "doctor --window                   only: can the window open here? 0 or 1",
    "doctor --install window           install the system libraries that it lacks (Debian, Ubuntu)",
)


def arguments(parser: Parser) -> None:
    """For whom the page is, and what to do besides."""
    parser.add_argument("--json", action="store_true", help="for programs, to stdout")
    parser.add_argument("--window", action="store_true", help="only check that the window can open; say why not")
    parser.add_argument(
        "--install", choices=("window", "tests"), metavar="window|tests",
        help="only install the system libraries that these lack (Debian, Ubuntu), or say what to type",
    )
    store_options(parser)


def run(args: argparse.Namespace) -> int:
    """Examine, check or install."""
    if args.install:
        return _install(for_tests=args.install == "tests")
    from inference.commands.health import examine
    from inference.commands.window_check import window_troubles
    from inference.terminal import say, write_json

    with Interruptible():
        if args.window:
            found = window_troubles()
            for trouble in found:
                say(f"{trouble.message} {trouble.hint}", sys.stderr)
            return FAILED if found else OK
        page = examine(options_of(args))
        if args.json:
            write_json(page.values(), "-")
        else:
            say(page.text())
    return OK


def _install(*, for_tests: bool) -> int:
    """Bring in the system libraries that are missing; 1 where some still are."""
    from inference.commands.system_packages import install, install_hint, missing_programs
    from inference.commands.window_check import library_troubles, missing_libraries, no_screen
    from inference.terminal import say

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
