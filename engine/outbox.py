"""Events on their way out of a child, in order, in a thread of their own: who says them waits for no reader."""

from __future__ import annotations

import os
import queue
import threading
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler

from engine import messages as m

ROOM = 16
"""Events that may wait; then who says the next waits, too."""


class Outbox:
    """The way out of a child. An event is pickled at once, so that what it is made of may change afterwards."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: queue.Queue[memoryview] = queue.Queue(ROOM)
        threading.Thread(target=self._write, daemon=True, name="outbox").start()

    def send(self, event: m.Event) -> None:
        """From any thread."""
        self._waiting.put(ForkingPickler.dumps(event, protocol=5))

    def flush(self) -> None:
        """Wait until all is sent."""
        self._waiting.join()

    def _write(self) -> None:
        """Send until the parent is gone, which leaves nobody to tell."""
        try:
            while True:
                self._connection.send_bytes(self._waiting.get())
                self._waiting.task_done()
        except OSError:
            os._exit(1)  # the main thread may be deep in native code: do not wait for it
