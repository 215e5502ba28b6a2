"""The tour on fake children: every step points at a widget of its page, keys walk it, and the window is not held up."""

import itertools
from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtTest import QTest

from app import launch, lessons
from app.settings import Settings
from app.theme import theme
from app.tour_steps import STARTING, STEPS, UNTRAINED
from app.widgets.popover import MARGIN, placed
from app.window import Window
from engine import messages as m
from tests.app.frames import Trainer
from tests.app.test_session import info


@pytest.fixture
def window(session, qtbot):
    made = Window(session)
    made.resize(1280, 800)
    made.show()
    qtbot.waitExposed(made)
    layers = ((32, 784), (16, 32), (10, 16))
    session.inference.say(m.ModelLoaded(replace(info(session.model_key), layers=layers)))
    yield made
    made.close()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(made, QEvent.Type.DeferredDelete)
    theme().choose("dark")


@pytest.fixture
def tour(window):
    window.start_tour()
    return window.tour


def key(tour, which):
    QTest.keyClick(tour.popover, which)


SIZES = ((1024, 680), (1280, 800), (1600, 1000))


def test_every_step_points_at_a_visible_widget_and_covers_it_not(window, tour):
    for size, index in itertools.product(SIZES, range(len(STEPS))):
        window.resize(*size)
        tour.go(index)
        QCoreApplication.processEvents()
        tour.follow()
        step, popover = STEPS[index], tour.popover
        target = step.target(window)
        assert window.session.visible_page == step.page
        assert target.isVisible()
        assert tour.ring.isVisible()
        where = QRect(target.mapTo(window, QPoint(0, 0)), target.size())
        assert tour.ring.geometry().contains(where)
        assert window.rect().contains(popover.geometry())
        assert not popover.geometry().intersects(where), step.title or step.lesson
        assert popover.words.heightForWidth(popover.words.width()) <= popover.words.height()


def test_steps_are_of_lessons_and_say_what_is_measured(window):
    for step in STEPS:
        assert step.lesson in lessons.titles() or step.title
        assert step.fact(window) == UNTRAINED or not step.trains
    assert "weights in" in STEPS[0].fact(window)


def test_a_run_fills_the_steps_that_need_one(window, tour):
    tour.go(1)
    assert tour.popover.act.isVisible()
    tour.popover.act.click()
    assert window.session.trainer.last(m.StartRun) is not None
    assert not tour.popover.act.isVisible()  # asked for: not to be asked for again while the trainer starts
    assert {step.fact(window) for step in STEPS if step.trains} == {STARTING}
    trainer = Trainer(window.session.trainer)
    trainer.begin()
    trainer.frame()
    tour.follow()
    assert not tour.popover.act.isVisible()
    for step in STEPS:
        if step.trains:
            assert step.fact(window) not in (UNTRAINED, STARTING)


def test_keys_walk_it(window, tour):
    for which, index in ((Qt.Key.Key_Right, 1), (Qt.Key.Key_Return, 2), (Qt.Key.Key_Left, 1), (Qt.Key.Key_Enter, 2)):
        key(tour, which)
        assert tour.index == index
    QTest.keyClick(tour.popover.back, Qt.Key.Key_Left)
    assert tour.index == 1
    key(tour, Qt.Key.Key_Escape)
    assert not tour.under_way
    assert not tour.popover.isVisible()
    assert not tour.ring.isVisible()
    QTest.keyClick(window, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    assert tour.under_way
    assert tour.index == 0


def test_done_ends_it_and_back_stops_at_the_first(tour):
    key(tour, Qt.Key.Key_Left)
    assert tour.index == 0
    tour.go(len(STEPS) - 1)
    assert tour.popover.on.text() == "Done"
    tour.popover.on.click()
    assert not tour.under_way


def test_the_window_is_used_meanwhile_and_the_step_waits_in_the_corner(window, tour, qtbot):
    theme().choose("light")
    window.page("kernels")
    window.show_page("kernels")
    tour.follow()
    assert not tour.ring.isVisible()
    assert tour.popover.geometry().bottomRight() == window.rect().bottomRight() - QPoint(MARGIN, MARGIN)
    tour.popover.on.click()
    assert window.session.visible_page == "learn"
    before = tour.popover.geometry()
    window.resize(1600, 1000)
    qtbot.waitUntil(lambda: tour.popover.geometry() != before)


def test_an_empty_canvas_gets_a_digit_that_undo_takes_back(window, tour):
    assert window.session.settings.toured
    canvas = window.draw.canvas
    assert len(canvas.drawing.strokes) == 1
    tour.begin()
    assert len(canvas.drawing.strokes) == 1
    canvas.undo_stack.undo()
    assert canvas.drawing.empty


def test_a_popover_lies_beside_its_target_or_in_the_corner():
    size, room = QSize(300, 200), QRect(0, 0, 1000, 600)
    for target, side in (
        (QRect(100, 100, 200, 100), "right"),
        (QRect(700, 100, 280, 100), "left"),
        (QRect(0, 0, 1000, 100), "below"),
        (QRect(0, 400, 1000, 200), "above"),
        (QRect(0, 0, 1000, 600), ""),
        (None, ""),
    ):
        where, found = placed(size, target, room)
        assert found == side
        assert room.contains(where)
        assert target is None or not side or not where.intersects(target)


@pytest.mark.parametrize(
    ("arguments", "settings", "begun"),
    [
        ({}, Settings(), True),
        ({}, Settings(toured=True), False),
        ({"quit_after": 5.0}, Settings(), False),
        ({"page": "learn"}, Settings(), False),
        ({"path": "m.safetensors"}, Settings(), False),
    ],
)
def test_it_begins_by_itself_on_a_plain_first_visit_alone(arguments, settings, begun):
    assert launch.first_visit(settings, **arguments) == begun
