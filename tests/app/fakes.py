"""A child that is not one: keeps what it is sent and says what a test wants said."""

from PySide6.QtCore import QObject, Signal

from engine import messages as m


class FakeChannel(QObject):
    """Stands where app.link.Link stands."""

    said = Signal(object)
    died = Signal(object)
    silent = Signal(bool)

    def __init__(self, world="inference"):
        super().__init__()
        self.world = world
        self.sent = []
        self.starts = 0
        self.ended = self.killed = False

    def start(self):
        self.starts += 1

    def send(self, command):
        self.sent.append(command)

    def ask_to_end(self):
        self.sent.append(m.Shutdown())

    def end(self, patience=2.0):  # noqa: ARG002 - the real one waits
        self.ended = True

    def kill(self):
        self.killed = True

    def drop(self):
        self.ended = True

    def say(self, *events):
        for event in events:
            self.said.emit(event)

    def last(self, kind):
        """The last command of a kind that was sent, or None."""
        return next((command for command in reversed(self.sent) if isinstance(command, kind)), None)

    def count(self, kind):
        """How many commands of a kind were sent."""
        return sum(isinstance(command, kind) for command in self.sent)
