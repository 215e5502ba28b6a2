"""What CUDA's failures mean for people. Any of them ends the use of the GPU in this process."""

from __future__ import annotations

import logging
from types import TracebackType

from engine.awake import awake
from engine.errors import BackendLost
from engine.watchdog import WATCHDOG
from gpu.backend import NAME

OUT_OF_MEMORY = 2

ANSWER, OPENED = 30.0, 60.0
"""Seconds within which a GPU must have done what it was asked: anything; being opened, and loading of code, which the
driver may first have to compile. Then it counts as hung."""

_REMEDIES = {
    OUT_OF_MEMORY: "Close other programs that use the GPU's memory, then try it again.",
    46: "Another program holds the GPU for itself; end it, then try it again.",
    100: "Check with nvidia-smi that the card is still there.",
    214: "The card's memory has failed (ECC); see nvidia-smi, and restart the machine.",
    702: "A kernel took longer than the display's watchdog allows; try it again while the screen is quiet.",
    802: "The system is still starting its GPUs; try it again in a minute.",
}
"""By the number of cudaError_t, which is the driver's CUresult where both know an error."""
_OTHERWISE = "Check the card with nvidia-smi, then try it again; if it fails again, run 'flipscope doctor --gpu'."

log = logging.getLogger(__name__)


class OutOfMemory(BackendLost):
    """Others use the GPU's memory, or the work is too large for it: no fault of a kernel's."""


class explained:  # noqa: N801 - read as the verb that it is
    """Raise BackendLost for whatever CuPy raises in here, and give the process up where it does not return.

    doing: e.g. "copying to the GPU". within: seconds, ANSWER if None. Every launch passes through one.
    """

    __slots__ = ("_doing", "_seconds")

    def __init__(self, doing: str, within: float | None = None) -> None:
        self._doing, self._seconds = doing, ANSWER if within is None else within

    def __enter__(self) -> None:
        WATCHDOG.enter(awake() + self._seconds, self._hung)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        WATCHDOG.leave()
        if isinstance(error, MemoryError):
            raise lost(self._doing, OUT_OF_MEMORY, f"its memory is full ({error})") from error
        if isinstance(error, RuntimeError):  # CuPy's CUDARuntimeError and CUDADriverError carry a status
            raise lost(self._doing, getattr(error, "status", 0), str(error)) from error

    def _hung(self) -> BackendLost:
        return hung(self._doing, self._seconds)


def hung(doing: str, seconds: float) -> BackendLost:
    """The GPU did not come back while doing something."""
    return BackendLost(NAME, f"The GPU did not answer for {seconds:.0f} s while {doing}.", _OTHERWISE)


def lost(doing: str, status: int, said: str) -> BackendLost:
    """The GPU failed while doing something, with a status of CUDA's and what it said."""
    log.error("the GPU failed while %s: %s (status %s)", doing, said, status)
    kind = OutOfMemory if status == OUT_OF_MEMORY else BackendLost
    return kind(NAME, f"The GPU failed while {doing}: {said.rstrip('.')}.", _REMEDIES.get(status, _OTHERWISE))
