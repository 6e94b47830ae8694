"""What went wrong with something that was asked for, below the source's name: over the picture, moving nothing."""

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from gui.messages import COPY, Banner, trouble_text
from gui.theme import Theme
from inference.errors import LabError
from inference.logbook import details

STAYS_MS = 20_000
WIDE_PX, MARGIN_PX = 620, 12   # at 100 %


class Errors(Banner):
    """The last error, with its details to copy, until it is closed or has been there long enough to be read."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self._gone = QTimer(self, interval=STAYS_MS, singleShot=True)
        self._gone.timeout.connect(self.dismiss)
        self.dismissed.connect(self._gone.stop)

    def tell(self, error: LabError) -> None:
        """Show this error, in the place of an older one."""
        sentence, hint = trouble_text(error)
        self.say(sentence, hint, button=COPY, details=f"{sentence} {hint}\n\n{details(error)}".strip())
        self.place()
        self.raise_()
        self._gone.start()

    def dismiss(self) -> bool:
        """Take it away. Whether there was anything."""
        shown = not self.isHidden()
        self._gone.stop()
        self.say("")
        return shown

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these colours, and type at this scale."""
        super().restyle(theme, scale)
        if hasattr(self, "_over"):   # the banner styles itself while it is being made
            self.place()

    def place(self) -> None:
        """Stand at the top, as high as the sentence needs."""
        wide = min(round(WIDE_PX * self._scale), self._over.width() - 2 * MARGIN_PX)
        self.setGeometry(MARGIN_PX, MARGIN_PX, wide, max(self.heightForWidth(wide), self.sizeHint().height()))
