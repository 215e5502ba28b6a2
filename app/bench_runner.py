"""Benchmarks of the Kernels page: one job child at a time, training resting meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import SignalInstance

from app import notices
from app.left_out import LeftOut
from app.link import Channel, Death
from app.notices import Notice
from app.run_session import RunSession
from engine import messages as m


class BenchRunner:
    """The benchmark under way. `said` carries its events; `changed` is emitted when one begins or is over."""

    def __init__(
        self,
        make_job: Callable[[], Channel],
        training: RunSession,
        left_out: LeftOut,
        said: SignalInstance,
        changed: SignalInstance,
    ) -> None:
        self._make_job, self._training, self._left_out = make_job, training, left_out
        self._said, self._changed = said, changed
        self.job: Channel | None = None
        self._resume_after = False

    def start(self, command: m.BenchGemm | m.BenchNet | m.BenchConv) -> None:
        """Run a benchmark in a job child; one under way is ended first."""
        self.cancel()
        self._resume_after = self._training.run.moving
        if self._resume_after:
            self._training.pause()
        self.job = self._make_job()
        self.job.said.connect(self._job_said)
        self.job.died.connect(self._job_died)
        self.job.start()
        self._left_out.tell(self.job)
        self.job.send(command)
        self._changed.emit()

    def cancel(self) -> None:
        """End the benchmark under way, if there is one."""
        if self.job is not None:
            self._over(self.job)

    def end(self) -> None:
        """End the child with the window: a benchmark has nothing to save."""
        if self.job is not None:
            self.job.end(0.0)

    def _over(self, job: Channel) -> None:
        job.end(0.2)
        self.job = None
        if self._resume_after:
            self._resume_after = False
            self._training.resume()
        self._changed.emit()

    def _job_said(self, event: m.Event) -> None:
        match event:
            case m.Done("job"):
                self.cancel()
            case m.Failed():
                self._training.noticed.emit(Notice("kernels", event.what, event.remedy))
            case m.Crashed():
                self._training.noticed.emit(notices.crash("kernels", "The benchmark", event))
            case _:
                self._said.emit(event)

    def _job_died(self, death: Death) -> None:
        self._training.noticed.emit(notices.bench_gone(death))
        self.cancel()
