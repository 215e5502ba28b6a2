"""Ctrl+C and a polite request to end close the window, so that what is being trained is saved."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Endings(QObject):
    """Calls `end` in the event loop at a signal to end.

    Python runs its handlers between two of its own instructions, of which a waiting event loop makes none: the
    interpreter writes the signal's number to a socket as it arrives, and that wakes the loop.
    """

    def __init__(self, end: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._end = end
        self._received, self._sent = socket.socketpair()
        for end_of_pair in (self._received, self._sent):
            end_of_pair.setblocking(False)
        self._waker = QSocketNotifier(self._received.fileno(), QSocketNotifier.Type.Read, self)
        self._waker.activated.connect(self._woken)
        self._former = {number: signal.signal(number, lambda *_: None) for number in ENDING}
        signal.set_wakeup_fd(self._sent.fileno(), warn_on_full_buffer=False)

    def remove(self) -> None:
        """Leave signals as they were found."""
        signal.set_wakeup_fd(-1)
        for number, handler in self._former.items():
            signal.signal(number, handler)
        self._waker.setEnabled(False)
        self._received.close()
        self._sent.close()

    def _woken(self) -> None:
        if set(self._received.recv(64)) & set(ENDING):
            self._end()
