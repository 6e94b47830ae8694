"""Where the user's own things are kept."""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget


def folder_for(kind: QStandardPaths.StandardLocation) -> Path:
    """Where the user keeps pictures, or films."""
    return Path(QStandardPaths.writableLocation(kind) or Path.home())


def file_to_save(parent: QWidget, title: str, offered: Path, formats: Mapping[str, str]) -> Path | None:
    """Ask where something is to be written; None where nothing was chosen.

    Args:
        parent: of the dialogue.
        title: of the dialogue.
        offered: the file that it begins with.
        formats: words by ending; a name without one of these endings gets that of the chosen words.
    """
    chosen, words = QFileDialog.getSaveFileName(parent, title, str(offered), ";;".join(formats.values()))
    if not chosen:
        return None
    path = Path(chosen)
    ending = next((end for end, said in formats.items() if said == words), next(iter(formats)))
    return path if path.suffix.lower() in formats else path.with_name(path.name + ending)
