"""A child process as the window sees it: start, reader and writer thread, mailbox, stop, restart, last words."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance

from app.pulse import Pulse
from engine import messages as m
from engine import paths, worker

log = logging.getLogger(__name__)

LAST_WORDS = 40
"""How many last lines of a dead child's log are shown."""
LINGER = 3.0
"""Seconds within which a child must have ended that has lost a backend."""
READER_ENDS = 2.0
"""Seconds within which the thread that reads has ended once its child has."""


@dataclass(frozen=True)
class Death:
    """A child that ended without being asked to."""

    world: m.World
    exit_code: int | None
    last_words: str

    @property
    def reason(self) -> str:
        """What happened, a sentence without a full stop."""
        if self.exit_code is not None and self.exit_code < 0:
            return f"it was ended by signal {-self.exit_code}"
        return f"it ended with exit code {self.exit_code}"


@dataclass(frozen=True)
class Life:
    """One life of a child: our end of the pipe to it, what waits to be sent, and where it leaves its last words."""

    process: SpawnProcess
    connection: Connection
    outbox: queue.SimpleQueue[m.Command | None]
    log_path: Path


class Channel(Protocol):
    """What a session needs of a child; tests give it a fake one."""

    said: SignalInstance
    died: SignalInstance
    silent: SignalInstance

    def start(self) -> None: ...
    def send(self, command: m.Command) -> None: ...
    def ask_to_end(self) -> None: ...
    def end(self, patience: float = 2.0) -> None: ...
    def kill(self) -> None: ...
    def drop(self) -> None: ...


class Link(QObject):
    """One child. `said` carries its events and `died` its unexpected end, both in the window's thread.

    `silent` tells that it does not answer, or does again (app.pulse).

    Nothing here blocks the window: a reader thread fills the mailbox and pokes the event loop once, a writer thread
    sends. Start it from the main thread: the kernel ends the child with the thread that started it.
    """

    said = Signal(object)
    died = Signal(object)
    silent = Signal(bool)
    _poked = Signal()

    def __init__(self, world: m.World, *, behind: int = 0, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.world = world
        self._behind = behind
        self._mailbox: deque[m.Event | Death] = deque()
        self._outbox: queue.SimpleQueue[m.Command | None] = queue.SimpleQueue()
        self._process: SpawnProcess | None = None
        self._reader: threading.Thread | None = None
        self._ending = False
        self._pulse = Pulse(lambda: self.send(m.Ping()), self)
        self._pulse.silent.connect(self.silent)
        self._poked.connect(self._drain, Qt.ConnectionType.QueuedConnection)

    @property
    def pid(self) -> int | None:
        """The child's process number, or None before the start."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the child, anew where one has died."""
        self._ending = False
        self._outbox = queue.SimpleQueue()
        log_path = paths.new_log(f"{self.world}-{os.getpid()}-{id(self):x}.log")
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(
            target=worker.main,
            args=(self.world, theirs, str(log_path), self._behind),
            name=f"flipscope {self.world}",
            daemon=False,  # a job child has a peer of its own
        )
        self._process.start()
        self._pulse.start()
        theirs.close()
        life = Life(self._process, ours, self._outbox, log_path)
        self._reader = self._thread("reader", self._read, life, self._thread("writer", write, life))

    def _thread(self, name: str, body: Callable[..., None], *arguments: object) -> threading.Thread:
        made = threading.Thread(target=body, args=arguments, daemon=True, name=f"{self.world} {name}")
        made.start()
        return made

    def send(self, command: m.Command) -> None:
        """Queue a command; never blocks. What is sent to a dead child is dropped with it."""
        self._outbox.put(command)

    def kill(self) -> None:
        """End a child that does not answer; `died` follows."""
        if self._process is not None:
            self._process.kill()

    def drop(self) -> None:
        """End a child of which nothing is to be kept, without a wait; nothing more is heard of it."""
        self._ending = True
        self._pulse.stop()
        self.kill()

    def ask_to_end(self) -> None:
        """Begin an orderly end; `end` completes it."""
        self._ending = True
        self._pulse.stop()
        self._outbox.put(m.Shutdown())

    def end(self, patience: float = 2.0) -> None:
        """End the child for certain: ask, wait, terminate, wait, kill."""
        process = self._process
        if process is None:
            return
        if not self._ending:
            self.ask_to_end()
        process.join(patience)
        for stop, wait in ((process.terminate, 1.0), (process.kill, 1.0)):
            if process.is_alive():
                stop()
                process.join(wait)
        self._outbox.put(None)
        if self._reader is not None:
            self._reader.join(READER_ENDS)  # it must not say anything to a window that is being taken apart
        self._process = None

    def _drain(self) -> None:
        while self._mailbox:
            event = self._mailbox.popleft()
            if isinstance(event, Death):
                self._pulse.stop()
                if not self._ending:
                    self.died.emit(event)
            else:
                self.said.emit(event)

    def _put(self, event: m.Event | Death) -> None:
        self._mailbox.append(event)
        if len(self._mailbox) == 1:
            with contextlib.suppress(RuntimeError):  # the window is gone already
                self._poked.emit()

    def _read(self, life: Life, writer: threading.Thread) -> None:
        """Take what a child says until it is gone, then its last words; the pipe is closed when nobody uses it."""
        with contextlib.suppress(EOFError, OSError):
            for event in heard(life.connection):
                self._pulse.heard = True
                if not isinstance(event, m.Pong):
                    self._put(event)
            life.process.kill()
        life.process.join(5.0)
        if not self._ending:  # else nobody is to be told, and the window may be gone already
            self._put(Death(self.world, life.process.exitcode, last_words(life.log_path)))
        if life.process.exitcode == 0:
            with contextlib.suppress(OSError):
                life.log_path.unlink()
        life.outbox.put(None)
        writer.join()
        life.connection.close()


def heard(connection: Connection) -> Iterator[m.Event]:
    """What a child says. Raises EOFError where it ends; returns where it lost a backend and does not end in LINGER."""
    lost = False
    while not lost or connection.poll(LINGER):
        event = connection.recv()
        lost = lost or isinstance(event, m.BackendLost)
        yield event


def write(life: Life) -> None:
    """Send what waits, as long as the child takes it; the pipe stays open, for what it said is still to be read."""
    with contextlib.suppress(OSError, ValueError):
        while (command := life.outbox.get()) is not None:
            life.connection.send(command)


def last_words(log_path: Path) -> str:
    """The end of a child's log."""
    lines = log_path.read_text(encoding="utf-8", errors="replace").splitlines() if os.path.exists(log_path) else []
    return "\n".join(lines[-LAST_WORDS:])


def end_all(links: list[Channel]) -> None:
    """End several children side by side: all are asked first, so that the waits overlap."""
    for link in links:
        link.ask_to_end()
    deadline = time.monotonic() + 2.0
    for link in links:
        link.end(max(0.1, deadline - time.monotonic()))
