"""What was taught here, kept: a card of the user's own, and its file."""

import re
from dataclasses import dataclass
from hashlib import sha256
from threading import Event

from inference.intake.adding import keep_own
from inference.lab.digits.sets import SIDE
from inference.lab.digits.teaching import WAYS, Taught
from models.card import DIGITS, Accuracy, InputSpec, ModelCard, ModelFile
from models.catalog import load_catalog
from models.lineups import line_ups
from models.progress import Report
from models.store import Store
from models.user_cards import free_name
from models.whole import work_folder

HERE = "Trained here"   # how the source of such a card begins
INPUT = InputSpec((SIDE, SIDE), order="GRAY", mean=(0.0,), std=(1.0,), fit="ink")


_SOURCE = re.compile(rf"{HERE} in (?P<seconds>[\d.]+) s, seed (?P<seed>\d+), on .*\. An answer costs (?P<cost>.+)\.")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a card says of how it came about."""

    seconds: float   # that it learnt
    seed: int
    cost: str        # of an answer, in words


def facts_of(card: ModelCard) -> Facts | None:
    """What `card_of` wrote down; None where the card is another one."""
    said = _SOURCE.fullmatch(card.source)
    return Facts(float(said["seconds"]), int(said["seed"]), said["cost"]) if said else None


def card_of(taught: Taught, name: str, title: str) -> ModelCard:
    """What there is to know of it."""
    way = WAYS[taught.way]
    return ModelCard(
        name=name, title=title, family=way.family, task="classify", decoder=taught.decoder, labels=DIGITS,
        input=INPUT, files=(ModelFile(f"{name}.onnx", sha256(taught.onnx).hexdigest(), len(taught.onnx)),),
        licence="yours",
        source=f"{HERE} in {taught.seconds:.1f} s, seed {taught.seed}, on {taught.count:,} of {taught.title}. "
        f"An answer costs {taught.cost}.",
        year=way.year, paper=way.paper, about=way.about, gmacs=round(taught.multiply_adds / 1e9, 6),
        accuracy=Accuracy(
            f"{taught.held_out:,} digits that were held out",
            f"every tenth of {taught.title}, ± {100 * taught.spread:.1f} %",
            top1=round(100 * taught.share, 2),
        ),
    )  # fmt: skip


def keep(taught: Taught, store: Store, report: Report, cancelled: Event) -> ModelCard:
    """Write its card and its file into the user's folder, under a name that is free; the card.

    Raises:
        LabError: they cannot be kept.
        Cancelled: `cancelled` was set.
    """
    catalog = load_catalog(troubles=[])
    name = free_name(f"my-digits-{taught.way}", {*catalog, *line_ups()})
    number = name.removeprefix(f"my-digits-{taught.way}").removeprefix("-")
    card = card_of(taught, name, f"{WAYS[taught.way].title} {number}".strip())
    with work_folder() as folder:
        path = folder / card.files[0].name
        path.write_bytes(taught.onnx)
        keep_own(card, [path], store, report=report, cancelled=cancelled)
    return card
