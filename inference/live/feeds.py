"""The feed that is shown, and the one that is to take its place once it has given a picture."""

from inference.data import SourceState, SourceStatus
from inference.live.sources.feed import Feed

ENDED = (SourceState.LOST, SourceState.ENDED)


class Feeds:
    """Two at most. Not safe by itself: the session calls it under its lock; looking is safe from anywhere."""

    def __init__(self) -> None:
        self.shown: Feed | None = None
        self.next: Feed | None = None             # being opened; shown once it has given a picture
        self.refused: SourceStatus | None = None  # of the source that was asked for last and gave none
        self._mirror = False

    @property
    def both(self) -> list[Feed]:
        """The feeds there are."""
        return [feed for feed in (self.shown, self.next) if feed]

    @property
    def mirror(self) -> bool:
        """Whether pictures are flipped left to right before anyone sees them."""
        return self._mirror

    @mirror.setter
    def mirror(self, mirror: bool) -> None:
        self._mirror = mirror
        for feed in self.both:
            feed.mirror = mirror

    def rest(self, resting: bool) -> None:
        """Let them read nothing for a while, or go on."""
        for feed in self.both:
            feed.rest(resting)

    @property
    def states_passed(self) -> tuple[SourceState, ...]:
        """Every state the source that is shown has been in, in order, repeats left out."""
        return self.shown.states_passed() if self.shown else ()

    def status(self) -> SourceStatus:
        """Where the source that is shown stands now."""
        return self.shown.status() if self.shown else SourceStatus(SourceState.OPENING, "No source")

    def ask_for(self, feed: Feed, *, shows: bool) -> list[Feed]:
        """A feed is wanted; while one `shows` a picture, that goes on. Returns those that are to end."""
        feed.mirror = self._mirror
        self.refused = None
        given_up, self.next = self.next, None
        old = self.shown
        # A camera is let go of at once, as the new source may be the same device.
        if old is not None and shows and not (old.source.live and feed.source.live):
            self.next, old = feed, None
        else:
            self.shown = feed
        return [one for one in (given_up, old) if one]

    def show_next(self) -> Feed | None:
        """The next one has given a picture. Returns the old one, which is to end."""
        old, self.shown, self.next = self.shown, self.next, None
        return old

    def give_up(self) -> Feed | None:
        """The next one, if it ended without a picture: it is refused."""
        feed = self.next
        if feed is None or (status := feed.status()).state not in ENDED:
            return None
        self.refused, self.next = status, None
        return feed
