"""From pen to painted prediction: skipped movements count in full."""

from app.pen_clock import PenClock


def test_waiting_question_is_as_old_as_its_first_movement():
    clock = PenClock()
    clock.asked(1.0)
    clock.asked(2.0)
    clock.asked(3.0)
    clock.answered()
    clock.painted(4.0)
    clock.answered()
    clock.painted(6.0)
    assert list(clock.seconds) == [3.0, 4.0]
    assert clock.typical == 3.5


def test_painting_without_an_answer_is_nothing():
    clock = PenClock()
    clock.asked(1.0)
    clock.painted(2.0)
    clock.answered()
    clock.forget()
    clock.painted(3.0)
    assert clock.typical is None


def test_question_that_no_pen_caused_is_not_counted():
    clock = PenClock()
    clock.asked(None)
    clock.asked(None)
    clock.asked(5.0)
    clock.answered()
    clock.painted(6.0)
    clock.answered()
    clock.painted(7.0)
    assert list(clock.seconds) == [2.0]
