"""Where a list of labels is dropped or chosen."""


from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from gui.dropping import local_files
from gui.parts.plain import PlainLabel
from gui.theme import Size, Theme, font
from inference.formats import LABELS


class LabelBox(QFrame):
    """Says which labels there are, and takes others."""

    dropped = Signal(object)   # Path
    asked = Signal()           # a file is to be chosen

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("labels")
        self.setAcceptDrops(True)
        self.words = PlainLabel()
        self.words.setWordWrap(True)
        self.choose = QPushButton("Choose a list…")
        self.choose.setToolTip("A text with one label a line; it can be dropped here as well")
        self.choose.clicked.connect(self.asked)
        row = QHBoxLayout(self)
        row.addWidget(self.words, 1)
        row.addWidget(self.choose)

    def show_labels(self, words: str) -> None:
        """What there is."""
        self.words.setText(f"{words}. Drop another list here.")

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        for part in (self.words, self.choose):
            part.setFont(font(Size.BODY, scale))
        self.setStyleSheet(f"#labels {{ border: 1px dashed {theme.quiet}; border-radius: 6px; }}")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """One list of labels, nothing else."""
        files = local_files(event.mimeData())
        if len(files) == 1 and files[0].suffix.lower() in LABELS:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take it."""
        event.acceptProposedAction()
        self.dropped.emit(local_files(event.mimeData())[0])
