"""A child process of either world: takes commands, drives their generators in slices, sends what they yield."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import importlib
import itertools
import logging
import multiprocessing
import os
import platform
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterator
from multiprocessing.connection import Connection
from typing import Protocol

from engine import messages as m
from engine.errors import BackendLost, FlipscopeError, refusal
from engine.outbox import Outbox
from engine.watchdog import WATCHDOG

log = logging.getLogger(__name__)

SERVICES: dict[m.World, str] = {
    "torch": "engine.training.service",
    "inference": "engine.inference.service",
    "peers": "engine.inference.peers",
    "gpu": "gpu.service",
    "diagrams": "engine.verify.service",
}


class StepMark:
    """Yielded by a generator where one step, in the sense of StepOnce, is complete."""


class RestMark:
    """Yielded by a generator that cannot go on by itself: its lane rests, as after Pause."""


STEP = StepMark()
REST = RestMark()
Slice = m.Event | StepMark | RestMark | None
"""What a generator yields: an event to send, a mark, or None, at least every 10 ms of its own steps."""
Run = Generator[Slice, None, None]
"""What carries a command out in slices."""
BACKEND_LOST = 75
"""Exit code of a child that ended because a backend failed in it (sysexits.h: try again later)."""


BELOW_NORMAL = 0x4000
"""Windows's name for the priority class below that of a window."""
BEHIND, LAST = 5, 10
"""Steps behind the window: of what trains, which has a quarter of a core that another program would have for itself,
and of what is measured or looked for beside it, which has a tenth.
"""


class Service(Protocol):
    """What a world can do. Knows nothing of pipes; its methods run in the worker's main thread."""

    def versions(self) -> dict[str, str]:
        """Versions of what this world imported, for ChildReady."""

    def carry_out(self, command: m.Command) -> Run | None:
        """Carry a command out at once, or give the generator that does. Events of both are sent as they come."""

    def at_rest(self, lane: str) -> Iterator[m.Event]:
        """What is to be sent when a lane rests: paused, begun so, after its single step, or by its own REST."""

    def close(self) -> None:
        """The child ends: let go of what is held."""


class Worker:
    """Drives a service: pause, step, cancel and urgency are written here, once, for every generator."""

    def __init__(self, service: Service, send: Callable[[m.Event], None]) -> None:
        self._service = service
        self._send = send
        self._inbox: queue.SimpleQueue[m.Command] = queue.SimpleQueue()
        self._lanes: dict[str, tuple[m.Command, Run]] = {}
        self._resting: set[str] = set()
        self._stepping: set[str] = set()
        self._once = itertools.count()
        self._closing = False
        self.lost = False
        """Whether it ended because a backend was lost."""

    def post(self, command: m.Command) -> None:
        """Hand over a command from any thread."""
        self._inbox.put(command)

    def run(self) -> None:
        """Work until Shutdown."""
        try:
            while not self._closing:
                self._read_inbox()
                lane = self._most_urgent()
                if lane is not None and not self._closing:
                    self._drive(lane)
        finally:
            for lane in list(self._lanes):
                self._end(lane)
            self._service.close()

    def _read_inbox(self) -> None:
        """Carry out what has arrived; wait for it where nothing else is to be done."""
        if self._most_urgent() is None:
            self._carry_out(self._inbox.get())
        while not self._closing and not self._inbox.empty():
            self._carry_out(self._inbox.get())

    def _most_urgent(self) -> str | None:
        able = [lane for lane in self._lanes if lane not in self._resting or lane in self._stepping]
        return min(able, key=lambda lane: self._lanes[lane][0].urgency, default=None)

    def _carry_out(self, command: m.Command) -> None:
        match command:
            case m.Shutdown():
                self._closing = True
            case m.Pause(target):
                if target in self._lanes and target not in self._resting:
                    self._resting.add(target)
                    self._settle(target)
            case m.Resume(target):
                self._resting.discard(target)
                self._stepping.discard(target)
            case m.StepOnce(target):
                if target in self._lanes:
                    self._resting.add(target)
                    self._stepping.add(target)
            case m.Cancel(target):
                self._end(target)
            case _:
                self._start(command)

    def _start(self, command: m.Command) -> None:
        if command.lane is not None:
            self._end(command.lane)
        with self._reporting(command):
            generator = self._service.carry_out(command)
            if generator is None:
                return
            lane = command.lane or f"once {next(self._once)}"
            self._lanes[lane] = (command, generator)
            if getattr(command, "paused", False):
                self._resting.add(lane)
                self._settle(lane)

    def _drive(self, lane: str) -> None:
        command, generator = self._lanes[lane]
        finished = True
        with self._reporting(command):
            try:
                said = next(generator)
                finished = False
                if isinstance(said, m.Event):
                    self._send(said)
                elif said is REST or (said is STEP and lane in self._stepping):
                    self._resting.add(lane)
                    self._stepping.discard(lane)
                    self._settle(lane)
            except StopIteration:
                pass
        if finished:
            self._forget(lane)
            if command.lane is not None:
                self._send(m.Done(lane))

    def _settle(self, lane: str) -> None:
        for event in self._service.at_rest(lane):
            self._send(event)

    def _end(self, lane: str) -> None:
        if lane in self._lanes:
            command, generator = self._lanes[lane]
            with self._reporting(command):
                generator.close()
            self._forget(lane)

    def _forget(self, lane: str) -> None:
        self._lanes.pop(lane, None)
        self._resting.discard(lane)
        self._stepping.discard(lane)

    @contextlib.contextmanager
    def _reporting(self, command: m.Command) -> Iterator[None]:
        """Turn an exception into what is said of it; the child lives on."""
        name = type(command).__name__
        try:
            yield
        except BackendLost as error:
            log.exception("%s lost %s", name, error.backend)
            self._send(told(error))
            self._closing = self.lost = True
        except FlipscopeError as error:
            self._send(_failed(command, error))
        except OSError as error:
            log.warning("%s was refused by the system", name, exc_info=error)
            self._send(_failed(command, refusal(error)))
        except Exception:
            log.exception("%s failed", name)
            self._send(m.Crashed(name, traceback.format_exc()))


