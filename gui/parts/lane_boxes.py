"""A box to tick for each network that can be chosen."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QCheckBox, QVBoxLayout

from gui.theme import Size, font


class LaneBoxes(QVBoxLayout):
    """The boxes below each other; `ticked`: others are chosen, or listed."""

    ticked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.boxes: list[QCheckBox] = []
        self._face = font(Size.BODY)
        self.setSpacing(2)

    def show_titles(self, titles: Sequence[str], chosen: Sequence[bool]) -> None:
        """A box for each of these."""
        while len(self.boxes) > len(titles):
            box = self.boxes.pop()
            box.setParent(None)
            box.deleteLater()
        while len(self.boxes) < len(titles):
            box = QCheckBox()
            box.setFont(self._face)
            self.boxes.append(box)
            self.addWidget(box)
            box.toggled.connect(self.ticked)
        for box, title, on in zip(self.boxes, titles, chosen, strict=True):
            box.setText(title.replace("&", "&&"))
            box.setChecked(on)
        self.ticked.emit()

    def take_font(self, face: QFont) -> None:
        """Have this type."""
        self._face = face
        for box in self.boxes:
            box.setFont(face)
