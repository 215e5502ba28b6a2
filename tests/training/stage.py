"""A trainer's service on a stage: what a window would answer it, and what it says."""

from engine import messages as m
from engine.training.service import TrainingService
from engine.worker import Worker
from tests.training.tiny import Clock, config


class Stage:
    """A worker whose audience can answer events while it works, and which ends when the run's lane does."""

    def __init__(self, tick=0.01):
        self.clock = Clock(tick)
        self.service = TrainingService(self.clock)
        self.worker = Worker(self.service, self._hear)
        self.heard = []
        self.answers = []

    def _hear(self, event):
        self.heard.append(event)
        for answer in self.answers:
            for command in answer(event) or ():
                self.worker.post(command)

    def answer(self, rule):
        """rule(event) -> the commands it provokes, or None."""
        self.answers.append(rule)
        return self

    def acknowledging(self, layers=True):
        def rule(event):
            if isinstance(event, m.RunStarted):
                return [m.Ack(-1, layers)]
            return [m.Ack(event.seq, layers)] if isinstance(event, m.Frame) else None

        return self.answer(rule)

    def play(self, *commands):
        self.answer(lambda event: [m.Shutdown()] if event == m.Done("run") else None)
        for command in commands:
            self.worker.post(command)
        self.worker.run()
        return self.heard

    def of(self, kind):
        return [event for event in self.heard if isinstance(event, kind)]


def begin(root, *, paused=False, **changes):
    return m.StartRun(config(**changes), str(root), paused)
