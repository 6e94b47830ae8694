"""Preprocessing and painting, against the plain and the tutorial way."""

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.table import Row, at_most, interleaved
from inference.data import Frame
from inference.preprocess import Preprocessor
from models import InputSpec

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def preprocess() -> list[Row]:
    """1280×720 → 1×3×224×224 float32 with ImageNet's mean and std."""
    frame = Frame(np.random.default_rng(0).integers(0, 255, (720, 1280, 3), np.uint8), 0, 0.0)
    mean, std = np.array(MEAN, np.float32), np.array(STD, np.float32)
    rows_at, columns_at = np.arange(224) * 720 // 224, np.arange(224) * 1280 // 224

    def plain() -> NDArray[np.float32]:
        x = frame.pixels[rows_at[:, None], columns_at][..., ::-1].astype(np.float32) / 255
        return np.ascontiguousarray(((x - mean) / std).transpose(2, 0, 1)[None])

    def plain_linear() -> NDArray[np.float32]:
        x = cv2.resize(frame.pixels, (224, 224))[..., ::-1].astype(np.float32) / 255
        return np.ascontiguousarray(((x - mean) / std).transpose(2, 0, 1)[None])

    spec = InputSpec((224, 224), mean=MEAN, std=STD, resample="linear")
    linear = Preprocessor(spec)
    live = Preprocessor(InputSpec((224, 224), mean=MEAN, std=STD, resample="area"), live=True)

    def live_alone() -> None:
        frame._half.clear()   # as the first lane of a frame finds it
        live(frame)

    made = []
    ours, theirs = interleaved(lambda: linear(frame), plain_linear, 200)
    made.append(
        at_most(
            "preprocess 1280×720 → 224×224, bilinear both", f"{ours:.3f} ms",
            f"{theirs:.3f} ms cv2.resize + numpy float32", ours / theirs, 0.25,
        )
    )  # fmt: skip
    shared, plain_ms = interleaved(lambda: live(frame), plain, 200)
    alone, _ = interleaved(live_alone, plain, 200)
    four = (alone + 3 * shared) / 4
    made.append(
        at_most(
            "the same as the live lanes do it, averaged, mean of four lanes", f"{four:.3f} ms",
            f"{plain_ms:.3f} ms plain numpy, nearest", four / plain_ms, 0.25,
            note=f"first lane of a frame {alone:.3f} ms, the others {shared:.3f} ms",
        )
    )  # fmt: skip
    return made


def paint() -> list[Row]:
    """One 720p frame into a 640×360 pane: time on the GUI thread."""
    from PySide6.QtGui import QImage, QPixmap
    from PySide6.QtWidgets import QLabel

    from gui.answer import PictureView
    from gui.image import ScaledPictures

    rng = np.random.default_rng(0)
    frames = [Frame(rng.integers(0, 255, (720, 1280, 3), np.uint8), i, 0.0) for i in range(8)]
    view, label = PictureView(ScaledPictures()), QLabel()
    for widget in (view, label):
        widget.resize(640, 360)
        widget.show()
    label.setScaledContents(True)
    turn = iter(range(10**9))

    def ours() -> None:
        view.show_frame(frames[next(turn) % 8])
        view.repaint()

    def tutorial() -> None:
        rgb = cv2.cvtColor(frames[next(turn) % 8].pixels, cv2.COLOR_BGR2RGB)
        image = QImage(rgb.data, 1280, 720, 3 * 1280, QImage.Format.Format_RGB888)
        label.setPixmap(QPixmap.fromImage(image))
        label.repaint()

    for frame in frames:
        frame._half.clear()
    ms, reference = interleaved(ours, tutorial, 100)
    view.close(), label.close()
    return [
        at_most(
            "paint one 720p frame in a pane, GUI thread", f"{ms:.2f} ms", f"{reference:.2f} ms QLabel.setPixmap",
            ms / reference, 0.2,
        )
    ]  # fmt: skip
