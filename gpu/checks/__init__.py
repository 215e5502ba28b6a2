"""What every kernel is held to, on any device: a card at first use, and the simulation in the tests.

A check runs one kernel of a module on ragged sizes, with memory between canaries, against plain integer arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.errors import FlipscopeError
from gpu.checks import around, products
from gpu.checks.guard import Guarded
from gpu.checks.sizes import RAGGED, Sizes
from gpu.device import Device
from gpu.source import Module

SEED = 7

Check = Callable[[str, Guarded, Module, np.random.Generator, Sizes], None]
"""Takes the kind of its result ("sums", "bits"…), where kernels are one of several."""

_CHECKS: dict[str, Check] = {**products.CHECKS, **around.CHECKS}


def fault(device: Device, module: Module, sizes: Sizes = RAGGED) -> str:
    """The first thing that a module's kernels do wrong on a device, a sentence; "" where all is right to the bit.

    Raises what a device raises where it fails as a whole (BackendLost) or where a kernel is none (CompileFailed).
    """
    for kernel in module.kernels:
        try:
            check(device, module, kernel, sizes)
        except FlipscopeError:
            raise
        except Exception as error:  # Mismatch, or what a simulated device makes of a kernel
            return f"{kernel}: {str(error).strip() or type(error).__name__}"
    return ""


def check(device: Device, module: Module, kernel: str, sizes: Sizes = RAGGED) -> None:
    """Hold one kernel against plain arithmetic. Raises Mismatch, or what the device raises."""
    name, _, kind = kernel.rpartition("_")
    made = _CHECKS.get(kernel) or _CHECKS[name]
    made(kind, Guarded(device), module, np.random.default_rng(SEED), sizes)
