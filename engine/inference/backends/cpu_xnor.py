"""XNOR and popcount by native kernels, compiled for the processor at hand: a whole network in one call."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine import threads
from engine.bits import WORD, Words, words_for
from engine.errors import BadInput, FlipscopeError
from engine.inference.backend import Activation, Backend, Convolver, Kind, Multiplier, Program, Ready, Unavailable
from engine.inference.backends.numpy_xnor import XnorProgram
from engine.inference.lowering import Constants, Context, Lowering
from engine.inference.network import Conv, Network, PackedNetwork, Shape, Threshold
from engine.inference.rules import check_images, check_maps, check_operand, convolution, packed_only, stages
from engine.jit.kernels import kernel, wide
from engine.jit.layout import aligned, blocked, padded
from engine.jit.record import Record, record, slot
from engine.jit.steps import RUN_FIELDS
from engine.jit.target import host

log = logging.getLogger(__name__)

BLOCK = 128
"""Images taken through all layers together: their activations stay in the near caches."""
SCRATCH = 1 << 21
"""Bytes of activations between all layers, about: fewer large images, or ones with float values, go together."""
FEW = 4
"""Batches below this go image by image through the narrow kernels."""
WORTH_A_THREAD = 32
"""Images for each thread at least."""
ROW_BYTES = 1 << 20
"""Bytes of rows that share one pass over the weights of a product."""

RUN_IMAGES, RUN_INPUT, RUN_OUTPUT = (RUN_FIELDS.index(name) for name in ("images", "input", "output"))

Integers = NDArray[np.int32]
Scores = NDArray[np.float32]


class NativeProgram(Program):
    """A packed network in native code. numpy answers until it is compiled, in the background, the same to the bit.

    Calls from several threads are safe: each takes a context of its own, and all share the weights.
    """

    def __init__(self, network: PackedNetwork) -> None:
        self._network = network
        self._numpy = XnorProgram(network)
        self._native: _Native | None = None
        self._coming: Future[_Native] | None = _compiler().submit(_Native, network)

    def warm(self) -> None:
        """Wait for the compiler. Where it failed, numpy goes on answering."""
        coming = self._coming
        if coming is not None:
            wait([coming])
            self._collect()

    def scores(self, images: NDArray[np.generic]) -> Scores:
        """Scores float32 [B, classes] of u8 [B, H, W, C] or words. Raises BadInput."""
        native = self._native or self._collect()
        if native is None:
            return self._numpy.scores(images)
        check_images(self._network, images)
        return native.few(images) if 0 < len(images) < FEW else native.many(images)

    def activations(self, images: NDArray[np.generic]) -> list[Activation]:
        """One Activation for each hidden layer, in order, by numpy: fused kernels keep no sums. Raises BadInput."""
        return self._numpy.activations(images)

    def _collect(self) -> _Native | None:
        """What the compiler made, once it has."""
        coming = self._coming
        if coming is not None and coming.done():
            failure = coming.exception()
            if failure is not None:
                log.error("the native program could not be made; numpy answers", exc_info=failure)
            else:
                self._native = coming.result()
            self._coming = None
        return self._native


class _Few:
    """A context for single images that are copied in and out, which is quicker than to ask numpy for addresses."""

    def __init__(self, lowering: Lowering, given: NDArray[np.generic], classes: int) -> None:
        self._context = Context(lowering, 1)
        self.images = aligned((FEW, *given.shape[1:]), given.dtype)
        self.scores: Scores = aligned((FEW, classes), np.float32)
        self.run, self.argument = self._context.run, self._context.argument
        self.run[RUN_INPUT], self.run[RUN_OUTPUT] = self.images.ctypes.data, self.scores.ctypes.data


class _Native:
    """Records for batches and for single images; contexts that are not in use are in lists, whose pop is atomic."""

    def __init__(self, network: PackedNetwork) -> None:
        target, constants, chain = host(), Constants(), list(stages(network))
        self._constants = constants
        self._run = kernel("run")
        self._batches = Batches(Lowering(chain, network.source, target, constants, narrow=False))
        self._narrow = Lowering(chain, network.source, target, constants, narrow=True)
        self._singles: list[_Few] = []
        self._classes = network.classes

    def few(self, images: NDArray[np.generic]) -> Scores:
        """Scores of one image to FEW - 1, one after another."""
        count = len(images)
        try:
            single = self._singles.pop()
        except IndexError:
            single = _Few(self._narrow, images, self._classes)
        single.images[:count] = images
        single.run[RUN_IMAGES] = count
        self._run(single.argument)
        scores = single.scores[:count].copy()
        self._singles.append(single)
        return scores

    def many(self, images: NDArray[np.generic]) -> Scores:
        """Scores of a batch."""
        return self._batches.scores(images, self._classes)


class Batches:
    """What runs batches, from several threads at once."""

    def __init__(self, lowering: Lowering) -> None:
        self._lowering = lowering
        self._run = kernel("run")
        self._contexts: list[Context] = []
        self._block = max(1, min(BLOCK, SCRATCH // max(1, sum(lowering.buffers))))

    def scores(self, images: NDArray[np.generic], classes: int) -> Scores:
        """Scores of a batch, which was checked."""
        scores: Scores = np.empty((len(images), classes), np.float32)
        self.fill(images, scores)
        return scores

    def fill(self, images: NDArray[np.generic], out: NDArray[np.generic]) -> None:
        """Take a batch, which was checked, through all layers, shared among threads where it is worth it."""
        workers = max(1, min(threads.limit(), len(images) // WORTH_A_THREAD))
        threads.shared(workers, len(images), lambda part: self.run(images[part], out[part]))

    def run(self, images: NDArray[np.generic], out: NDArray[np.generic]) -> None:
        """The same on this thread."""
        try:
            context = self._contexts.pop()
        except IndexError:
            context = Context(self._lowering, self._block)
        context.run[RUN_IMAGES] = len(images)
        context.run[RUN_INPUT], context.run[RUN_OUTPUT] = images.ctypes.data, out.ctypes.data
        self._run(context.argument)
        self._contexts.append(context)


class _NativeConvolver:
    """One convolution and its threshold, on packed maps."""

    def __init__(self, conv: Conv, after: Threshold, shape: Shape) -> None:
        stage = convolution(conv, after, shape)
        self._takes, (height, width, self._outputs) = shape, stage.gives
        self._gives = (height, width, words_for(self._outputs))
        self._constants = Constants()
        self._batches = Batches(Lowering([stage], "bits", host(), self._constants, narrow=False))

    def __call__(self, maps: Words, out: Words | None = None) -> Words:
        check_maps(maps, self._takes)
        shape = (len(maps), *self._gives)
        if out is None:
            out = np.empty(shape, np.uint64)
        _check_out(out, shape, np.uint64)
        if self._outputs % WORD:
            out[..., -1] = 0  # the kernel writes no octet beyond the outputs
        made, workers = out, max(1, min(threads.limit(), len(maps)))
        threads.shared(workers, len(maps), lambda part: self._batches.run(maps[part], made[part]))
        return out


class _NativeMultiplier:
    """Weights in blocks, and the record of a product with them."""

    def __init__(self, w: Words, k: int) -> None:
        check_operand(w, k)
        block = host().signs.block
        self._k, self._outputs, self._words = k, len(w), words_for(k)
        self._weights = blocked(w, block)
        self._base = padded(np.full(len(w), k, np.int32), block)
        self._wide, self._narrow = kernel(wide("sums", self._words)), kernel("sums-narrow")
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
        _check_out(out, (len(a), self._outputs), np.int32)
        source, target = a.ctypes.data, out.ctypes.data
        workers = max(1, min(threads.limit(), len(a) // FEW))
        threads.shared(workers, len(a), lambda part: self._rows(source, target, part))
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

    def convolver(self, conv: Conv, after: Threshold, shape: Shape) -> Convolver:
        """Put a convolution's weights in blocks. Raises BadInput."""
        return _NativeConvolver(conv, after, shape)


@cache
def _compiler() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="compiler")


def _check_out(out: NDArray[np.generic], shape: Shape, dtype: type) -> None:
    if not isinstance(out, np.ndarray) or out.dtype != dtype or out.shape != shape or not out.flags.carray:
        found = f"{getattr(out, 'dtype', type(out).__name__)} {getattr(out, 'shape', '')}"
        wanted = f"{np.dtype(dtype)} array of shape {shape}"
        raise BadInput(f"'out' came as {found}.", f"Give a contiguous {wanted}, aligned and writeable.")


BACKEND = CpuXnor()
