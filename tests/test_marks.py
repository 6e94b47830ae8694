"""Points of a pose and turned boxes, painted over a picture where they are."""

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFont, QImage, QPainter

from gui.stage.overlay import PERSON, Boxes, draw_boxes
from inference.data import Detections

COLOUR = QColor("#FF0000")


@pytest.fixture
def painted(qtbot):
    def paint(found: Detections) -> QImage:
        image = QImage(200, 100, QImage.Format.Format_RGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        font = QFont()
        font.setPixelSize(14)
        draw_boxes(painter, (Boxes(found, COLOUR),), QRectF(0, 0, 200, 100), (50, 100), font, tags=False)   # at twice
        painter.end()
        return image

    return paint


def one(points: np.ndarray | None = None, angles: np.ndarray | None = None) -> Detections:
    box = np.array([[30, 20, 70, 30]], np.float32)
    return Detections(box, np.array([0.9], np.float32), ("person",), (0,), points, angles)


def is_red(image: QImage, x: int, y: int) -> bool:
    near = [QColor(image.pixel(x + dx, y + dy)) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    return any(c.red() > 180 and c.green() < 90 for c in near)


def test_points_lie_where_they_are_and_those_nobody_is_sure_of_are_left_out(painted):
    points = np.zeros((1, 3, 3), np.float32)
    points[0] = [[10, 40, 0.9], [90, 10, 0.9], [50, 45, 0.2]]
    image = painted(one(points))
    assert is_red(image, 20, 80)
    assert is_red(image, 180, 20)
    assert not is_red(image, 100, 90)
    assert not is_red(image, 60, 90)   # three points are no person: nothing joins them


def test_a_persons_points_are_joined(painted):
    points = np.zeros((1, PERSON, 3), np.float32)
    points[0, 5], points[0, 7] = [10, 40, 0.9], [90, 40, 0.9]   # shoulder and elbow
    image = painted(one(points))
    assert is_red(image, 100, 80)


def test_a_turned_box_is_turned_about_its_middle(painted):
    straight, turned = painted(one()), painted(one(angles=np.array([np.pi / 2], np.float32)))
    assert is_red(straight, 60, 50)       # the left side
    assert not is_red(turned, 60, 50)
    assert is_red(turned, 90, 50)         # 40 × 10 px about 100 50 stands upright: 90..110 × 10..90
    assert is_red(turned, 100, 10)
