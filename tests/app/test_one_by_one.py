"""Things done one in each turn of the event loop."""

import pytest
from PySide6.QtCore import QObject, QTimer

from app.one_by_one import OneByOne


@pytest.fixture
def done():
    return []


@pytest.fixture
def ours(qapp):  # noqa: ARG001 - timers need one
    owner = QObject()
    yield OneByOne(owner)
    owner.deleteLater()


def test_one_that_fails_holds_nothing_else_up(ours, done):
    def fails():
        raise ValueError

    ours.want(fails, lambda: done.append(1))
    ours.going = True
    with pytest.raises(ValueError):  # noqa: PT011
        ours.do_next()
    assert ours._turn.isActive()
    ours.do_next()
    assert done == [1]


def test_each_has_a_turn_of_its_own_and_others_come_between(ours, done, qtbot):
    first, second = lambda: done.append(1), lambda: done.append(2)
    ours.want(first, second, first)
    ours.go()
    assert done == []
    QTimer.singleShot(0, lambda: done.append("another's"))
    qtbot.waitUntil(lambda: len(done) == 3)
    assert done[-1] == 2
    assert sorted(map(str, done)) == ["1", "2", "another's"]


def test_what_is_wanted_again_keeps_its_place_and_is_done_once(ours, done):
    first, second = lambda: done.append(1), lambda: done.append(2)
    ours.want(first, second)
    ours.want(second, first)
    for _ in range(4):
        ours.do_next()
    assert done == [1, 2]
    assert not ours.waits


def test_what_is_done_at_once_is_not_done_again(ours, done):
    first, second = lambda: done.append(1), lambda: done.append(2)
    ours.want(first, second)
    ours.do_now(second)
    ours.do_next()
    ours.do_next()
    assert done == [2, 1]


def test_who_wants_something_all_the_time_leaves_the_others_their_turns(ours, done, qtbot):
    def again():
        done.append("again")
        ours.want(again)

    ours.go()
    ours.want(again, lambda: done.append("other"))
    qtbot.waitUntil(lambda: len(done) >= 5)
    ours.rest()
    assert done[:3] == ["again", "other", "again"]


def test_while_it_rests_all_waits(ours, done, qtbot):
    ours.go()
    ours.want(lambda: done.append(1))
    ours.rest()
    qtbot.wait(20)
    assert done == []
    ours.go()
    qtbot.waitUntil(lambda: done == [1])
