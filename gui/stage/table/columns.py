"""What stands in the table's columns, how it sorts, and how it is copied. No Qt here."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import NamedTuple

from gui.stage.figure_words import FIGURE_TIPS
from gui.stage.lane_words import state_word
from gui.stage.overlay import percent, short_label
from inference.backends import backends
from inference.data import LaneState
from inference.live.lane import Figures, Lane
from models.card import ModelCard, best_figure
from models.licence import demand
from models.texts import plain_lines


class Row(NamedTuple):
    """What is known of a lane at one moment."""

    lane: Lane
    card: ModelCard
    figures: Figures

    @property
    def timed(self) -> bool:
        """Whether there are times to show."""
        return self.lane.status.state is LaneState.RUNNING and self.figures.timed > 0


class Column(NamedTuple):
    """One column: its title, what it shows, and what it sorts by (None: not known, always last)."""

    title: str
    text: Callable[[Row], str]
    key: Callable[[Row], float | str | None]
    tip: str = ""
    number: bool = False


def _ms(stage: str, place: int, few: int = 1) -> tuple[Callable[[Row], str], Callable[[Row], float | None]]:
    """A time in ms with one decimal under 100; `few` answers at least."""

    def key(row: Row) -> float | None:
        return row.figures.stages[stage][place] if row.timed and row.figures.timed >= few else None

    def text(row: Row) -> str:
        value = key(row)
        return "–" if value is None else f"{value:.1f}" if value < 99.95 else f"{value:.0f}"

    return text, key


def _answer(row: Row) -> str:
    result = row.lane.latest
    if row.lane.status.state is not LaneState.RUNNING or row.lane.paused:
        return state_word(row.lane)
    if result is None:
        return "–"
    answer = result.prediction
    if not answer.labels:
        return answer.nothing or "nothing found"
    return f"{short_label(answer.labels[0])} {percent(float(answer.scores[0]))}"


def _accuracy(row: Row) -> str:
    value, word = best_figure(row.card)
    return f"{value:.1f} {word}" if value else ""


def _rate(row: Row) -> float | None:
    held = row.lane.latest is not None and row.lane.latest.frame.held
    return row.figures.fps if row.timed and not held else None


def _engine(row: Row) -> str:
    spec, table = row.lane.spec, backends()
    title = table[spec.backend].title if spec.backend in table else spec.backend
    form = row.lane.form
    precision = f" {form.card.precision}" if form else ""
    return f"{title}{precision} {row.lane.provider}".strip()


P50, P95, AGE = _ms("latency", 0), _ms("latency", 1, 10), _ms("age", 0)

COLUMNS = (
    Column("", lambda r: str(r.lane.slot + 1), lambda r: r.lane.slot, "Its number and its colour", number=True),
    Column("Network", lambda r: r.lane.title, lambda r: r.lane.title.lower()),
    Column("Answer", _answer, _answer, "The best label, or the surest box, of the newest picture"),
    Column("p50 ms", *P50, FIGURE_TIPS["p50"], number=True),
    Column("p95 ms", *P95, FIGURE_TIPS["p95"], number=True),
    Column(
        "Answers/s", lambda r: "–" if _rate(r) is None else f"{_rate(r):.1f}", _rate, FIGURE_TIPS["answers/s"],
        number=True,
    ),
    Column("Age ms", *AGE, FIGURE_TIPS["age"], number=True),
    Column(
        "Accuracy %", _accuracy, lambda r: best_figure(r.card)[0] or None,
        "As published: top-1 on ImageNet, AP on COCO; the recipe stands in the card", number=True,
    ),
    Column(
        "GMAC", lambda r: f"{r.card.gmacs:.3g}" if r.card.gmacs else "", lambda r: r.card.gmacs or None,
        "10⁹ multiply-adds for one picture", number=True,
    ),
    Column(
        "MB", lambda r: f"{(r.lane.form or r.card).bytes / 1e6:.3g}", lambda r: (r.lane.form or r.card).bytes,
        "Size of the files", number=True,
    ),
    Column(
        "Licence", lambda r: ("! " if demand(r.card.licence) else "") + r.card.licence,
        lambda r: r.card.licence.lower(), "Of the weights",
    ),
    Column("Runs on", _engine, _engine, "The engine, the form of the weights, the device"),
    Column(
        "Threads", lambda r: f"{r.lane.threads}" + ("" if r.lane.spec.threads else " auto"), lambda r: r.lane.threads,
        "auto: nobody chose, so it is all cores in turns, and a share of them together", number=True,
    ),
)  # fmt: skip
TITLES = tuple(column.title or "#" for column in COLUMNS)


def as_markdown(rows: Sequence[Row], said: str) -> str:
    """The table as Markdown, and below it what the numbers are; nothing in a cell can end it."""

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(_one_line(cell).replace("\\", "\\\\").replace("|", "\\|") for cell in cells) + " |"

    marks = "|" + "|".join(" ---: " if column.number else " --- " for column in COLUMNS) + "|"
    return "\n".join([line(TITLES), marks, *(line(cells_of(row)) for row in rows), "", said, ""])


def as_csv(rows: Sequence[Row]) -> str:
    """The table as CSV (RFC 4180). A text that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(TITLES)
    for row in rows:
        cells = [_one_line(cell) for cell in cells_of(row)]
        writer.writerow([f"'{cell}" if cell[:1] in "=+-@\t\r" and cell else cell for cell in cells])
    return out.getvalue()


def cells_of(row: Row) -> list[str]:
    """All texts of a row."""
    return [column.text(row) for column in COLUMNS]


def _one_line(text: str) -> str:
    return " ".join(plain_lines(text).split())
