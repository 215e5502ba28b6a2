"""A worker of either world spoken to in turns, from any process: a command, then its answer."""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
from collections.abc import Iterator
from types import TracebackType
from typing import TypeVar

from engine import messages as m
from engine import paths, worker
from engine.awake import awake
from engine.errors import BackendLost, FlipscopeError

START_TIMEOUT = 120.0
"""Seconds within which a child must be ready; importing torch on a busy machine takes some of them."""
POLL = 0.25

E = TypeVar("E", bound=m.Event)


class ChildLost(FlipscopeError):
    """The child ended, or did not answer in time."""


class Silent(ChildLost):
    """It did not answer in time."""


class Child:
    """A child process; a context manager that ends it for certain.

    It dies with this process: the kernel or the end of the pipe sees to that.
    """

    def __init__(self, world: m.World, name: str = "peer") -> None:
        """Start it and wait until it is ready. name: apart from others of its world. Raises ChildLost."""
        self._log = paths.new_log(f"{world}-{name}-{os.getpid()}.log")
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=worker.main, args=(world, theirs, str(self._log)), name=f"flipscope {world} {name}", daemon=True
        )
        self._process.start()
        theirs.close()
        try:
            self.versions = self._wait(m.ChildReady, START_TIMEOUT).versions
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether it can still be asked."""
        return self._process.is_alive()

    def ask(self, command: m.Command, answer: type[E], timeout: float = 60.0) -> E:
        """Send a command and wait for its answer; other events are passed over.

        Raises FlipscopeError where the child says that it cannot, BackendLost where it ends because a backend failed,
        ChildLost where it ends for another reason, Silent where it is not done by then, which ends it.
        """
        self._send(command)
        return self._wait(answer, timeout)

    def follow(self, command: m.Command, timeout: float = math.inf) -> Iterator[m.Event]:
        """Send a command with a lane and yield what is said until it is done.

        Raises as `ask`; then the child is of no more use, since what it said last may still lie in the pipe.
        """
        self._send(command)
        for event in self._events(timeout):
            if event == m.Done(command.lane or ""):
                return
            yield event

    def close(self, patience: float = 1.0) -> None:
        """End the child: ask, wait so many seconds, kill."""
        with contextlib.suppress(OSError):
            self._connection.send(m.Shutdown())
        self._process.join(patience)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._connection.close()
        if self._process.exitcode == 0:
            self._log.unlink(missing_ok=True)
        self._process.close()

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, command: m.Command) -> None:
        try:
            self._connection.send(command)
        except OSError as error:
            raise self._lost() from error

    def _wait(self, answer: type[E], timeout: float) -> E:
        return next(event for event in self._events(timeout) if isinstance(event, answer))

    def _events(self, timeout: float) -> Iterator[m.Event]:
        """What the child says within so many seconds. Raises as `ask`, also where they are over."""
        deadline = awake() + timeout
        try:
            while (left := deadline - awake()) > 0:
                if self._connection.poll(min(POLL, left)):
                    yield self._taken(self._connection.recv())
        except (EOFError, OSError) as error:
            raise self._lost() from error
        self._process.kill()  # what it may still say would be taken for the answer to the next command
        self._process.join(1.0)
        raise Silent(f"A helper process did not answer within {timeout:.0f} s.", "Try again on a quieter machine.")

    @staticmethod
    def _taken(event: m.Event) -> m.Event:
        """The event, unless it says that the command failed."""
        if isinstance(event, m.Failed):
            raise FlipscopeError(event.what, event.remedy)
        if isinstance(event, m.BackendLost):
            raise BackendLost(event.backend, event.what, event.remedy)
        if isinstance(event, m.Crashed):
            raise ChildLost(f"A helper process failed: {_error_of(event.report).rstrip('.')}.", "Try again.")
        return event

    def _lost(self) -> ChildLost:
        self._process.join(1.0)
        return ChildLost(f"A helper process ended with exit code {self._process.exitcode}.", f"Its log is {self._log}.")


def _error_of(report: str) -> str:
    """What was raised, out of the traceback that tells of it: the first line of it, which with some is of many."""
    lines = report.strip().splitlines()
    frames = [at for at, line in enumerate(lines) if line.startswith("  File ")]
    raised = [line for line in lines[max(frames, default=-1) + 1 :] if line and not line.startswith(" ")]
    return raised[0] if raised else lines[-1]
