"""Flow control of the trainer's frames: each one shown is acknowledged, which asks for the next."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from app.link import Channel
from engine import messages as m

HIDDEN_ACK_MS = 1000


class Credit:
    """The frame that is not acknowledged yet. While nobody looks, one a second is enough."""

    def __init__(self, trainer: Channel, parent: QObject) -> None:
        self._trainer = trainer
        self._owed: int | None = None
        self._hidden = QTimer(parent, singleShot=True, interval=HIDDEN_ACK_MS)
        self._hidden.timeout.connect(self.give)

    def begin(self) -> None:
        """Give the first credit of a run."""
        self.drop()
        self._trainer.send(m.Ack(-1))

    def drop(self) -> None:
        """What was owed is of a run that is over."""
        self._owed = None

    def owe(self, seq: int, *, seen: bool) -> None:
        """Frame `seq` was taken over: acknowledge it now if it is seen, else within a second."""
        self._owed = seq
        if seen:
            self.give()
        elif not self._hidden.isActive():
            self._hidden.start()

    def give(self) -> None:
        """Acknowledge the frame that is owed, if one is."""
        if self._owed is not None:
            seq, self._owed = self._owed, None
            self._trainer.send(m.Ack(seq))
