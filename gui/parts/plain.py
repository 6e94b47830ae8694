"""Texts as they are: Qt takes what looks like markup for markup, and a model's title may be `<img src=…>`."""

from typing import Any

from PySide6.QtGui import Qt
from PySide6.QtWidgets import QLabel

from models.texts import as_html, plain_lines


class PlainLabel(QLabel):
    """A label that shows its text and never reads it."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.setTextFormat(Qt.TextFormat.PlainText)


def tip(text: str) -> str:
    """The text for a tooltip, which has no such switch."""
    return f"<qt>{as_html(text)}</qt>" if Qt.mightBeRichText(text) else plain_lines(text)
