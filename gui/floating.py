"""What floats over the window: panels at its right edge, and covers over all of it."""

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QWidget

from gui.parts.drawer import Drawer
from gui.theme import Theme

DRAWER_PX = 440   # wide, at 100 %


class Floating:
    """One drawer at a time, and covers; `dismiss_top` closes what lies on top."""

    def __init__(
        self, drawers: Mapping[str, Drawer], covers: Mapping[str, QWidget], about_to_show: Callable[[], None]
    ) -> None:
        """`about_to_show` is called before anything is shown, to `place` it where it belongs by now."""
        self._about_to_show = about_to_show
        self.drawers, self.covers = dict(drawers), dict(covers)
        for cover in self.covers.values():
            cover.hide()

    def toggle_drawer(self, name: str) -> None:
        """Open one panel at the right, or close it."""
        self._about_to_show()
        for key, drawer in self.drawers.items():
            if key == name and drawer.isHidden():
                drawer.present()
            elif not drawer.isHidden():
                drawer.dismiss()

    def add_drawer(self, name: str, drawer: Drawer) -> None:
        """One more panel, made late."""
        self.drawers[name] = drawer

    def open_drawer(self, name: str) -> None:
        """Open one panel at the right, if it is not, in the place of another."""
        if self.drawers[name].isHidden():
            self.toggle_drawer(name)

    def cover(self, name: str, shown: bool) -> None:
        """Lay this over the whole window, or take it away."""
        self._about_to_show()
        cover = self.covers[name]
        cover.setVisible(shown)
        cover.raise_()

    def dismiss_top(self) -> bool:
        """Close what lies on top. Whether there was anything."""
        for cover in self.covers.values():
            if not cover.isHidden():
                cover.hide()
                return True
        for drawer in self.drawers.values():
            if not drawer.isHidden():
                drawer.dismiss()
                return True
        return False

    def restyle(self, theme: Theme, scale: float) -> None:
        """Give the drawers these colours and sizes."""
        for drawer in self.drawers.values():
            drawer.restyle(theme, scale)

    def place(self, window: QWidget, scale: float, top: int, bottom: int) -> None:
        """Put all of it where it belongs: drawers between `top` and `bottom`, px of the window."""
        for drawer in self.drawers.values():
            drawer.place(round(DRAWER_PX * scale), top, bottom)
        for cover in self.covers.values():
            cover.setGeometry(window.rect())
