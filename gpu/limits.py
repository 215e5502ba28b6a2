"""What a GPU can do at most, by its own data and NVIDIA's rates: computed, and nothing that was measured."""

from __future__ import annotations

from engine.inference.backend import Limits
from gpu.driver import Gpu
from gpu.rates import ideal_cycles, nearest

WORD = 32
"""Signs, which a popcount compares at once."""


def limits(gpu: Gpu) -> Limits:
    """Of all its multiprocessors at their highest clock; tensor cores, which may do more, are left out."""
    architecture, cycles = nearest(gpu.capability), gpu.processors * gpu.hertz
    memory = gpu.bandwidth or None
    if architecture is None or not architecture.documented or not cycles:
        return Limits(None, None, memory)
    return Limits(cycles * WORD / ideal_cycles(architecture), cycles * architecture.float32, memory)
