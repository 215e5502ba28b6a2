"""Every file of kernels under AddressSanitizer and UBSan: `python -m tests.hostsim.sanitized [PIECE REPLACEMENT]`.

It needs the sanitizer to be loaded before Python takes memory (see test_sanitized). With arguments it runs the first
module whose source holds that piece, with the piece replaced.
"""

from __future__ import annotations

import ctypes
import sys

from gpu import checks
from gpu.checks.sizes import SMALL
from gpu.memory import DeviceArray
from gpu.source import CONVS, FEW, GEMMS, PACK, PAPER, PIXELS, PLANES, POOL, TENSOR_CONVS, TENSOR_PIXELS, TENSORS
from tests.hostsim.device import RANDOM, SimulatedDevice

FLAGS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
MODULES = (
    *(GEMMS[-1], GEMMS[0], TENSORS[0], CONVS[0], TENSOR_CONVS[0], PIXELS[0], TENSOR_PIXELS[0]),
    *(FEW[2], PLANES, PACK, POOL, PAPER),
)
"""One variant of each file, plain counts and carry-save, with copies and without: what lies beyond an array depends
on no size of a tile."""


def forbid(array):
    """Nobody may touch these bytes from now on."""
    ctypes.CDLL(None).__asan_poison_memory_region(ctypes.c_void_p(array.ctypes.data), ctypes.c_size_t(array.nbytes))


def allow(address, nbytes):
    ctypes.CDLL(None).__asan_unpoison_memory_region(ctypes.c_void_p(address), ctypes.c_size_t(nbytes))


class SanitizedDevice(SimulatedDevice):
    """While a kernel runs nothing may be touched but its arrays, not even the canaries about them."""

    def run(self, launch):
        arrays = [argument for argument in launch.arguments if isinstance(argument, DeviceArray)]
        blocks = [array.owner.whole for array in arrays]
        for block in blocks:
            forbid(block)
        for array in arrays:
            allow(array.address, array.nbytes)
        self.simulate(launch)
        for block in blocks:
            allow(block.ctypes.data, block.nbytes)


def main(replaced):
    modules, planted = MODULES, None
    if replaced:
        piece, by = replaced
        modules = [next(module for module in MODULES if piece in module.text)]
        planted = lambda text: text.replace(piece, by)  # noqa: E731 - one line says it
    for module in modules:
        for kernel in module.kernels:
            checks.check(SanitizedDevice(RANDOM, planted, FLAGS), module, kernel, SMALL)


if __name__ == "__main__":
    main(sys.argv[1:])
