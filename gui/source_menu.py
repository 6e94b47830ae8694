"""Choose where the picture comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu, QWidget

from gui.jobs import Job
from inference.formats import PICTURES, VIDEOS
from inference.live.sources import cameras

if TYPE_CHECKING:
    from inference.live.sources.camera import CameraInfo

# What a camera can be asked for: (width, height), frames/s.
CAMERA_MODES = (((640, 480), 30), ((1280, 720), 30), ((1280, 720), 60), ((1920, 1080), 30), ((3840, 2160), 30))
class SourceMenu(QMenu):
    """Cameras by name, then what always works, then files and addresses."""

    chosen = Signal(str)                   # as inference.live.sources.parse_source reads it
    camera_mode_chosen = Signal(object)    # ((width, height), frames/s)

    def __init__(self, camera_mode: tuple[tuple[int, int], int], parent: QWidget) -> None:
        super().__init__(parent)
        self._cameras: Sequence[CameraInfo] = ()
        self._looking = False
        self.camera_mode = camera_mode
        self._last = ""   # a file or address chosen before
        self.aboutToShow.connect(self.look)
        self._fill()

    def look(self) -> None:
        """List the cameras anew; slow on some systems, so in a job."""
        if not self._looking:
            self._looking = True
            Job(lambda: list(cameras()), self._found, self._not_found, self)

    def following(self, text: str) -> str:
        """The source after `text` in the round: cameras, the reel, the pattern, and the last file."""
        known = [*map(self._word, self._cameras), "reel", "digits", "pattern"]
        if self._last and self._last not in known:
            known.append(self._last)
        return known[(known.index(text) + 1) % len(known)] if text in known else known[0]

    def remember(self, text: str) -> None:
        """Keep a file or address in the round."""
        if text not in ("auto", "reel", "digits", "pattern") and text not in map(self._word, self._cameras):
            self._last = text

    def _found(self, found: Sequence[CameraInfo]) -> None:
        self._looking = False
        if list(found) != list(self._cameras):
            self._cameras = found
            self._fill()

    def _not_found(self, error: Exception) -> None:
        del error
        self._looking = False

    def _fill(self) -> None:
        self.clear()
        for camera in self._cameras:
            self._entry(camera.name, self._word(camera))
        if not self._cameras:
            self.addAction("No camera found").setEnabled(False)
        modes = self.addMenu("Camera resolution")
        for mode in CAMERA_MODES:
            (width, height), fps = mode
            action = modes.addAction(f"{width}×{height}, {fps} frames/s")
            action.setCheckable(True)
            action.setChecked(mode == self.camera_mode)
            action.triggered.connect(lambda _on=False, mode=mode: self._set_mode(mode))
        self.addSeparator()
        self._entry("Sample reel", "reel")
        self._entry("Digits by hand", "digits")
        self._entry("Test pattern", "pattern")
        self.addSeparator()
        self.addAction("Video file…", self._ask_file("Choose a video", "Videos", VIDEOS))
        self.addAction("Picture…", self._ask_file("Choose a picture", "Pictures", PICTURES))
        self.addAction("Folder of pictures…", self._ask_folder)
        self.addAction("Address of a stream…", self._ask_address)

    def _word(self, camera: CameraInfo) -> str:
        """How the camera is written: by its name, which stays when others are plugged in; twins by their number."""
        twins = [other for other in self._cameras if other.name == camera.name]
        return camera.name if len(twins) == 1 and not camera.name.isdecimal() else str(camera.index)

    def _entry(self, title: str, text: str) -> None:
        self.addAction(title, lambda: self.chosen.emit(text))

    def _set_mode(self, mode: tuple[tuple[int, int], int]) -> None:
        self.camera_mode = mode
        self._fill()
        self.camera_mode_chosen.emit(mode)

    def _ask_file(self, title: str, kind: str, endings: Iterable[str]) -> Callable[[], None]:
        offered = f"{kind} ({' '.join(f'*{ending}' for ending in sorted(endings))});;All files (*)"

        def ask() -> None:
            name, _ = QFileDialog.getOpenFileName(self.parentWidget(), title, "", offered)
            if name:
                self.chosen.emit(name)

        return ask

    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self.parentWidget(), "Choose a folder of pictures")
        if name:
            self.chosen.emit(name)

    def _ask_address(self) -> None:
        text, sure = QInputDialog.getText(
            self.parentWidget(), "Address of a stream", "http://… (MJPEG) or rtsp://…", text=self._last
        )
        if sure and text.strip():
            self.chosen.emit(text.strip())
