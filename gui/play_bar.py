"""Below the picture of a video: where it stands, and how it is played."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QFontMetrics, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QStyle, QStyleOptionSlider, QToolButton, QWidget

from gui.desk import Desk
from gui.parts.chips import clock
from gui.parts.plain import PlainLabel
from gui.theme import Size, Theme, font
from inference.live.sources.playback import SPEEDS, Playback, Playing, playback_of

if TYPE_CHECKING:
    from gui.replaying import Replaying

# Names of gui.actions.ACTIONS that only a video has, in the order of the bar.
PLAYING = ("play", "step_back", "step_on", "slower", "faster", "loop")
RECORDED = ("replay", "burn")   # and those that only a recording has


class SeekBar(QSlider):
    """A click goes there, not a page on."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setAccessibleName("Place in the video")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)   # ← and → step, wherever the keyboard is

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the place of the pointer, and follow it from there."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self
        )
        room = max(1, self.width() - handle.width())
        value = QStyle.sliderValueFromPosition(
            self.minimum(), self.maximum(), round(event.position().x() - handle.width() / 2), room
        )
        self.setSliderPosition(value)
        self.sliderMoved.emit(value)
        super().mousePressEvent(event)


class PlayBar(QWidget):
    """Follows the source that is shown; hidden where that cannot be played."""

    def __init__(self, actions: Mapping[str, QAction], desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._session, self._actions = desk, desk.session, actions
        self._replaying: Replaying | None = None   # made when there is a recording
        desk.source_shown.connect(lambda _: self._look())
        self._shown: Playing | None = None
        self._quiet = False   # whether all is as where nothing can be played
        self.seek = SeekBar(self)
        self.seek.sliderMoved.connect(self._go_to)
        self.time, self.speed = PlainLabel(self), PlainLabel(self)
        self.buttons: dict[str, QToolButton] = {}
        self._row = QHBoxLayout(self)
        for name in (*PLAYING, *RECORDED):
            button = QToolButton(self)
            button.setDefaultAction(actions[name])
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            button.setAccessibleName(actions[name].text())
            button.setProperty("role", "icon")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.buttons[name] = button
        for part in (*(self.buttons[name] for name in PLAYING[:3]), self.seek, self.time):
            self._row.addWidget(part, int(part is self.seek))
        after = (self.buttons[name] for name in ("faster", "loop", *RECORDED))
        for part in (self.buttons["slower"], self.speed, *after):
            self._row.addWidget(part)
        self.speed.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.follow()

    @property
    def playback(self) -> Playback | None:
        """How the source that is shown is played."""
        return playback_of(self._session.shown)

    def follow(self) -> None:
        """Show where the video stands."""
        playback = self.playback
        if playback is None and self._quiet:
            return
        self._quiet = playback is None and not self.recorded   # a recording that is being left has both
        for name in PLAYING:
            self._actions[name].setEnabled(playback is not None)
        self.setVisible(playback is not None)
        for name in RECORDED:
            self._actions[name].setEnabled(self.recorded)
            self.buttons[name].setVisible(self.recorded)
        if self._replaying:
            self._actions["replay"].setChecked(self._replaying.on)
            self._actions["burn"].setChecked(self._replaying.burning)
        if playback is None:
            self._shown = None
            return
        now = playback.now
        if now == self._shown:
            return
        self._shown = now
        self._actions["play"].setChecked(not now.paused)
        self._actions["loop"].setChecked(now.loop)
        self.seek.setEnabled(now.frames > 0)
        self.seek.setMaximum(max(0, now.frames - 1))
        if not self.seek.isSliderDown():
            self.seek.setValue(max(0, now.frame))
        length = f" / {clock(now.length_s)}" if now.frames else ""
        self.time.setText(f"{clock(now.at_s)}{length}")
        self.speed.setText(f"{now.speed:g}×")

    @property
    def recorded(self) -> bool:
        """Whether the video is a recording, and its answers are known."""
        return self._replaying is not None and bool(self._replaying.tracks)

    def _look(self) -> None:
        """Another source is shown: it may be a recording."""
        if self._replaying is None and self.playback is not None:
            from gui.replaying import Replaying  # numpy, and OpenCV to burn: the window opens without them

            self._replaying = Replaying(self._desk, self)
            self._replaying.changed.connect(self.follow)
        if self._replaying is not None:
            self._replaying.look()

    def replay(self, on: bool) -> None:
        """Show what was recorded, or let the networks compute."""
        if self._replaying:
            self._replaying.show(on)

    def burn(self, on: bool) -> None:
        """Write the answers into a copy of the video, or stop that."""
        if self._replaying:
            self._replaying.burn(on)

    def end(self) -> None:
        """The window closes."""
        if self._replaying:
            self._replaying.end()

    def play(self, on: bool) -> None:
        """Go on, or hold the picture."""
        if playback := self.playback:
            playback.pause(not on)
            self.follow()

    def loop(self, on: bool) -> None:
        """Whether it begins again at its end."""
        if playback := self.playback:
            playback.play_again(on)
            self.follow()

    def step(self, by: int) -> None:
        """Pictures on or back."""
        if playback := self.playback:
            playback.step(by)
            self.follow()

    def change_speed(self, by: int) -> None:
        """Slower or faster by so many of SPEEDS."""
        if playback := self.playback:
            at = SPEEDS.index(playback.now.speed) + by
            playback.play_at(SPEEDS[max(0, min(len(SPEEDS) - 1, at))])
            self.follow()

    def _go_to(self, frame: int) -> None:
        if playback := self.playback:
            playback.seek(frame)

    def restyle(self, theme: Theme, scale: float) -> None:
        """Take these sizes; the figures' places are as wide as their widest."""
        del theme
        gap, side = round(8 * scale), max(22, round(28 * scale))
        self._row.setContentsMargins(gap * 2, gap // 2, gap * 2, 0)
        self._row.setSpacing(gap)
        for button in self.buttons.values():
            button.setFixedSize(side, side)
            button.setIconSize(QSize(side - 8, side - 8))
        face = font(Size.BODY, scale)
        metrics = QFontMetrics(face)
        for label, widest in ((self.time, "00:00 / 00:00"), (self.speed, "0.25×")):
            label.setFont(face)
            label.setMinimumWidth(metrics.horizontalAdvance(widest))
