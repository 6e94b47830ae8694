"""What a network answers by its card's own recipe, beside what it answers through a lens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from inference.data import Ask, Result

if TYPE_CHECKING:
    from inference.live.recognise import Recognise


def with_usual(recognise: Recognise, result: Result, ask: Ask) -> Result:
    """Where a lens with a recipe of its own shows what was given: the same picture again, as the card says.

    The second answer is not timed: `result` keeps the figures of the first. Smoothing would mix the two.
    """
    if result.seen is None or ask.lens is None or ask.lens.input is None:
        return result
    usual = recognise(result.frame, replace(ask, lens=None, smoothing=False), idle=0.0, turn=0.0)
    return replace(result, seen=replace(result.seen, usual=usual.prediction)) if usual else result
