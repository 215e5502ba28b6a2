"""The sheet on the parts of the window: what is seen has it before it is painted, the rest a little later."""

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app.dress import Dresser

ONE, OTHER = "QLabel { color: #010203; }", "QLabel { color: #040506; }"


@pytest.fixture
def dresser(qapp):
    made = Dresser(qapp)
    made.put_on(ONE)
    yield made
    made.deleteLater()
    QCoreApplication.sendPostedEvents(made, QEvent.Type.DeferredDelete)


@pytest.fixture
def parts(dresser, qtbot):
    """A window with two parts that are dressed, one shown and one hidden."""
    window = QWidget()
    qtbot.addWidget(window)
    row = QHBoxLayout(window)
    made = (QLabel("seen"), QLabel("not seen"))
    for part in made:
        row.addWidget(part)
        dresser.add(part)
    made[1].hide()
    window.show()
    yield made
    window.close()


def color(label):
    return label.palette().windowText().color().name()


def test_what_is_added_is_dressed_at_once(parts):
    assert {color(part) for part in parts} == {"#010203"}


def test_what_is_seen_is_dressed_first_and_the_rest_later(dresser, parts, qtbot):
    seen, hidden = parts
    dresser.put_on(OTHER)
    assert color(seen) == "#010203"  # not in the slot that asked for it
    QCoreApplication.sendPostedEvents()
    assert color(seen) == "#040506"
    assert color(hidden) == "#010203"
    qtbot.waitUntil(lambda: color(hidden) == "#040506")


def test_what_is_shown_before_its_turn_is_dressed(dresser, parts):
    dresser.put_on(OTHER)
    parts[1].show()
    assert color(parts[1]) == "#040506"


def test_a_part_that_is_gone_is_forgotten(dresser, parts):
    seen, hidden = parts
    seen.deleteLater()
    QCoreApplication.sendPostedEvents(seen, QEvent.Type.DeferredDelete)
    dresser.put_on(OTHER)
    QCoreApplication.sendPostedEvents()
    hidden.show()
    assert color(hidden) == "#040506"
