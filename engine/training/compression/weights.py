"""The weights of a dense layer in forms that take less room: tensor train, low rank, hashed; and the plain matrix.

Each is real numbers, or one bit a number: then its signs multiply, and gradients with respect to these are applied to
the latents behind them, as Hubara et al. 2016 do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from numpy.typing import NDArray
from torch import Tensor

from engine.tensortrain.modes import Factors, Modes
from engine.training import quantize
from engine.training.optim.scale import clip

Array = NDArray[Any]

NARROW = 16
"""Columns of a product below which many of them are made as one."""


class Weights:
    """Tensors that together stand for W [outputs, inputs].

    Attributes:
        latents: by name, what an optimizer moves. leaves: by the same names, what multiplies: their signs, or
            themselves; gradients are taken of these.
        binary: which of the two.
    """

    form: str

    def __init__(self, outputs: int, inputs: int, latents: dict[str, Tensor], *, binary: bool) -> None:
        self.outputs, self.inputs, self.binary = outputs, inputs, binary
        self.latents = {name: each.contiguous() for name, each in latents.items()}
        self.leaves = {name: torch.empty_like(each) if binary else each.detach() for name, each in self.latents.items()}
        self.refresh()
        for leaf in self.leaves.values():
            leaf.requires_grad_()

    def refresh(self) -> None:
        """Take the signs of the latents anew."""
        if self.binary:
            with torch.no_grad():
                for name, latent in self.latents.items():
                    self.leaves[name].copy_(quantize.sign(latent))

    def settle(self) -> None:
        """After a step: latents whose signs multiply stay within +-1."""
        if self.binary:
            for latent in self.latents.values():
                clip(latent)

    @property
    def parameters(self) -> int:
        """Numbers that are stored."""
        return sum(latent.numel() for latent in self.latents.values())

    @property
    def bits(self) -> int:
        """What they take: one bit each, or 32."""
        return self.parameters * (1 if self.binary else 32)

    def product(self, x: Tensor) -> Tensor:
        """x [B, inputs] -> W x for each, [B, outputs]."""
        raise NotImplementedError


class Matrix(Weights):
    """An ordinary dense layer."""

    form = "dense"

    def __init__(self, matrix: Tensor, *, binary: bool = False) -> None:
        super().__init__(matrix.shape[0], matrix.shape[1], {"latent": matrix}, binary=binary)

    def product(self, x: Tensor) -> Tensor:
        return F.linear(x, self.leaves["latent"])


class Train(Weights):
    """A TT-matrix (Novikov et al. 2015, section 4); never the matrix itself. Indices as engine.tensortrain.modes says.

    cores: [r_(k-1), m_k, n_k, r_k]. With signs for cores every entry of W is a whole number of at most r_1 … r_(d-1),
    so that sums of signs are exact in float32 below 2**24 of what `reach` says.
    """

    form = "tensor train"

    def __init__(self, cores: Sequence[Tensor], outputs: int, inputs: int, *, binary: bool = False) -> None:
        self.modes = Modes(tuple(core.shape[1] for core in cores), tuple(core.shape[2] for core in cores))
        self.modes.check_fit(outputs, inputs)
        super().__init__(outputs, inputs, {f"core{k}": core for k, core in enumerate(cores)}, binary=binary)

    @property
    def bonds(self) -> Factors:
        """r_0 … r_d."""
        return (1, *(core.shape[3] for core in self.latents.values()))

    @property
    def reach(self) -> int:
        """The largest sum that signs can make with binary cores; float32 holds every one exactly below 2**24."""
        return self.inputs * math.prod(self.bonds)

    def product(self, x: Tensor) -> Tensor:
        # (m_1 … m_(k-1), r n_k, n_(k+1) … n_d B): the core takes the middle axis, and what it gives lies as the next
        # one takes it, so that nothing is moved; the batch is last, so that products are wide.
        values = F.pad(x, (0, self.modes.shape[1] - self.inputs)).T.contiguous()
        done = 1
        for core in self.leaves.values():
            rank, outputs, inputs, following = core.shape
            matrix = core.permute(1, 3, 0, 2).reshape(outputs * following, rank * inputs)
            values = _contracted(matrix, values.view(done, rank * inputs, values.numel() // (done * rank * inputs)))
            done *= outputs
        return values.view(self.modes.shape[0], len(x)).T[:, : self.outputs]


def _contracted(matrix: Tensor, values: Tensor) -> Tensor:
    """matrix [P, K] times each of values [N, K, W], [N, P, W]; of many that are narrow in one product."""
    count, inner, width = values.shape
    if count == 1 or width >= NARROW:
        return torch.bmm(matrix.expand(count, -1, -1), values)
    made = matrix @ values.transpose(0, 1).reshape(inner, count * width)
    return made.view(len(matrix), count, width).transpose(0, 1).contiguous()


class LowRank(Weights):
    """W = U V of a rank, the paper's baseline."""

    form = "low rank"

    def __init__(self, u: Tensor, v: Tensor, *, binary: bool = False) -> None:
        super().__init__(u.shape[0], v.shape[1], {"u": u, "v": v}, binary=binary)

    def product(self, x: Tensor) -> Tensor:
        return F.linear(F.linear(x, self.leaves["v"]), self.leaves["u"])


class Hashed(Weights):
    """HashedNet: each entry is one of few numbers, chosen by a hash of its place, with a hashed sign.

    W. Chen et al., "Compressing Neural Networks with the Hashing Trick", 2015 (arXiv 1504.04788). The places are drawn
    from the seed, which is all that would be stored of them.
    """

    form = "hashed"

    def __init__(self, buckets: Tensor, places: Array, signs: Array, *, binary: bool = False) -> None:
        """buckets: [K]. places: int64 [outputs, inputs], which bucket. signs: float32 [outputs, inputs], +-1."""
        super().__init__(places.shape[0], places.shape[1], {"buckets": buckets}, binary=binary)
        self._places, self._signs = torch.from_numpy(places), torch.from_numpy(signs)

    def product(self, x: Tensor) -> Tensor:
        return F.linear(x, self.leaves["buckets"][self._places] * self._signs)
