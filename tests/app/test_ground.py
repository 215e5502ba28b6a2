"""What says that it paints all of itself does: what it leaves out would be whatever lay there before."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QRegion
from PySide6.QtWidgets import QWidget

from app.window import PAGES
from tests.app.frames import Trainer
from tests.app.test_accessibility import drop, make_window

NEVER = QColor(255, 0, 255)
"""No palette has it."""


@pytest.fixture
def window(session, qtbot):
    made = make_window(session, qtbot)
    yield made
    drop(made)


def left_out(widget):
    """The share of its pixels that a widget does not paint."""
    image = QImage(widget.size(), QImage.Format.Format_RGB32)
    image.fill(NEVER)
    widget.render(image, QPoint(), QRegion(), QWidget.RenderFlag(0))
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)[:, : image.width()]
    return np.count_nonzero(pixels == NEVER.rgb()) / pixels.size


def opaque(page):
    return [
        widget
        for widget in page.findChildren(QWidget)
        if widget.testAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent) and widget.isVisibleTo(page)
    ]


def views(window):
    """Every page, and of the labs each."""
    for name, _ in PAGES:
        window.show_page(name)
        page = window.page(name)
        for tab in range(4) if name == "labs" else (None,):
            if tab is not None:
                page.show_tab(tab)
            yield page


@pytest.mark.parametrize("running", [False, True])
def test_what_says_that_it_paints_all_of_itself_does(window, session, running):
    if running:
        trainer = Trainer(session.trainer)
        trainer.begin()
        trainer.frame()
    met = 0
    for page in views(window):
        for widget in opaque(page):
            met += 1
            assert left_out(widget) == 0, f"{type(widget).__name__} '{widget.accessibleName()}'"
    assert met > 10
