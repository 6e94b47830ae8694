"""Where the user's own things are kept."""

from pathlib import Path

from PySide6.QtCore import QStandardPaths


def folder_for(kind: QStandardPaths.StandardLocation) -> Path:
    """Where the user keeps pictures, or films."""
    return Path(QStandardPaths.writableLocation(kind) or Path.home())
