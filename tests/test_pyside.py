"""The pinned PySide6 must not lose references: 6.12.0 does on Python 3.10 and 3.11, and aborts within a minute."""

import sys

import pytest
from PySide6.QtWidgets import QWidget


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on: nothing can be lost")
def test_void_calls_keep_the_references_of_none(qapp):
    widget = QWidget()
    before = sys.getrefcount(None)
    for _ in range(1000):
        widget.update()
    assert sys.getrefcount(None) > before - 500
