"""Batch-norm statistics taken anew, layer by layer, for the weights as they are now.

Running statistics lag behind weights that flip; scoring with them can be wildly wrong in mid-training (compare
Courbariaux et al. 2016, who average slowly, with Wu and Johnson, "Rethinking 'Batch' in BatchNorm", 2021, section 3).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.config import RunConfig
from engine.inference.network import Shape
from engine.training.layers import Layer, Network
from engine.training.steppers import Arrays, Key

BATCHES = 30
BATCH = 128
BLOCK = 64
"""Rows that are added up in the precision that they have."""
ROOM = 1 << 27
"""Sums of one layer that are held at once: half a gigabyte."""


@dataclass(frozen=True)
class Evaluating:
    """A slice of an evaluation is complete. share: of the test set that is scored, 0..1."""

    share: float = 0.0


def sample(images: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """The training images that statistics are taken of: the same for the whole of a run."""
    chosen = Key(seed, 0, 0).stream("re-estimation").permutation(len(images))[: BATCHES * BATCH]
    return images[np.sort(chosen)]


def reestimate(arrays: Arrays, config: RunConfig, images: NDArray[np.uint8]) -> Generator[Evaluating, None, Arrays]:
    """A copy of the arrays with each layer's statistics those of the whole of `images`, u8 [N, H, W, C].

    Of large maps every so many-th image is taken. Every layer sees its inputs through the layers before it as they will
    be deployed. A generator that yields after each batch of products and returns the arrays; the given ones are left
    as they are.
    """
    network = Network(arrays, config)
    result = dict(arrays)
    every = -(-len(images) * _largest(network, images.shape[1:]) // ROOM)
    images = images[:: max(1, every)]
    batches = [_Batch(network.inputs(images[start : start + BATCH])) for start in range(0, len(images), BATCH)]
    for layer in network.layers:
        sums: deque[Tensor] = deque()
        for batch in batches:
            with torch.no_grad():
                sums.append(layer.sums(batch.values.to(network.dtype)))
            yield Evaluating()
        _take_statistics(layer, sums)
        for name, statistic in layer.statistics.items():
            result[f"layer{layer.index}.{name}"] = statistic.numpy(force=True)
        if layer is network.layers[-1]:
            break
        shortcut = network.layers[layer.index + 1].plan.shortcut
        for batch in batches:
            with torch.no_grad():
                outputs = layer.outputs(sums.popleft(), batch.outputs)
                values = layer.activate(outputs)
                batch.values = values.to(torch.int8) if network.binary else values
                batch.outputs = outputs if shortcut else None
            yield Evaluating()
    return result


@dataclass
class _Batch:
    """What the next layer takes of a batch, signs as int8, and where it has a shortcut the outputs they were before."""

    values: Tensor
    outputs: Tensor | None = None


def _largest(network: Network, shape: Shape) -> int:
    """Sums of one image in the layer that has most of them."""
    largest = 0
    for layer in network.layers:
        shape = layer.plan.gives(shape)
        largest = max(largest, math.prod(shape))
    return largest


def _take_statistics(layer: Layer, sums: Iterable[Tensor]) -> None:
    """Mean and spread of each output over all batches, and all places of maps, in two passes."""
    rows = [batch.reshape(-1, batch.shape[-1]) for batch in sums]
    if not layer.statistics or not rows:
        return
    count = sum(len(batch) for batch in rows)
    mean = _total(rows) / count
    about = mean.to(rows[0].dtype)
    variance = _total(layer.norm.square(batch - about) for batch in rows) / count
    layer.statistics["mean"].copy_(mean)
    layer.statistics[layer.norm.statistic].copy_(layer.norm.kept(variance))


def _total(rows: Iterable[Tensor]) -> Tensor:
    """Total float64 [outputs] of rows [N, outputs].

    Added up in blocks first, which are exact for whole numbers up to 2**24 / BLOCK: torch takes thirty times as long to
    add float32 to float64.
    """
    total = torch.zeros((), dtype=torch.float64)
    for batch in rows:
        whole = len(batch) // BLOCK * BLOCK
        blocks = batch[:whole].view(-1, BLOCK, batch.shape[1]).sum(1)
        total = total + blocks.sum(0, dtype=torch.float64) + batch[whole:].sum(0, dtype=torch.float64)
    return total
