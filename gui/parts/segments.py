"""Joined buttons of which one is down."""

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget


class Segments(QWidget):
    """Joined buttons of which one is down."""

    def __init__(self, choices: dict[str, str], name: str) -> None:
        super().__init__()
        self.group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for i, (key, title) in enumerate(choices.items()):
            button = QPushButton(title)
            button.setCheckable(True)
            place = "first" if i == 0 else "last" if i == len(choices) - 1 else "middle"
            button.setProperty("segment", place)
            button.setAccessibleName(f"{name}: {title}")
            self.group.addButton(button)
            self.buttons[key] = button
            row.addWidget(button)
        next(iter(self.buttons.values())).setChecked(True)

    @property
    def key(self) -> str:
        """The chosen one."""
        return next(key for key, button in self.buttons.items() if button.isChecked())

    @key.setter
    def key(self, key: str) -> None:
        self.buttons[key].setChecked(True)

    def show_first(self, *keys: str) -> None:
        """Let the first of these be down that is one of the choices; where none is, none is down."""
        chosen = next((key for key in keys if key in self.buttons), None)
        self.group.setExclusive(False)
        for key, button in self.buttons.items():
            button.setChecked(key == chosen)
        self.group.setExclusive(True)
