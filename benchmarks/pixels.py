"""Preprocessing and painting, against the plain and the tutorial way."""

from statistics import median
from time import perf_counter, sleep

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.table import Row, at_most, interleaved
from gui.stage.image import PREPARE_S
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
        frame.shared.half = None   # as the first lane of a frame finds it
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
    """One 720p frame into a 640×360 pane: time on the window's thread; scaling is the capture thread's work."""
    from PySide6.QtGui import QImage, QPixmap
    from PySide6.QtWidgets import QApplication, QLabel

    from gui.stage.answer import PictureView
    from gui.stage.image import ScaledPictures

    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 255, (720, 1280, 3), np.uint8) for _ in range(8)]
    scaled = ScaledPictures()
    view, label = PictureView(scaled), QLabel()
    for widget in (view, label):
        widget.resize(640, 360)
        widget.show()
    label.setScaledContents(True)
    view.show_frame(Frame(pictures[0], 0, 0.0))
    QApplication.processEvents()   # on screen before anything is measured, and the pane's size is known
    times: tuple[list[float], list[float], list[float]] = ([], [], [])
    for i in range(150):
        frame = Frame(pictures[i % 8], i, 0.0)
        sleep(PREPARE_S)
        start = perf_counter()
        frame = Frame(frame.pixels, i, start)
        scaled.prepare(frame)
        prepared = perf_counter()
        view.show_frame(frame)
        view.repaint()
        painted = perf_counter()
        sleep(PREPARE_S)   # each as it comes to a window that has done nothing for a while
        theirs = perf_counter()
        rgb = cv2.cvtColor(frame.pixels, cv2.COLOR_BGR2RGB)
        image = QImage(rgb.data, 1280, 720, 3 * 1280, QImage.Format.Format_RGB888)
        label.setPixmap(QPixmap.fromImage(image))
        label.repaint()
        end = perf_counter()
        for kept, value in zip(times, (prepared - start, painted - prepared, end - theirs), strict=True):
            kept.append(value * 1e3)
    scaling, ours, reference = (median(kept) for kept in times)
    assert view.painted > 150, "nothing was painted"
    view.close(), label.close()
    return [
        at_most(
            "paint one 720p frame in a pane, window's thread", f"{ours:.2f} ms", f"{reference:.2f} ms QLabel.setPixmap",
            ours / reference, 0.2, note=f"and {scaling:.2f} ms of scaling on the capture thread",
        )
    ]  # fmt: skip
