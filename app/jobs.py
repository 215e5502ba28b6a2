"""The job child: at most one, for a benchmark, a lab or a download; a timed job lets training rest meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from app import notices
from app.left_out import LeftOut
from app.link import Channel, Death
from app.notices import Notice
from app.run_session import RunSession
from engine import messages as m


@dataclass(frozen=True)
class Errand:
    """A job and whose it is: the page that shows its notices, and what people call it ("The benchmark")."""

    command: m.Job
    page: str
    who: str


class Jobs(QObject):
    """Starts a job in a child of its world, and ends it with it.

    `said` carries the command under way and an event of it; `changed` is emitted when a job begins or is over.
    """

    said = Signal(object, object)
    changed = Signal()

    def __init__(self, make_child: Callable[[m.World], Channel], training: RunSession, left_out: LeftOut) -> None:
        super().__init__(training)
        self._make_child, self._training, self._left_out = make_child, training, left_out
        self.child: Channel | None = None
        self.errand: Errand | None = None
        self._resume_after = self._rested = False
        training.run_changed.connect(self._run_changed)

    @property
    def command(self) -> m.Job | None:
        """The job under way."""
        return None if self.errand is None else self.errand.command

    @property
    def busy(self) -> str:
        """Why nothing else can be started now, a sentence; "" where it can."""
        return "" if self.errand is None else f"{self.errand.who} is under way; stop it first."

    def start(self, command: m.Job, page: str, who: str) -> None:
        """Run a job; one under way is ended first."""
        self.cancel()
        self.errand = Errand(command, page, who)
        self._resume_after = command.alone and self._training.run.moving
        self._rested = False
        if self._resume_after:
            self._training.pause()
        self.child = self._make_child(command.world)
        self.child.said.connect(self._child_said)
        self.child.died.connect(self._child_died)
        self.child.silent.connect(self._child_silent)
        self.child.start()
        if command.world == "inference":
            self._left_out.tell(self.child)
        self.child.send(command)
        self.changed.emit()

    def cancel(self) -> None:
        """End the job under way, if there is one; nothing more is heard of it."""
        child, self.child, self.errand = self.child, None, None
        if child is None:
            return
        self._training.tell("job")
        child.said.disconnect(self._child_said)
        child.died.disconnect(self._child_died)
        child.silent.disconnect(self._child_silent)
        child.drop()
        if self._resume_after:
            self._resume_after = False
            self._training.resume()
        self.changed.emit()

    def end(self) -> None:
        """End the child with the window: a job has nothing to save."""
        if self.child is not None:
            self.child.end(0.0)

    def _run_changed(self) -> None:
        """Training that a person took up again since is theirs: how they leave it, it stays."""
        if self._training.run.moving:
            self._resume_after = self._resume_after and not self._rested
        else:
            self._rested = True

    def _child_said(self, event: m.Event) -> None:
        errand = self.errand
        if errand is None or isinstance(event, m.ChildReady):
            return
        match event:
            case m.Done("job"):
                self.cancel()
            case m.Failed():
                self._over(Notice(errand.page, event.what, event.remedy))
            case m.Crashed():
                self._over(notices.crash(errand.page, errand.who, event))
            case m.BackendLost():
                self._left_out.lost(event)
            case _:
                self.said.emit(errand.command, event)

    def _child_silent(self, is_silent: bool) -> None:
        errand = self.errand
        if errand is not None:
            answers = Notice(errand.page, f"{errand.who} answers again.")
            self._training.tell("job", notices.silent(errand.page, errand.who, "end-job") if is_silent else answers)

    def _child_died(self, death: Death) -> None:
        errand = self.errand
        if errand is None:
            return
        self._over(notices.job_gone(errand.page, errand.who, death))
        # the next one does without what was lost; of a benchmark that died untold, without the device that was in use
        for lost in self._left_out.news(death, guess=isinstance(errand.command, m.Bench)):
            self._training.noticed.emit(notices.backend_lost(errand.page, lost, death))

    def _over(self, notice: Notice) -> None:
        self.cancel()
        self._training.noticed.emit(notice)
