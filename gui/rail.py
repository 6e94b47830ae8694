"""The rail at the left: what can be opened and done, for a hand on a mouse."""

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from gui.theme import Theme

ICON_PX, BUTTON_PX = 20, 36   # at 100 %
LEAST_ICON_PX, LEAST_BUTTON_PX = 16, 28

# Names of gui.actions.ACTIONS; a line between the groups.
RAIL = (
    ("view_stage", "view_grid", "view_table"),
    ("latency", "xray", "bench", "agreement", "chart", "profile", "digits", "catalogue", "export"),
    ("add_lane", "add_file"),
    ("record", "picture"),
)


class Rail(QWidget):
    """A button for each action of RAIL; its icon, tooltip and state are the action's."""

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QToolButton] = {}
        self._lines: list[QFrame] = []
        self._column = QVBoxLayout(self)
        for i, group in enumerate(RAIL):
            if i:
                line = QFrame(self)
                line.setProperty("role", "line")
                line.setFixedHeight(1)
                self._lines.append(line)
                self._column.addWidget(line)
            for name in group:
                button = QToolButton(self)
                button.setDefaultAction(actions[name])
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
                button.setAccessibleName(actions[name].text())
                button.setProperty("role", "icon")
                self._column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
                self.buttons[name] = button
        self._column.addStretch(1)

    def restyle(self, theme: Theme, scale: float, height: int) -> None:
        """Take these sizes; where `height` px are too few for all buttons, they stand closer."""
        del theme
        count, lines = len(self.buttons), len(self._lines)
        side = min(max(LEAST_BUTTON_PX, round(BUTTON_PX * scale)), max(18, (height - 2 * lines * 5) // count - 2))
        gap = max(1, min(round(6 * scale), (height - count * side) // (count + 2 * lines + 1)))
        size = min(max(LEAST_ICON_PX, round(ICON_PX * scale)), side - 6)
        self._column.setContentsMargins(0, gap, 0, 0)
        self._column.setSpacing(gap)
        for button in self.buttons.values():
            button.setIconSize(QSize(size, size))
            button.setFixedSize(side, side)
        self.setFixedWidth(side + round(8 * scale))
