"""torch's own float32 products, timed for the dashboard; meant for a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from torch import Tensor

from engine.errors import UnknownName, Unsupported
from engine.messages import PeerNetwork, PeerProduct, PeerTimes
from engine.training.session import Clock
from engine.worker import Run

WARM_UP = 2
"""Passes before the first that counts."""

METHODS = ("torch", "onednn")
"""What torch chooses by itself (MKL on most machines), and oneDNN on tensors in its own layout."""


def time_product(command: PeerProduct, clock: Clock) -> Run:
    """Time products of +-1 in float32, shape (M, N, K): [M, K] x [K, N]; ends in PeerTimes."""
    rows, columns, inner = command.shape
    return _timed((inner, columns), rows, command, clock)


def time_network(command: PeerNetwork, clock: Clock) -> Run:
    """Time a float32 MLP of these widths, ReLU between its layers, on a batch; ends in PeerTimes."""
    return _timed(command.widths, command.batch, command, clock)


def _timed(widths: tuple[int, ...], batch: int, command: PeerProduct | PeerNetwork, clock: Clock) -> Run:
    """Yields after each sample."""
    torch.set_num_threads(command.threads)
    torch.set_float32_matmul_precision("highest")
    once = _forward(widths, batch, _layout(command.method))
    for _ in range(WARM_UP):
        once()
        yield None
    seconds = []
    for _ in range(command.samples):
        start = clock()
        once()
        seconds.append(clock() - start)
        yield None
    yield PeerTimes(tuple(seconds), command.method)


def _layout(method: str) -> Callable[[Tensor], Tensor]:
    """How tensors are laid out for a method. Raises UnknownName, Unsupported."""
    if method not in METHODS:
        raise UnknownName("method", method, METHODS)
    if method == "torch":
        return Tensor.contiguous
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        raise Unsupported("This torch was built without oneDNN.", "Compare with torch's default product only.")
    return Tensor.to_mkldnn


def _forward(widths: tuple[int, ...], batch: int, layout: Callable[[Tensor], Tensor]) -> Callable[[], Tensor]:
    """One pass through dense layers of random signs."""
    generator = torch.Generator().manual_seed(0)

    def signs(rows: int, columns: int) -> Tensor:
        return layout(torch.randint(0, 2, (rows, columns), generator=generator).float().mul_(2).sub_(1))

    images = signs(batch, widths[0])
    first, *rest = [signs(outputs, inputs) for inputs, outputs in pairwise(widths)]

    def once() -> Tensor:
        with torch.inference_mode():
            x = F.linear(images, first)
            for weights in rest:
                x = F.linear(F.relu(x), weights)
        return x

    return once
