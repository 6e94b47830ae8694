"""The boundary to files that anybody may have written: what no reader foresaw is a sentence, and is written down."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from inference.errors import LabError

log = logging.getLogger(__name__)

# What code raises that meets numbers, names and shapes which contradict each other; its own mistakes as well.
UNFORESEEN = (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError, MemoryError, RecursionError)


@contextmanager
def foreign(what: str, hint: str, kind: type[LabError] = LabError) -> Iterator[None]:
    """Let the block end with `kind` where it would end with something that nobody foresaw.

    Its traceback goes into the log: whether the file is to blame or this program can be seen there alone.

    Args:
        what: as the beginning of a sentence: "net.onnx cannot be read".
        hint: what to do.
        kind: of error.

    Raises:
        LabError: also what the block raises itself.
    """
    try:
        yield
    except UNFORESEEN as error:
        log.error("%s", what, exc_info=error, extra={"told": True})
        raise kind(f"{what}: its parts contradict each other ({str(error)[:200]}).", hint) from error
