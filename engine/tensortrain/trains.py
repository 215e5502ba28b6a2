"""A matrix as a tensor train: its cores, the matrix that they stand for, and the unfoldings that give them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.tensortrain.modes import Factors, Modes

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class TensorTrain:
    """W[i, j] = G_1[i_1, j_1] … G_d[i_d, j_d], a product of matrices r_(k-1) x r_k; indices in the order of `modes`.

    cores: each [r_(k-1), m_k, n_k, r_k], all of one floating dtype, r_0 = r_d = 1.
    """

    cores: tuple[Floats, ...]

    @property
    def modes(self) -> Modes:
        """Of both sides."""
        return Modes(tuple(core.shape[1] for core in self.cores), tuple(core.shape[2] for core in self.cores))

    @property
    def bonds(self) -> Factors:
        """r_0 … r_d."""
        return (1, *(core.shape[3] for core in self.cores))

    @property
    def parameters(self) -> int:
        """Numbers in all cores."""
        return sum(core.size for core in self.cores)

    def dense(self) -> Floats:
        """The matrix [outputs, inputs], padding included."""
        whole = np.ones((1, 1, 1), self.cores[0].dtype)  # outputs and inputs so far, and the open bond
        for core in self.cores:
            grown = np.einsum("ijr,rmns->imjns", whole, core, optimize=True)
            whole = grown.reshape(grown.shape[0] * grown.shape[1], -1, core.shape[3])
        return whole[..., 0]


def padded(matrix: Floats, modes: Modes) -> Floats:
    """The matrix at the size of its modes, 0 beyond its own. Raises BadInput where it does not go in."""
    modes.check_fit(*matrix.shape)
    whole = np.zeros(modes.shape, matrix.dtype)
    whole[: matrix.shape[0], : matrix.shape[1]] = matrix
    return whole


def paired(matrix: Floats, modes: Modes) -> Floats:
    """A matrix [outputs, inputs] as a tensor [m_1 n_1, …, m_d n_d]: both indices of a core side by side."""
    d = modes.cores
    tensor = padded(matrix, modes).reshape(*modes.outputs, *modes.inputs)
    order = [axis for k in range(d) for axis in (k, d + k)]
    return tensor.transpose(order).reshape(modes.sizes)


def unfolding(tensor: Floats, bond: int) -> Floats:
    """The matrix whose rank a bond has: the first `bond` axes of `paired` by the others."""
    return tensor.reshape(math.prod(tensor.shape[:bond]), -1)
