"""The worker drives lanes by urgency, rests, steps, cancels and reports; on a service made for the purpose."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import ClassVar

import psutil
import pytest

from engine import messages as m
from engine import worker
from engine.errors import BackendLost, BadInput
from engine.worker import REST, STEP, Worker


@dataclass(frozen=True)
class Count(m.Command):
    """Says 0 … upto-1, one a step."""

    lane: ClassVar[str | None] = "count"
    urgency: ClassVar[int] = 5
    upto: int = 3
    paused: bool = False


@dataclass(frozen=True)
class Stuck(m.Command):
    lane: ClassVar[str | None] = "stuck"


@dataclass(frozen=True)
class Ask(m.Command):
    lane: ClassVar[str | None] = "ask"
    urgency: ClassVar[int] = 0
    what: str


@dataclass(frozen=True)
class Instant(m.Command):
    what: str


@dataclass(frozen=True)
class Said(m.Event):
    text: str


class Service:
    """Counts, answers and fails on demand; can post further commands in the middle of its work."""

    def __init__(self):
        self.during = {}
        self.at_rest_post = []
        self.ended = []
        self.post = None

    def versions(self):
        return {}

    def at_rest(self, lane):
        yield Said(f"{lane} rests")
        for command in self.at_rest_post.pop(0) if self.at_rest_post else ():
            self.post(command)

    def close(self):
        self.ended.append("service")

    def carry_out(self, command):
        match command:
            case Count(upto):
                return self._count(upto)
            case Stuck():
                return self._stuck()
            case Ask(what):
                return (Said(word) for word in (what,))
            case Instant("slowly"):
                return self._count(2)
            case Instant("expected"):
                raise BadInput("It was wrong.", "Do it right.")
            case Instant("lost"):
                raise BackendLost("gpu", "It failed.", "Mend it.")
            case Instant("unexpected"):
                raise RuntimeError("boom")
        return None

    def _stuck(self):
        yield Said("stuck")
        yield REST
        for command in self.during.pop(0, ()):
            self.post(command)
        yield Said("free")

    def _count(self, upto):
        try:
            for i in range(upto):
                for command in self.during.pop(i, ()):
                    self.post(command)
                yield Said(str(i))
                yield STEP
        finally:
            self.ended.append("count")


@pytest.fixture
def stage():
    service = Service()
    said = []
    worker = Worker(service, said.append)
    service.post = worker.post

    def play(*commands):
        for command in commands:
            worker.post(command)
        worker.run()
        return [event.text if isinstance(event, Said) else event for event in said]

    return service, play


def test_a_generator_is_driven_to_its_end_and_its_end_is_told(stage):
    service, play = stage
    service.during = {2: [m.Shutdown()]}
    assert play(Count(3)) == ["0", "1", "2"]
    assert service.ended == ["count", "service"]


def test_an_urgent_lane_goes_between_two_slices(stage):
    service, play = stage
    service.during = {1: [Ask("now")], 2: [m.Shutdown()]}
    assert play(Count(3))[:5] == ["0", "1", "now", m.Done("ask"), "2"]


def test_a_newer_command_replaces_the_older_one_of_its_lane(stage):
    service, play = stage
    service.during = {1: [Count(1), Ask("x"), m.Shutdown()]}
    assert play(Count(9)) == ["0", "1"]
    assert service.ended == ["count", "service"]


def test_pause_rests_resume_goes_on_and_what_rests_is_told(stage):
    service, play = stage
    service.during = {0: [m.Pause("count"), Ask("meanwhile"), m.Resume("count")], 1: [m.Shutdown()]}
    assert play(Count(2)) == ["0", "count rests", "meanwhile", m.Done("ask"), "1"]


def test_a_single_step_ends_in_rest(stage):
    service, play = stage
    service.at_rest_post = [[], [Ask("after"), m.Shutdown()]]
    heard = play(Count(5, paused=True), m.StepOnce("count"), Ask("before"))
    assert heard == ["count rests", "before", m.Done("ask"), "0", "count rests"]


def test_a_generator_may_rest_by_itself_until_it_is_let_go_on(stage):
    service, play = stage
    service.at_rest_post = [[Ask("meanwhile"), m.Resume("stuck")]]
    service.during = {0: [m.Shutdown()]}
    assert play(Stuck()) == ["stuck", "stuck rests", "meanwhile", m.Done("ask"), "free"]


def test_cancel_ends_a_lane_and_its_finally_runs(stage):
    service, play = stage
    service.during = {1: [m.Cancel("count"), m.Shutdown()]}
    assert play(Count(9)) == ["0", "1"]
    assert service.ended == ["count", "service"]


def test_an_expected_failure_is_told_in_two_halves_and_nothing_stops(stage):
    _, play = stage
    heard = play(Instant("expected"), Instant("fine"), m.Shutdown())
    assert heard == [m.Failed("Instant", "It was wrong.", "Do it right.")]


def test_a_lost_backend_is_told_and_the_worker_ends(stage):
    service, play = stage
    service.during = {1: [Instant("lost"), Instant("fine")]}
    assert play(Count(9)) == ["0", "1", m.BackendLost("gpu", "It failed.", "Mend it.")]
    assert service.ended == ["count", "service"]


def test_an_unexpected_failure_is_told_with_its_traceback(stage):
    _, play = stage
    (crashed,) = play(Instant("unexpected"), m.Shutdown())
    assert isinstance(crashed, m.Crashed)
    assert "RuntimeError: boom" in crashed.report


def test_commands_without_a_lane_do_not_replace_each_other(stage):
    service, play = stage
    service.at_rest_post = [[], [m.Shutdown()]]
    heard = play(Instant("slowly"), Instant("slowly"), Count(1, paused=True), m.StepOnce("count"))
    assert heard[0] == "count rests"
    assert sorted(heard[1:5]) == ["0", "0", "1", "1"]


def starts_one_that_comes_too_late():
    """Start a process and be killed at once, long before that can ask the kernel to end it too."""
    process = multiprocessing.get_context("spawn").Process(target=comes_too_late, args=(os.getpid(),))
    process.start()
    print(process.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def comes_too_late(parent):
    while os.getppid() == parent:
        time.sleep(0.01)
    worker._die_with_parent()
    time.sleep(600)


@pytest.mark.skipif(sys.platform == "win32", reason="an orphan's parent keeps its number there")
def test_who_comes_after_its_parents_end_ends_too():
    code = f"from {__name__} import starts_one_that_comes_too_late as start; start()"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
    orphan = [one for one in psutil.process_iter() if one.pid == pid]
    _, alive = psutil.wait_procs(orphan, timeout=30)
    for one in alive:
        one.kill()
    assert not alive
