"""A backend on a device that fails in the middle: it takes cupy-xnor's place, computes with numpy, and is lost."""

import numpy as np

from engine.errors import BackendLost
from engine.inference import backend as registry
from engine.inference.backend import Limits, Ready, Resident
from engine.inference.backends.numpy_xnor import NumpyXnor, XnorProgram

NAME = "cupy-xnor"
WHAT = "The GPU failed while computing: an illegal memory access was encountered."


class Fragile(NumpyXnor):
    """Good for some calls of its programs, multipliers and convolvers; then lost.

    chore: what it must do before it can be used, given by `unsettled` until it was done.
    """

    name = NAME
    rank = 100
    offloads = True

    def __init__(self, calls=10**9, chore=None):
        self.calls, self._chore = calls, chore

    def probe(self):
        return Ready("Some GPU")

    def limits(self):
        return Limits(8e12, 2e12, None)

    def unsettled(self):
        return self._do if self._chore is not None else None

    def _do(self):
        chore, self._chore = self._chore, None
        chore()

    def load(self, network):
        program = super().load(network)
        program.scores = self._counted(program.scores)
        return program

    def multiplier(self, w, k):
        return self._counted(super().multiplier(w, k))

    def convolver(self, conv, after, shape):
        return self._counted(super().convolver(conv, after, shape))

    def residents(self, made, operands):
        run = made.scores if isinstance(made, XnorProgram) else made
        yield Resident("cupy-kernel", "xnor", lambda: 1e-3, lambda: run(operands))
        yield Resident("cupy-wrong", "xnor", lambda: 2e-3, lambda: run(operands) + np.ones(1, np.uint8))

    def _counted(self, call):
        def counted(*given, **named):
            self.calls -= 1
            if self.calls < 0:
                raise BackendLost(NAME, WHAT, "Check the card.")
            return call(*given, **named)

        return counted


def put_in_place(monkeypatch, made):
    """Have the registry find it, with nothing left out before or after."""
    monkeypatch.setattr("gpu.backend.BACKEND", made)
    monkeypatch.setattr(registry, "_left_out", {})
    registry.backends.cache_clear()
    return made
