"""Calls that do not return in time: what is lost is told, once, whatever else goes on beside them."""

import subprocess
import sys
import threading

import pytest

from engine.errors import BackendLost
from engine.watchdog import FAILED, Watchdog

HANG = """
import threading
from engine.errors import BackendLost
from engine.watchdog import WATCHDOG
with WATCHDOG.limit(0.1, lambda: BackendLost("gpu", "It hangs.", "Mend it.")):
    threading.Event().wait()
"""


def lost(name):
    return lambda: BackendLost(name, "It hangs.")


@pytest.fixture
def given_up():
    """A watchdog that gives nothing up: what it would have, as it comes."""
    told, heard = [], threading.Event()

    def give_up(backend):
        told.append(backend.backend)
        heard.set()

    watchdog = Watchdog(give_up)
    watchdog.told, watchdog.heard = told, heard
    return watchdog


def test_what_hangs_is_given_up_once(given_up):
    with given_up.limit(0.0, lost("one")):
        assert given_up.heard.wait(10)
    assert given_up.told == ["one"]


def test_only_what_is_overdue_is_lost(given_up):
    assert given_up.overdue(1e9) is None
    given_up.enter(5.0, lost("outer"))
    given_up.enter(3.0, lost("inner"))
    assert given_up.overdue(2.0) is None
    assert given_up.overdue(4.0).backend == "inner"
    given_up.leave()
    assert given_up.overdue(4.0) is None
    assert given_up.overdue(6.0).backend == "outer"
    given_up.leave()
    assert given_up.overdue(6.0) is None


def test_calls_of_several_threads_are_looked_at(given_up):
    begun, over = threading.Event(), threading.Event()

    def beside():
        with given_up.limit(1e6, lost("beside")):
            begun.set()
            over.wait(10)

    thread = threading.Thread(target=beside)
    thread.start()
    begun.wait(10)
    with given_up.limit(1e7, lost("here")):
        assert given_up.overdue(1e12).backend == "beside"
    over.set()
    thread.join(10)
    assert given_up.overdue(1e12) is None


def test_an_error_ends_the_call_too(given_up):
    with pytest.raises(KeyError), given_up.limit(1e6, lost("one")):
        raise KeyError
    assert given_up.overdue(1e12) is None


def test_a_process_that_was_told_nothing_else_says_it_and_ends():
    done = subprocess.run([sys.executable, "-c", HANG], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == FAILED
    assert done.stderr == "flipscope: It hangs. Mend it.\n"
