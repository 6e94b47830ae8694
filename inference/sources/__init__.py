"""Where pictures come from, and which kinds there are.

`feed.py` runs a source on the capture thread, paces it, watches it and opens it again; the sources themselves
know nothing of time, threads or trouble other than raising SourceError.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Source(Protocol):
    """A place that gives pictures one after the other. Opened, read and closed on one thread."""

    title: str            # "FaceTime HD", "cats.mp4", for the bar
    period_s: float       # time between pictures; 0: the source itself decides when the next one comes (camera)
    live: bool            # True: a lost picture may come back, so it is opened again; and repeats mean trouble
    note: str             # one sentence worth showing while it runs ("No camera found: …"), or ""

    def open(self) -> None:
        """Get ready to read; called again after a loss.

        Raises:
            SourceError: it cannot be had; the message says why, the hint what to do.
        """
        ...

    def read(self) -> NDArray[np.uint8] | None:
        """The next picture, (h, w, 3) BGR, never written to again; None when there will be no more.

        Blocks no longer than 1.5 s.

        Raises:
            SourceError: it was lost.
        """
        ...

    def close(self) -> None:
        """Let go of the device or file; called after every open, also a failed one."""
        ...
