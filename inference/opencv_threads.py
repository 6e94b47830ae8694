"""The one owner of OpenCV's number of threads, which holds for the whole process.

Every part that computes with OpenCV says here how many it wants, and reads here how many there are: the most that
anybody wants while he is there. Nobody else calls cv2.setNumThreads.
"""

from threading import RLock
from weakref import WeakSet

_guard = RLock()   # a collection of garbage may release one while another is made
_shares: "WeakSet[Share]" = WeakSet()

LEAST = 1   # for loops of OpenCV's own, a resize for one: the cores belong to the networks


class Share:
    """Somebody who wants so many threads, as long as this object lives or until `release`."""

    def __init__(self, threads: int) -> None:
        self.wanted = max(LEAST, threads)
        with _guard:
            _shares.add(self)
        settle()

    def want(self, threads: int) -> None:
        """Want another number of threads from now on."""
        with _guard:
            self.wanted = max(LEAST, threads)
        settle()

    @property
    def running(self) -> int:
        """How many threads OpenCV computes with now, in the whole process."""
        import cv2  # the window is quicker to open without it

        return int(cv2.getNumThreads())

    @property
    def warning(self) -> str:
        """A sentence where that is not what was wanted."""
        running = self.running
        if running == self.wanted:
            return ""
        with _guard:
            others = max((share.wanted for share in _shares if share is not self), default=LEAST)
        why = "as the system has it"
        if others == running:
            why = "another network wants them, and OpenCV has one number for all"
        return f"OpenCV computes with {running} threads, not with {self.wanted}: {why}."

    def release(self) -> None:
        """Want none any more."""
        with _guard:
            _shares.discard(self)
        settle()

    def __del__(self) -> None:
        """A network that is dropped gives its threads back."""
        try:
            self.release()
        except (ImportError, AttributeError, TypeError):   # Python is going down
            return


def settle() -> None:
    """Set the number that is wanted most; call it before OpenCV computes for the first time."""
    import cv2  # the window is quicker to open without it

    with _guard:
        threads = max((share.wanted for share in _shares), default=LEAST)
        if cv2.getNumThreads() != threads:
            cv2.setNumThreads(threads)
