"""Where the program's own files lie."""

from collections.abc import Iterable
from pathlib import Path

from models.card import DIGITS, ModelCard

ROOT = Path(__file__).resolve().parents[1]
RESOURCES = ROOT / "resources"
SAMPLES = RESOURCES / "samples"   # the pictures of the reel

REEL, DIGIT_REEL = "reel", "digits"   # the words for them, as sources
REELS = {REEL: SAMPLES, DIGIT_REEL: SAMPLES / "digits"}


def reel_of(cards: Iterable[ModelCard]) -> str:
    """The reel whose pictures these networks can read: that of the digits where all of them read digits."""
    labels = {card.labels for card in cards}
    return DIGIT_REEL if labels == {DIGITS} else REEL
