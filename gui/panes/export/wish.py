"""What the form of the export says, and what is to be expected of it."""

from dataclasses import dataclass
from pathlib import Path

from inference.export.naming import app_folder
from inference.export.settings import BITS, COST, ExportSettings
from models.card import ModelCard


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form says."""

    cards: tuple[ModelCard, ...]
    app: bool
    settings: ExportSettings
    out: Path

    @property
    def target(self) -> Path:
        """The folder that will be written."""
        return self.out / (app_folder([card.name for card in self.cards]) if self.app else self.cards[0].name)


def expectation(wish: Wish) -> str:
    """How large it will be about, and what its weights cost."""
    (precision,) = wish.settings.precisions
    sizes = [size_mb(card, precision) for card in wish.cards]
    return f"About {sum(sizes):.3g} MB. {COST[precision]}"


def size_mb(card: ModelCard, precision: str) -> float:
    """Of the weights at this precision, MB: by their count, or by the file where that is not known."""
    stored = {"fp16": 2.0, "int8": 1.0}.get(card.precision, 4.0)
    count = card.parameters or card.bytes / stored
    return count * BITS[precision] / 8 / 1e6
