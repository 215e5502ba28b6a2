"""Every panel of every page says what is seen in it, and F1, a click or Enter on its title tells it."""

import re

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QFrame, QLineEdit, QSlider, QWidget

from app import lessons
from app.why import PanelHelp, explain, explained
from app.widgets.card import Card
from app.window import PAGES, Window

SENTENCE = re.compile(r"[.?!](?=\s|$)")


@pytest.fixture
def window(session, qtbot):
    made = Window(session)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(made, QEvent.Type.DeferredDelete)


def helps(window):
    return [dialog for dialog in window.findChildren(PanelHelp) if dialog.isVisible()]


def test_no_panel_is_without_help(window):
    learn = window.page("learn")
    assert learn.runs
    assert learn.setup
    panels = set()
    for name, _ in PAGES:
        cards = [one for one in window.page(name).findChildren(QFrame) if one.objectName() == "card"]
        assert cards
        for card in cards:
            panel = explained(card)
            assert panel is not None, f"{name}: {getattr(card, 'title', card)}"
            panels.add(panel)
    for panel in panels:
        seen, measured = panel.whatsThis(), panel.property("measured")
        assert len(SENTENCE.findall(seen)) == 2, seen
        assert measured.endswith("."), measured
        assert panel.property("lesson") in lessons.titles()
        if isinstance(panel, Card):
            assert measured in panel.title.toolTip()


CONTROLS = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit, QSlider)


def test_every_control_says_under_the_pointer_what_it_is(window):
    learn = window.page("learn")
    assert learn.runs
    assert learn.setup
    for name, _ in PAGES:
        inner = [one for one in window.page(name).findChildren(QWidget) if isinstance(one, CONTROLS)]
        silent = [one for one in inner if not one.toolTip() and not _is_part(one)]
        assert not silent, [f"{name}: {one.accessibleName()}" for one in silent]


def _is_part(widget):
    """Whether it is Qt's own, within a control."""
    return widget.objectName().startswith("qt_") or isinstance(widget.parent(), CONTROLS)


def test_f1_tells_about_the_panel_that_has_the_keys(window):
    learn = window.page("learn")
    window.show_page("learn")
    learn.loss.plot.setFocus()
    QTest.keyClick(window, Qt.Key.Key_F1)
    (dialog,) = helps(window)
    said = [label.text() for label in dialog.findChildren(type(learn.loss.title))]
    assert said[:2] == ["Loss", learn.loss.whatsThis()]
    assert any("methods.md" in text for text in said)


def test_a_title_is_pressed_or_entered(qtbot):
    card = Card("Mine", "hint")
    explain(card, "One thing. Another.", "In ms.", "bit")
    qtbot.addWidget(card)
    card.show()
    for press in (
        lambda: QTest.mouseClick(card.title, Qt.MouseButton.LeftButton),
        lambda: QTest.keyClick(card.title, Qt.Key.Key_Return),
    ):
        press()
        (dialog,) = [one for one in card.findChildren(PanelHelp) if one.isVisible()]
        dialog.reject()
    assert card.hint.toolTip() == "In ms."
