"""What the kernels of a training step do, written out in numpy, and their memory, amid canaries."""

import numpy as np

from engine.jit.record import filled
from engine.jit.training import kernels
from tests.jit.memory import Canaries

PANEL, OCTET, WORD = 16, 8, 64


class Memory(Canaries):
    """Places arrays at cache lines and tells their addresses."""

    def put(self, array):
        return self.place(np.asarray(array), align=64)

    def waste(self, size):
        """Bytes of anything."""
        return self.put(np.random.default_rng(size).integers(0, 256, size, np.uint8))

    def call(self, name, fields, **values):
        """Run a kernel on a record; arrays stand for their addresses."""
        addresses = {
            key: value.ctypes.data if isinstance(value, np.ndarray) else value for key, value in values.items()
        }
        made = filled(fields, kernel=kernels.address(name), **addresses)
        kernels.run()(made.ctypes.data, 1)
        self.check()


def octets(bits):
    """Bits [rows, columns] as bytes [columns / 8, rows]."""
    return np.packbits(bits, axis=1, bitorder="little").T.copy()


def panels(rows, columns=PANEL):
    """Rows [N, all columns] as panels [.., N, columns]."""
    return rows.reshape(len(rows), -1, columns).transpose(1, 0, 2).copy()


def unpanelled(made):
    return made.transpose(1, 0, 2).reshape(made.shape[1], -1)


def quantized(values, axis):
    """Int8 along an axis as the kernels round them, and what they are multiples of; float32 throughout."""
    most = np.maximum(np.abs(values).max(axis, keepdims=True), np.float32(1e-30))
    whole = np.rint(values * (np.float32(127) / most)).astype(np.int8)
    return whole, (most * np.float32(1 / 127)).squeeze(axis)
