"""No command: the window."""

import argparse

from inference.commands.arguments import Parser, model_options, source_options, window_options
from inference.commands.wanted import for_window, options_of
from inference.options import Options

SUMMARY = "Several neural networks in front of the same live picture."
EXAMPLES = (
    "                                  the window, as it was left",
    "--source 0 --models squeezenet1.1,yolov3-tiny",
    "--source cats.mp4 --models mobilenet-v2@opencv,mobilenet-v2@onnxruntime:1",
)


def arguments(parser: Parser) -> None:
    """The source, the models, how the window looks."""
    source_options(parser)
    model_options(parser)
    window_options(parser)


def run(args: argparse.Namespace) -> Options:
    """What the window opens with."""
    return for_window(options_of(args))
