"""What a lane runs: a network, or a recording of one."""

from collections.abc import Callable
from threading import Event
from typing import Protocol

from inference.backends import Engine, Form
from inference.data import Ask, Frame, LaneSpec, Result
from models.progress import Report


class Recognise(Protocol):
    """What a lane runs; inference.recogniser.Recogniser is one."""

    @property
    def provider(self) -> str:
        """Where it really runs."""
        ...

    @property
    def threads(self) -> int:
        """How many threads it really computes with; 0: not known."""
        ...

    @property
    def warning(self) -> str:
        """A sentence where either is not what was asked for."""
        ...

    @property
    def form(self) -> Form | None:
        """What it runs in the place of its card's file, where the backend has a form of its own."""
        ...

    @property
    def usual_s(self) -> float:
        """How long a run took while it was warmed up; 0: not known."""
        ...

    def __call__(self, frame: Frame, ask: Ask, *, idle: float, turn: float) -> Result | None:
        """Answer one frame; `idle` and `turn` (ms) are passed on into the timing. None: nothing is said to this one."""
        ...

    def stop(self) -> None:
        """Make a call under way end soon; from any thread."""
        ...

    def tune(self, engine: Engine) -> bool:
        """Compute with other threads from the next call on; True where anything changed."""
        ...


# (report, cancelled) → something that recognises. Called on the lane's thread; slow.
Load = Callable[[Report, Event], Recognise]
# Makes what a lane runs: (spec, says how to run it when asked) → load. inference.intake.provide.loader is the real one.
MakeLoad = Callable[[LaneSpec, Callable[[], Engine]], Load]
