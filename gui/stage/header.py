"""A lane's colour, key and name, and what is known of it before it answers."""

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QWidget

from gui.parts.plain import tip
from gui.stage.overlay import ink_on
from gui.theme import DARK, Size, font
from inference.backends import backends
from inference.live.lane import Lane
from inference.words import short_count
from models import ModelCard

SWITCHED = "preprocessing switched"


class LaneHeader(QWidget):
    """The lane's colour, key and name; its facts step back."""

    def __init__(self, lane: Lane, card: ModelCard, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme, self.scale, self.two_rows = DARK, 1.0, True
        self._lane, self.card = lane, card
        self._facts = ""

    def refresh(self) -> None:
        """Take the facts that are known only once the lane runs."""
        facts = " · ".join(lane_facts(self._lane, self.card))
        if facts != self._facts:
            self._facts = facts
            tips = [self._lane.title, facts, f"Weights: {self.card.licence}. {self.card.source}"]
            self.setToolTip(tip("\n".join([*tips, FACTS_TIP]).strip()))
            self.setAccessibleName(f"{self._lane.title}. {facts}")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the name and, below or beside it, the facts."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = self.theme.lane(self._lane.slot)
        name_font, fact_font = font(Size.NAME, self.scale, bold=True), font(Size.FACT, self.scale)
        metrics = QFontMetrics(name_font)
        row = metrics.height() if self.two_rows else self.height()
        side = round(metrics.height() * 0.82)
        mark = QRectF(0, (row - side) / 2, side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(mark, side * 0.24, side * 0.24)
        painter.setPen(ink_on(colour))
        painter.setFont(font(side * 0.66, bold=True))
        painter.drawText(mark, Qt.AlignmentFlag.AlignCenter, str(self._lane.slot + 1))
        left = side + round(10 * self.scale)
        room = self.width() - left
        painter.setFont(name_font)
        painter.setPen(QColor(self.theme.text))
        name = metrics.elidedText(self._lane.title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(left, 0, room, row), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        painter.setFont(fact_font)
        painter.setPen(QColor(self.theme.trouble if self._lane.warning or switched(self._lane) else self.theme.quiet))
        facts = QFontMetrics(fact_font)
        if self.two_rows:
            box = QRect(0, row, self.width(), self.height() - row)
        else:
            used = left + metrics.horizontalAdvance(name) + round(16 * self.scale)
            box = QRect(used, 0, self.width() - used, row)
        text = facts.elidedText(self._facts, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
FACTS_TIP = (
    "M: millions of parameters. GMAC: billions of multiply-adds that one picture costs. MB: the model's file. "
    "As the original: of the sample pictures, so many get the same answer. ×2: computes with two threads; auto: nobody "
    "chose, so it is all cores in turns, and a share of them together."
)


def switched(lane: Lane) -> bool:
    """Whether the lane preprocesses by another recipe than its card's, for the X-ray."""
    return lane.lens is not None and lane.lens.input is not None


def lane_facts(lane: Lane, card: ModelCard) -> list[str]:
    """What is known of a lane before it answers: family, size, cost, and where it runs."""
    form = lane.form
    table = backends()
    engine = table[lane.spec.backend].title if lane.spec.backend in table else lane.spec.backend
    if form:   # where it runs says whether it is Core ML or a reference of it
        engine = engine.removesuffix(" (reference)")
    runs = f"{engine} {lane.provider}".strip()
    if lane.threads:
        runs += f" ×{lane.threads}" + ("" if lane.spec.threads else " auto")
    size = [f"{(form or card).bytes / 1e6:.3g} MB", form.card.precision if form else card.precision]
    cost = [short_count(card.parameters)] if card.parameters else []
    if card.gmacs:
        cost.append(f"{card.gmacs:.2g} GMAC" if card.gmacs < 10 else f"{card.gmacs:.0f} GMAC")
    if form:   # first what such a lane is for
        same = [f"{form.agreeing} of {form.compared} as the original"] if form.compared else []
        facts = [*same, *size, runs, card.family, *cost]
    else:
        facts = [card.family, *cost, *size, runs]
    if lane.warning:   # what is wrong must not be cut off
        facts.insert(0, lane.warning)
    if switched(lane):
        facts.insert(0, SWITCHED)
    return facts
