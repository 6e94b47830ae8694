"""A picture of the window, written to the user's pictures."""

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QWidget

from gui.desk import Desk
from gui.folders import folder_for
from gui.jobs import Job
from inference.errors import LabError


def save_picture(window: QWidget, desk: Desk) -> None:
    """Write what the window shows, on a thread of its own, and say where."""
    folder = folder_for(QStandardPaths.StandardLocation.PicturesLocation)
    path = folder / f"lineup-{datetime.now():%Y%m%d-%H%M%S}.png"   # the user's own clock
    image = window.grab().toImage()

    def write() -> Path:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LabError(f"{folder} cannot be made: {error.strerror}.", "Check its permissions.") from error
        if not image.save(str(path)):
            raise LabError(f"The picture cannot be written to {path}.", "Check the folder and the free space.")
        return path

    Job(write, lambda path: desk.say(f"Picture saved to {path}."), desk.fail, window)