def main(world: m.World, connection: Connection, log_path: str, behind: int = 0) -> None:
    """Entry point of a child process: until Shutdown, the end of the pipe, or the parent's death.

    Args:
        log_path: file that takes stderr and fault reports, whose end is a dead child's last words.
        behind: how many steps behind the window it stands in line for the processor.
    """
    _redirect(log_path)
    _die_with_parent()
    if behind:
        _go_behind(behind)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C goes to the whole group; the parent decides
    service: Service = importlib.import_module(SERVICES[world]).open_service()
    outbox = Outbox(connection)
    WATCHDOG.give_up = lambda lost: _give_up(lost, outbox)
    worker = Worker(service, outbox.send)
    threading.Thread(target=_receive, args=(connection, worker, outbox), daemon=True, name="receiver").start()
    versions = {"python": platform.python_version(), **service.versions()}
    outbox.send(m.ChildReady(world, os.getpid(), versions))
    try:
        worker.run()
    finally:
        outbox.flush()
    if worker.lost:
        os._exit(BACKEND_LOST)  # an orderly end would wait for a device that may never answer again


def _go_behind(steps: int) -> None:
    """Leave the processor to the window wherever it wants it."""
    if sys.platform == "win32":
        this_process = ctypes.c_void_p(-1)
        ctypes.windll.kernel32.SetPriorityClass(this_process, BELOW_NORMAL)
    else:
        os.nice(steps)


def _failed(command: m.Command, error: FlipscopeError) -> m.Failed:
    return m.Failed(type(command).__name__, error.what, error.remedy, getattr(command, "key", ""))


def told(lost: BackendLost) -> m.BackendLost:
    """What is said of a backend that was lost."""
    return m.BackendLost(lost.backend, lost.what, lost.remedy)


def _give_up(lost: BackendLost, outbox: Outbox) -> None:
    """A call to a device does not return: end without it, and leave in the log where every thread was."""
    log.error("%s was lost: %s", lost.backend, lost)
    faulthandler.dump_traceback()
    try:
        outbox.send(told(lost))
        outbox.flush()
    finally:
        os._exit(BACKEND_LOST)


def _receive(connection: Connection, worker: Worker, outbox: Outbox) -> None:
    """Hand commands over until the pipe ends, which means that the parent is gone."""
    try:
        while True:
            command = connection.recv()
            if isinstance(command, m.Ping):
                outbox.send(m.Pong())
            else:
                worker.post(command)
    except (EOFError, OSError):
        os._exit(1)  # the main thread may be deep in native code: do not wait for it


def _redirect(log_path: str) -> None:
    file = open(log_path, "a", buffering=1, encoding="utf-8")  # noqa: SIM115 - open as long as the process
    os.dup2(file.fileno(), 2)
    sys.stderr = file
    faulthandler.enable(file)
    logging.basicConfig(stream=file, level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")


def _die_with_parent() -> None:
    """Belt to the pipe's braces: on Linux the kernel kills this process when the thread that started it ends.

    One that has ended before the kernel is asked is not told of; and the pipe's end is only seen after the imports.
    """
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        os._exit(1)
