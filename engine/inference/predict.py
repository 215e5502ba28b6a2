"""One image put to every backend: what each says of it, how long each takes, and what the hidden layers did."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from engine.bits import pack, unpack
from engine.errors import BackendLost, FlipscopeError
from engine.inference.backend import Activation, Program, Ready, backend, state_of
from engine.messages import LayerSigns, Vote

CALLS = 5
PATIENCE, HASTE = 0.002, 0.0005
"""Seconds after which a slow backend is not timed again: at leisure, and while the next image is already waited for."""


def votes(programs: Mapping[str, Program], image: NDArray[np.generic], *, hasty: bool = False) -> Iterator[Vote]:
    """What each program says of one image as its network takes it; one that refuses it says why. Raises BackendLost."""
    batch = np.ascontiguousarray(image)[None]
    for name, program in programs.items():
        try:
            scores, seconds = timed(program, batch, HASTE if hasty else PATIENCE)
        except BackendLost:
            raise
        except FlipscopeError as error:
            yield Vote(name, backend(name).kind, _device(name), None, 0.0, str(error))
        else:
            yield Vote(name, backend(name).kind, _device(name), scores[0], seconds)


def timed(
    program: Program, batch: NDArray[np.generic], patience: float = PATIENCE
) -> tuple[NDArray[np.float32], float]:
    """Scores of a batch, and the median seconds of a few calls; the first call only warms up where calls are quick."""
    seconds: list[float] = []
    while len(seconds) <= CALLS and sum(seconds) < patience:
        began = time.perf_counter()
        scores = program.scores(batch)
        seconds.append(time.perf_counter() - began)
    return scores, statistics.median(seconds[1:] or seconds)


def identical(said: list[Vote]) -> bool:
    """Whether all votes that were given are the same bit for bit."""
    return len({vote.scores.tobytes() for vote in said if vote.scores is not None}) == 1


def layer_signs(program: Program, image: NDArray[np.generic]) -> tuple[LayerSigns, ...]:
    """The hidden layers of a packed network on one image as it takes it; () for a float network.

    A map is told flat, in the order (row, column, channel).
    """
    hidden = program.activations(np.ascontiguousarray(image)[None])
    return tuple(_flat(layer) for layer in hidden)


def _flat(layer: Activation) -> LayerSigns:
    sums, signs = layer.sums[0], unpack(layer.bits[0], layer.sums.shape[-1])
    value = None if layer.value is None else layer.value[0].reshape(-1)
    return LayerSigns(sums.reshape(-1), pack(signs.reshape(-1)), sums.size, value)


def _device(name: str) -> str:
    state = state_of(backend(name))
    return state.device if isinstance(state, Ready) else ""
