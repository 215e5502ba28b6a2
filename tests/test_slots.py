"""The watch on the event loop itself: it sees a slot that burns, whole, once, and not one that waits."""

import time

import pytest
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from tests.slots import LIMIT, STEADY, _piece


class Receiver(QObject):
    """Does what it is told when any event of the user's kind arrives."""

    def __init__(self, act):
        super().__init__()
        self.setObjectName("it")
        self.act = act

    def customEvent(self, event):  # noqa: ARG002, N802 - Qt's signature
        self.act()


def burn(seconds=0.06):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


@pytest.fixture
def seen(qapp):
    """What the watch saw since the test began."""
    qapp.deliveries.clear()
    return qapp.deliveries


def test_a_slot_that_burns_is_seen_with_its_receiver_and_event(seen):
    QApplication.sendEvent(Receiver(burn), QEvent(QEvent.Type.User))
    (one,) = (one for one in seen if one.event == "User")
    assert one.seconds >= 0.06
    assert "ms for User to Receiver 'it'" in str(one)


def work(seconds):
    """So many seconds of it on a core of one's own."""
    for _ in range(round(seconds / STEADY)):
        _piece()


def test_what_takes_longer_than_the_limit_is_too_long_on_a_shared_core_too(seen):
    for seconds in (0.6 * LIMIT, 3 * LIMIT):
        QApplication.sendEvent(Receiver(lambda seconds=seconds: work(seconds)), QEvent(QEvent.Type.User))
    assert [one.too_long for one in seen if one.event == "User"] == [False, True]


def test_a_delivery_within_another_is_part_of_it(seen):
    inner = Receiver(burn)
    QApplication.sendEvent(
        Receiver(lambda: QApplication.sendEvent(inner, QEvent(QEvent.Type.User))), QEvent(QEvent.Type.User)
    )
    assert len([one for one in seen if one.event == "User"]) == 1


def test_a_slot_of_a_timer_is_seen(seen, qtbot):
    owner = Receiver(burn)
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.timeout.connect(owner.act)
    timer.start(0)
    qtbot.waitUntil(lambda: "QTimer of Receiver 'it'" in {one.receiver for one in seen})


def test_what_waits_costs_nothing(seen):
    QApplication.sendEvent(Receiver(lambda: time.sleep(0.06)), QEvent(QEvent.Type.User))
    assert not [one for one in seen if one.event == "User"]
