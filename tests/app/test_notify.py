"""The toast in the corner of the window: its report, and what its button says."""

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from app.notify import Toast


@pytest.fixture
def toast(qtbot):
    window = QWidget()
    window.resize(800, 600)
    qtbot.addWidget(window)
    return Toast(window)


def test_every_report_can_be_copied(toast):
    for report in ("the first", "the second"):
        toast.say("Something unexpected happened.", report)
        assert toast._copy.text() == "Copy report"
        toast._copy.click()
        assert toast._copy.text() == "Copied"
        assert QGuiApplication.clipboard().text() == report
