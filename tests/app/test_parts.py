"""What is made in parts: one a call, children from the first on, whole when asked for."""

import pytest
from PySide6.QtWidgets import QLabel, QStackedWidget, QWidget

import app.labs
from app.page_stack import MAKERS, _maker
from app.parts import InParts, imported


class Pair(InParts):
    def parts(self):
        self.first = QLabel("first")
        yield
        self.second = QLabel("second")


def test_it_is_made_part_by_part(qtbot):
    made = Pair()
    qtbot.addWidget(made)
    assert made.findChildren(QWidget) == []
    assert made.make_part()
    assert made.findChildren(QWidget) == [made.first]
    assert not made.whole
    assert not made.make_part()
    assert made.whole
    assert made.findChildren(QWidget) == [made.first, made.second]
    assert not made.make_part()


def test_what_is_left_is_made_when_the_whole_is_wanted(qtbot):
    made = Pair()
    qtbot.addWidget(made)
    made.make_part()
    first = made.first
    assert made.make_whole() is made
    assert made.findChildren(QWidget) == [first, made.second]


def test_modules_of_a_package_are_imported():
    assert {"app.labs.faults", "app.labs.graph"} <= {module.__name__ for module in imported(app.labs)}


@pytest.mark.parametrize("name", MAKERS)
def test_a_page_hears_of_changes_while_it_is_made(name, session, qtbot):
    stack = QStackedWidget()
    qtbot.addWidget(stack)
    page = _maker(name)(session, stack)
    news = (session.run_changed, session.models_changed, session.model_changed, session.backends_changed)
    while page.make_part():
        for signal in (*news, session.mode_changed, session.children_changed, session.jobs.changed):
            signal.emit()
