"""XNOR and popcount by native kernels, compiled for the processor at hand: a whole network in one call."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine import threads
from engine.bits import Words, words_for
from engine.errors import BadInput, FlipscopeError
from engine.inference.backend import Activation, Backend, Kind, Multiplier, Program, Ready, Unavailable
from engine.inference.backends.numpy_xnor import XnorProgram
from engine.inference.lowering import Constants, Context, Lowering
from engine.inference.network import Network, PackedNetwork
from engine.inference.rules import check_images, check_operand, packed_only
from engine.jit.kernels import kernel
from engine.jit.layout import blocked, padded
from engine.jit.record import Record, record, slot
from engine.jit.target import host

log = logging.getLogger(__name__)

BLOCK = 128
"""Images taken through all layers together: their activations stay in the near caches."""
FEW = 4
"""Batches below this go image by image through the narrow kernels."""
WORTH_A_THREAD = 32
"""Images for each thread at least."""
ROW_BYTES = 1 << 19
"""Bytes of rows that share one pass over the weights of a product."""

Integers = NDArray[np.int32]
Scores = NDArray[np.float32]


class NativeProgram(Program):
    """A packed network in native code. numpy answers until it is compiled, in the background, the same to the bit.

    Calls from several threads are safe: each takes a context of its own, and all share the weights.
    """

    def __init__(self, network: PackedNetwork) -> None:
        self._network = network
        self._numpy = XnorProgram(network)
        self._native: Future[_Native] = _compiler().submit(_Native, network)

    def warm(self) -> None:
        """Wait for the compiler. Where it failed, numpy goes on answering."""
        self._ready(wait=True)

    def scores(self, images: NDArray[np.generic]) -> Scores:
        """Scores float32 [B, classes] of u8 [B, H, W, C] or words. Raises BadInput."""
        native = self._ready(wait=False)
        if native is None:
            return self._numpy.scores(images)
        if not native.takes(images):
            check_images(self._network, images)
        return native.scores(images)

    def activations(self, images: NDArray[np.generic]) -> list[Activation]:
        """One Activation for each hidden layer, in order, by numpy: fused kernels keep no sums. Raises BadInput."""
        return self._numpy.activations(images)

    def _ready(self, *, wait: bool) -> _Native | None:
        if not wait and not self._native.done():
            return None
        failure = self._native.exception()
        if failure is not None:
            log.error("the native program could not be made", exc_info=failure)
            return None
        return self._native.result()


class _Native:
    """Records for batches and for single images, and the contexts that are not in use."""

    def __init__(self, network: PackedNetwork) -> None:
        target, constants = host(), Constants()
        self._constants = constants
        self._run = kernel("run")
        self._wide = Lowering(network, target, constants, narrow=False)
        self._narrow = Lowering(network, target, constants, narrow=True)
        self._free: dict[bool, list[Context]] = {True: [], False: []}
        self._lock = threading.Lock()
        self._classes = network.classes
        self._words = network.source == "bits"
        self._shape = network.metadata.input_shape
        self._give_back(True, Context(self._narrow, 1))

    def takes(self, images: NDArray[np.generic]) -> bool:
        """Whether images are plainly right; what is not is looked at more closely, and told."""
        fits = images.dtype == np.uint8 and images.shape[1:] == self._shape and images.flags.c_contiguous
        return fits and not self._words

    def scores(self, images: NDArray[np.generic]) -> Scores:
        """Scores of images that were checked."""
        count, workers = len(images), threads.limit()
        scores: Scores = np.empty((count, self._classes), np.float32)
        if not count:
            return scores
        workers = max(1, min(workers, count // WORTH_A_THREAD))
        shared(workers, count, lambda part: self._part(images[part], scores[part]))
        return scores

    def _part(self, images: NDArray[np.generic], scores: Scores) -> None:
        few = len(images) < FEW
        context = self._take(few)
        context.run[2], context.run[4], context.run[6] = len(images), images.ctypes.data, scores.ctypes.data
        self._run(context.argument)
        self._give_back(few, context)

    def _take(self, few: bool) -> Context:
        with self._lock:
            if self._free[few]:
                return self._free[few].pop()
        return Context(self._narrow, 1) if few else Context(self._wide, BLOCK)

    def _give_back(self, few: bool, context: Context) -> None:
        with self._lock:
            self._free[few].append(context)


class _NativeMultiplier:
    """Weights in blocks, and the record of a product with them."""

    def __init__(self, w: Words, k: int) -> None:
        check_operand(w, k)
        block = host().signs.block
        self._k, self._outputs, self._words = k, len(w), words_for(k)
        self._weights = blocked(w, block)
        self._base = padded(np.full(len(w), k, np.int32), block)
        self._wide, self._narrow = kernel("sums"), kernel("sums-narrow")
        self._together = max(FEW, ROW_BYTES // (8 * self._words) // FEW * FEW)
        self._record: Record = record(
            weights=self._weights.ctypes.data, base=self._base.ctypes.data, images=1, lines=1, segments=1,
            units=self._words, row_step=8 * self._words, blocks=len(self._weights), outputs=len(w), group=1, shift=1,
            target_row=4 * len(w),
        )  # fmt: skip

    def __call__(self, a: Words, out: Integers | None = None) -> Integers:
        check_operand(a, self._k)
        if out is None:
            out = np.empty((len(a), self._outputs), np.int32)
        _check_out(out, (len(a), self._outputs))
        source, target = a.ctypes.data, out.ctypes.data
        workers = max(1, min(threads.limit(), len(a) // FEW))
        shared(workers, len(a), lambda part: self._rows(source, target, part))
        return out

    def _rows(self, source: int, target: int, part: slice) -> None:
        """Block by block of rows that stay in a near cache while the weights pass by."""
        made = self._record.copy()
        argument = made.ctypes.data
        for first in range(part.start, part.stop, self._together):
            rows = min(self._together, part.stop - first)
            made[_ROWS], made[_SOURCE] = rows, source + first * 8 * self._words
            made[_TARGET] = target + first * 4 * self._outputs
            (self._wide if rows >= FEW else self._narrow)(argument)


_ROWS, _SOURCE, _TARGET = slot("rows"), slot("source"), slot("target")


class CpuXnor(Backend):
    """Native kernels for this processor (engine.jit)."""

    name: ClassVar[str] = "cpu-xnor"
    kind: ClassVar[Kind] = "xnor"
    rank: ClassVar[int] = 50

    def probe(self) -> Ready | Unavailable:
        """Ready where a variant of the kernels runs on this processor."""
        try:
            return Ready(f"CPU, {host().name}")
        except FlipscopeError as error:
            return Unavailable(error.what, error.remedy)

    def load(self, network: Network) -> NativeProgram:
        """Begin to compile a packed network. Raises Unsupported for a float network."""
        return NativeProgram(packed_only(network, self.name))

    def multiplier(self, w: Words, k: int) -> Multiplier:
        """Put the weights w [N, W] of k bits in blocks. Raises BadInput."""
        return _NativeMultiplier(w, k)


@cache
def _compiler() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="compiler")


@cache
def _pool(workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers, thread_name_prefix="kernel")


def shared(workers: int, count: int, work: Callable[[slice], None]) -> None:
    """Do `work` on `count` things, in as many equal parts as there are workers, side by side."""
    if workers == 1:
        work(slice(0, count))
        return
    share = -(-count // workers)
    parts = [slice(first, min(first + share, count)) for first in range(0, count, share)]
    list(_pool(workers).map(work, parts))


def _check_out(out: Integers, shape: tuple[int, int]) -> None:
    flags = out.flags
    if out.dtype != np.int32 or out.shape != shape or not (flags.c_contiguous and flags.writeable and flags.aligned):
        raise BadInput(f"'out' is {out.dtype} {out.shape}.", f"Give a contiguous int32 array of shape {shape}.")


BACKEND = CpuXnor()
