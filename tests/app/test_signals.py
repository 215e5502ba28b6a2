import signal

import pytest
from PySide6.QtCore import QObject

from app.signals import ENDING, Endings


@pytest.fixture
def told():
    return []


@pytest.fixture
def endings(told):
    parent = QObject()
    made = Endings(lambda: told.append("end"), parent)
    yield made
    made.remove()
    parent.deleteLater()


@pytest.mark.usefixtures("endings")
@pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
def test_a_signal_to_end_is_told_in_the_event_loop(qtbot, told, number):
    signal.raise_signal(number)
    assert told == []
    qtbot.waitUntil(lambda: told == ["end"], timeout=5000)


@pytest.mark.usefixtures("qapp")
def test_handlers_are_left_as_they_were_found():
    before = [signal.getsignal(number) for number in ENDING]
    made = Endings(lambda: None, parent := QObject())
    assert [signal.getsignal(number) for number in ENDING] != before
    made.remove()
    assert [signal.getsignal(number) for number in ENDING] == before
    parent.deleteLater()
