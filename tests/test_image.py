"""Frames as Qt images: what is prepared, and what is not."""

import numpy as np

from gui.stage.image import PREPARE_S, ScaledPictures
from inference.data import Frame


def test_a_picture_that_stands_is_prepared_once():
    pictures = ScaledPictures()
    pixels = np.zeros((40, 60, 3), np.uint8)
    first = Frame(pixels, 0, 0.0)
    again = Frame(pixels, 1, 2 * PREPARE_S, shared=first.shared)
    pictures.prepare(first)
    pictures.prepare(again)
    assert pictures.newest is first   # what shows it need not paint it again
    moved = Frame(pixels.copy(), 2, 4 * PREPARE_S)
    pictures.prepare(moved)
    assert pictures.newest is moved


def test_another_source_begins_anew():
    pictures = ScaledPictures()
    pixels = np.zeros((40, 60, 3), np.uint8)
    pictures.prepare(Frame(pixels, 0, 0.0))
    pictures.forget()
    frame = Frame(pixels, 0, 2 * PREPARE_S)
    pictures.prepare(frame)
    assert pictures.newest is frame
