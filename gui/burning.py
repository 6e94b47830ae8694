"""Burn in: a recording as an ordinary video with its boxes, labels and times in the picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from gui.stage.answer import milliseconds
from gui.stage.fit import fitted
from gui.stage.lane_words import answers_of
from gui.stage.overlay import Boxes, draw_boxes, ink_on, percent
from gui.theme import DARK, Size, font
from inference.errors import Cancelled, LabError
from inference.live.avi import LARGEST, Video
from inference.live.record_video import LIKELY_FPS, jpeg_of
from inference.live.replay import Said, Track
from inference.live.sources.capture import open_capture
from models.progress import Report

LEAST_HIGH = 540      # px of the picture; smaller ones are enlarged, so that words can be read
PANEL = 0.8           # of the picture's height: how wide the answers beside it are


class Line(NamedTuple):
    """One lane in the panel."""

    title: str
    colour: QColor
    slot: int
    said: Said | None
    older: bool      # of another picture than the one that is shown


def free_path(video: Path) -> Path:
    """A name for the burnt video beside the recording that no file has yet."""
    names = (f"{video.stem}-answers{number}.avi" for number in ("", *(f"-{n}" for n in range(2, 1000))))
    return next(path for name in names if not (path := video.with_name(name)).exists())


def burn(video: Path, tracks: Sequence[Track], titles: Mapping[str, str], report: Report, cancelled: Event) -> Path:
    """Write a copy of this video with the answers in it; `titles` are what the models are called. Where it is.

    The picture stands still until a network has answered another one: an answer is never drawn over a picture that
    it does not belong to. Answers to an older picture step back.

    Raises:
        LabError: the video cannot be read, or the copy not written.
        Cancelled: `cancelled` was set; nothing is left of the copy.
    """
    capture = open_capture(str(video), cv2.CAP_FFMPEG)
    target, writer = free_path(video), None
    try:
        count = max(1, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        fps = capture.get(cv2.CAP_PROP_FPS)
        newest: dict[int, int] = {}   # index of the track: the frame of its newest answer
        jpeg, shown = b"", False
        for frame in range(count):
            ok, pixels = capture.read()
            if not ok:
                break
            if cancelled.is_set():
                raise Cancelled(video.name)
            said = [i for i, track in enumerate(tracks) if frame in track.said]
            newest.update(dict.fromkeys(said, frame))
            if said or not shown:
                shown = shown or bool(said)
                canvas = _drawn(pixels, frame, tracks, titles, newest)
                if writer is None:
                    rate = round(fps) if 1 <= fps <= 240 else LIKELY_FPS
                    writer = Video(target, (canvas.shape[0], canvas.shape[1]), rate)
                jpeg = jpeg_of(canvas, writer.size)
            assert writer is not None
            if writer.length > LARGEST:
                raise LabError(f"{target.name} is as long as a video can be; it ends there.", "It can be played.")
            writer.add(jpeg)
            report("Burning in", frame / count)
        if writer is None:
            raise LabError(f"{video.name} holds no picture.", "Choose another recording.")
    except Cancelled:
        if writer:
            writer.close()
            target.unlink(missing_ok=True)
        raise
    except OSError as error:
        raise LabError(f"{target} cannot be written: {error.strerror}.", "Make room there.") from error
    finally:
        capture.release()
        if writer and target.exists():
            writer.close()
    return target


def _drawn(
    pixels: NDArray[np.uint8], frame: int, tracks: Sequence[Track], titles: Mapping[str, str], newest: Mapping[int, int]
) -> NDArray[np.uint8]:
    """The picture with boxes, the panel beside it: (h, w, 3) BGR, both sides even."""
    height, width = pixels.shape[:2]
    scale = max(1.0, LEAST_HIGH / height)
    high, wide = (2 * round(side * scale / 2) for side in (height, width))
    panel = 2 * round(high * PANEL / 2)
    canvas = QImage(wide + panel, high, QImage.Format.Format_BGR888)
    canvas.fill(QColor(DARK.background))
    painter = QPainter(canvas)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    kept = np.ascontiguousarray(pixels)
    picture = QImage(kept.data, width, height, kept.strides[0], QImage.Format.Format_BGR888)
    place = QRectF(0, 0, wide, high)
    painter.drawImage(place, picture)
    lines = [
        Line(
            titles.get(track.spec.model, track.spec.model), DARK.lane(track.slot), track.slot,
            track.said[newest[i]] if i in newest else None, newest.get(i) != frame,
        )
        for i, track in enumerate(tracks)
    ]  # fmt: skip
    layers = [
        Boxes(found, line.colour) for line in lines
        if line.said and not line.older and (found := line.said.prediction.found)
    ]
    draw_boxes(painter, layers, place, (height, width), font(Size.LABEL, high / 720, bold=True))
    row = high / max(4, len(lines))
    for i, line in enumerate(lines):
        _draw_line(painter, QRectF(wide, i * row, panel, row - 2), line, row)
    painter.end()
    memory = np.frombuffer(canvas.constBits(), np.uint8).reshape(high, canvas.bytesPerLine())
    return memory[:, : 3 * (wide + panel)].reshape(high, wide + panel, 3).copy()


def _draw_line(painter: QPainter, field: QRectF, line: Line, row: float) -> None:
    """Number, name, best answer with its bar, and the time."""
    unit = row / 100
    painter.fillRect(field, QColor(DARK.surface))
    painter.fillRect(QRectF(field.left(), field.top(), 5 * unit, field.height()), line.colour)
    inner = field.adjusted(16 * unit, 8 * unit, -12 * unit, -8 * unit)
    left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
    middle = Qt.AlignmentFlag.AlignVCenter
    badge = QRectF(inner.left(), inner.top(), 24 * unit, 24 * unit)
    painter.fillRect(badge, line.colour)
    painter.setFont(font(16 * unit, bold=True))
    painter.setPen(ink_on(line.colour))
    painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, str(line.slot + 1))
    small = font(16 * unit)
    painter.setFont(small)
    painter.setPen(QColor(DARK.quiet))
    time = milliseconds(line.said.timing.latency) if line.said else ""
    aside = QFontMetricsF(small).horizontalAdvance("000.0 ms") + 8 * unit
    name = QRectF(badge.right() + 8 * unit, inner.top(), inner.right() - badge.right() - 8 * unit - aside, 24 * unit)
    cut = QFontMetricsF(small).elidedText(line.title, Qt.TextElideMode.ElideRight, name.width())
    painter.drawText(name, left | middle, cut)
    painter.drawText(QRectF(inner.right() - aside, inner.top(), aside, 24 * unit), right | middle, time)
    if not line.said:
        return
    painter.setOpacity(0.45 if line.older else 1.0)
    said = answers_of(line.said.prediction)
    score = percent(said.score) if said.best else ""
    bold = font(26 * unit, bold=True)
    number = QFontMetricsF(bold).horizontalAdvance("100 %") + 6 * unit
    best = QRectF(inner.left(), inner.top() + 28 * unit, inner.width() - number, 34 * unit)
    answer = said.best or line.said.prediction.nothing or "nothing"
    size, words = fitted(answer, int(best.width()), int(best.height()), bold.pixelSize())
    painter.setFont(font(size, bold=True))
    painter.setPen(QColor(DARK.text))
    painter.drawText(best, left | middle, "\n".join(words))
    painter.setFont(bold)
    painter.drawText(QRectF(inner.right() - number, best.top(), number, best.height()), right | middle, score)
    bar = QRectF(inner.left(), best.bottom() + 4 * unit, inner.width(), 5 * unit)
    painter.fillRect(bar, QColor(DARK.raised))
    bar.setWidth(bar.width() * min(1.0, max(0.0, said.score)))
    painter.fillRect(bar, line.colour)
    painter.setOpacity(1.0)
