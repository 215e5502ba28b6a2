"""How long a job may still take, from how far it is."""

from engine import messages as m
from engine.pace import Pace, progress_text


def test_pace_is_told_from_the_share_that_is_done():
    now = [10.0]
    pace = Pace(lambda: now[0])
    now[0] = 14.0
    assert pace.timed(m.Progress("job", "x", 0.25)).seconds_left == 12.0
    assert pace.timed(m.Progress("job", "x", 0.001)).seconds_left is None
    assert pace.timed(m.Progress("job", "x")).seconds_left is None
    assert progress_text(m.Progress("job", "Breaking", 0.25, 12.0)) == "Breaking, 25 %, about 12 s left"
    assert progress_text(m.Progress("job", "Breaking", None, 300.0)) == "Breaking, about 5 min left"


def test_what_was_done_before_tells_nothing_of_the_pace():
    now = [10.0]
    pace = Pace(lambda: now[0], done=0.5)
    now[0] = 14.0
    assert pace.timed(m.Progress("job", "x", 0.5)).seconds_left is None
    assert pace.timed(m.Progress("job", "x", 0.75)).seconds_left == 4.0
