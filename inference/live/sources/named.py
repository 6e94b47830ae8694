"""What is neither a word of the table, nor a number, nor here as a file: a camera by its name, or a mistake."""

import os
import re
from difflib import get_close_matches
from pathlib import Path

from inference.errors import SourceError
from inference.live import sources
from inference.live.sources import Source, Wish
from inference.live.sources.camera import camera


def made(text: str, wish: Wish) -> Source:
    """A camera by its name or a part of it, the whole name first.

    Raises:
        SourceError: there is none; the hint suggests the nearest of all that there is.
    """
    looks_like_a_file = bool(re.search(r"[/\\]|\.\w{2,4}$", text))
    there = [] if looks_like_a_file or not text else sources.cameras()
    word = text.casefold()
    fits = [c for c in there if c.name.casefold() == word] or [c for c in there if word in c.name.casefold()]
    if fits:
        return camera(fits[0], wish)
    if looks_like_a_file:
        path = Path(os.path.expanduser(text))
        try:
            beside = [entry.name for entry in path.parent.iterdir()]
        except (OSError, ValueError):
            beside = []
        near = get_close_matches(path.name, beside, 1)
        raise SourceError(
            f"There is no file or folder {text}.",
            f"Did you mean {path.parent / near[0]}?" if near else "Check its name.",
        )
    words = ["auto", "camera", "digits", "pattern", "reel"]
    names = {name.casefold(): name for name in (*words, *(c.name for c in there), *_here())}
    near = get_close_matches(word, names, 1, 0.6)
    raise SourceError(
        f"There is no source called {text!r}." if text else "No source was named.",
        f"Did you mean {names[near[0]]}?"
        if near
        else f"Try {', '.join(words)}, a camera's number or name, a file, a folder or an address.",
    )


def _here() -> list[str]:
    """The names in the working folder, for a suggestion."""
    try:
        return [entry.name for entry in Path().iterdir()]
    except OSError:
        return []
