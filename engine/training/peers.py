"""torch's own products and convolutions, timed for the dashboard; meant for a process of its own."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from torch import Tensor

from engine.errors import UnknownName, Unsupported
from engine.messages import Peer, PeerConv, PeerNetwork, PeerProduct, PeerTime, PeerTraining
from engine.training import cuda_peers, whole_steps
from engine.training.cuda_peers import CUDA_FLOATS, CUDA_INT8
from engine.turns import Turns, clock
from engine.worker import Run

Call = Callable[[], Tensor]
Layout = Callable[[Tensor], Tensor]

FLOATS = ("torch", "onednn")
"""float32: as torch chooses by itself (MKL on most machines), and oneDNN on tensors in its own layout."""
METHODS: dict[type[Peer], tuple[str, ...]] = {
    PeerProduct: (*FLOATS, "int8", *CUDA_FLOATS, CUDA_INT8),
    PeerNetwork: (*FLOATS, *CUDA_FLOATS),
    PeerConv: (*FLOATS, "channels-last", *CUDA_FLOATS),
    PeerTraining: tuple(whole_steps.METHODS),
}
KEPT = 4
"""Tensors of so many commands are kept between turns: those of one case by every method."""


def take_turn(command: Peer) -> Run:
    """Time a call of torch's once; ends in PeerTime. Raises UnknownName, Unsupported."""
    torch.set_num_threads(command.threads)
    cuda_peers.set_precision(command.method)
    _keep_memory()
    with torch.inference_mode(not isinstance(command, PeerTraining)):
        yield PeerTime(_turns(command)(), command.method)


@lru_cache(KEPT)
def _turns(command: Peer) -> Callable[[], float]:
    known = METHODS.get(type(command), ())
    if command.method not in known:
        raise UnknownName("method", command.method, known)
    if isinstance(command, PeerTraining):
        step = whole_steps.METHODS[command.method](command)
        return Turns(step, clock(command.threads))
    if cuda_peers.on_cuda(command.method):
        return cuda_peers.turns(command.method, lambda: _call(command))
    return Turns(_call(command), clock(command.threads))


def _call(command: Peer) -> Call:
    signs, layout = _signs(), _layout(command.method)
    match command:
        case PeerProduct(shape=(rows, columns, inner)) if command.method in ("int8", CUDA_INT8):
            left, right = (layout(signs(side, inner)).to(torch.int8) for side in (rows, columns))
            return lambda: torch._int_mm(left, right.t())
        case PeerProduct(shape=(rows, columns, inner)):
            return _mlp(layout(signs(rows, inner)), [layout(signs(columns, inner))])
        case PeerNetwork(widths=(first, *_), batch=batch):
            weights = [layout(signs(outputs, inputs)) for inputs, outputs in pairwise(command.widths)]
            return _mlp(layout(signs(batch, first)), weights)
        case PeerConv(channels=channels):
            maps = layout(signs(command.batch, channels, command.height, command.width))
            kernels = layout(signs(channels, channels, 3, 3))
            return lambda: F.conv2d(maps, kernels, padding=1)
    raise Unsupported(f"torch is not timed on {type(command).__name__}.", "Update Flipscope.")


def _mlp(images: Tensor, weights: list[Tensor]) -> Call:
    """One pass through dense layers."""
    first, *rest = weights

    def once() -> Tensor:
        x = F.linear(images, first)
        for each in rest:
            x = F.linear(F.relu(x), each)
        return x

    return once


def _signs() -> Callable[..., Tensor]:
    """Makes float32 tensors of random signs."""
    generator = torch.Generator().manual_seed(0)

    def signs(*shape: int) -> Tensor:
        return torch.randint(0, 2, shape, generator=generator).float().mul_(2).sub_(1)

    return signs


def _layout(method: str) -> Layout:
    """How tensors are laid out for a method, and where. Raises Unsupported."""
    if cuda_peers.on_cuda(method):
        return cuda_peers.layout(method)
    if method == "channels-last":
        return lambda tensor: tensor.contiguous(memory_format=torch.channels_last)
    if method != "onednn":
        return Tensor.contiguous
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        raise Unsupported("This torch was built without oneDNN.", "Compare with torch's default product only.")
    return Tensor.to_mkldnn


@cache
def _keep_memory() -> None:
    """Let the C library keep what torch gives back: fresh pages for every large result would slow torch down."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # not glibc
        return
    trim_threshold, mmap_threshold = -1, -3
    mallopt(trim_threshold, 2**31 - 1)
    mallopt(mmap_threshold, 2**30)
