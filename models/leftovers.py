"""What killed programs have left, and what nobody uses any more, goes at the next start."""

import json
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from models.card import ModelFile
from models.catalog import config_folder
from models.errors import StoreError
from models.texts import is_plain_name, read_text
from models.whole import left, sweep

if TYPE_CHECKING:
    pass

LEFTOVER_S = 3600.0   # archives of this age are swept away
RESUME_S = 7 * 86400.0   # what came of a download that was cut off is kept so long, to go on with


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder; nothing where it is not there."""
    with suppress(OSError), os.scandir(folder) as found:
        return list(found)
    return []


def sweep_adopted(notes_folder: Path, forget: Callable[[ModelFile], None]) -> None:
    """Remove what programs that were killed have adopted for cards that never came; `notes_folder` has their notes."""
    notes = left(notes_folder)
    if not notes:
        return
    cards = ""
    for entry in _entries(config_folder() / "cards"):
        if entry.name.endswith(".toml"):
            with suppress(OSError, UnicodeDecodeError):
                cards += read_text(Path(entry.path)).lower()
    for note in notes:
        with suppress(OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError, StoreError):
            told = json.loads(read_text(note))
            for name, sha256, size in told["files"]:
                if sha256.lower() not in cards:
                    forget(ModelFile(name, sha256, size))
            if is_plain_name(told["labels"]) and f'"{told["labels"]}"' not in cards:
                (config_folder() / "cards" / told["labels"]).unlink(missing_ok=True)
        with suppress(OSError):
            note.unlink()


def sweep_cache(cache: Path, own: Path) -> None:
    """Remove archives and half-written files that nobody uses any more; `own` has the files of the user's own."""
    config = config_folder()
    kept = (cache / "files", cache / "archives", own)
    inside = [Path(entry.path) for folder in kept for entry in _entries(folder)]
    temporary = Path(tempfile.gettempdir())
    for folder in (cache, cache / "converted", config, config / "cards", temporary, *inside):
        sweep(folder)
    for pattern, age_s in (
        ("archives/*/[!.]*", LEFTOVER_S),
        ("archives/*/.*.part", RESUME_S), ("files/*/.*.part", RESUME_S),
        ("archives/*/.*.lock", RESUME_S), ("files/*/.*.lock", RESUME_S),
    ):  # fmt: skip
        for path in cache.glob(pattern):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > age_s:
                    path.unlink()
                    path.parent.rmdir()   # refuses, rightly, while it holds more
