"""From a dense matrix to a tensor train and to a product of low rank, and a train to one of lower ranks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadInput
from engine.tensortrain.modes import Modes
from engine.tensortrain.trains import Floats, TensorTrain, paired, unfolding

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Decomposition:
    """A train, and what each of its truncations left out (Frobenius norm), [d - 1].

    It differs from the matrix by the root of the sum of their squares at the most (Oseledets 2011, theorem 2.2).
    """

    train: TensorTrain
    left_out: tuple[float, ...]

    @property
    def bound(self) -> float:
        """The most that the Frobenius norm of the difference can be."""
        return math.hypot(*self.left_out)


def decomposed(
    matrix: Floats, modes: Modes, ranks: Sequence[int] | None = None, accuracy: float | None = None
) -> Decomposition:
    """TT-SVD: truncated singular value decompositions of one unfolding after the other, from the first bond on.

    I. Oseledets, "Tensor-Train Decomposition", SIAM Journal on Scientific Computing 33 (2011), algorithm 1.

    ranks: as Modes.bonds takes them; None for no limit. accuracy: the relative error in the Frobenius norm that may be
    made in all; None for any. Raises BadInput.
    """
    bonds = modes.bonds(ranks or [max(modes.caps, default=1)])
    rest, cores, left_out = paired(matrix, modes), list[Floats](), list[float]()
    each = _each(accuracy, float(np.linalg.norm(matrix)), modes)
    before = 1
    for m, n, most in zip(modes.outputs[:-1], modes.inputs[:-1], bonds[1:-1], strict=True):
        kept, rest, lost = _split(rest.reshape(before * m * n, -1), most, each)
        cores.append(kept.reshape(before, m, n, -1))
        left_out.append(lost)
        before = kept.shape[1]
    cores.append(rest.reshape(before, modes.outputs[-1], modes.inputs[-1], 1))
    return Decomposition(TensorTrain(tuple(cores)), tuple(left_out))


def rounded(train: TensorTrain, ranks: Sequence[int] | None = None, accuracy: float | None = None) -> Decomposition:
    """A train of lower ranks near a train, without the matrix (Oseledets 2011, algorithm 2). As `decomposed`."""
    modes, cores = train.modes, list(train.cores)
    bonds = modes.bonds(ranks or [max(modes.caps, default=1)])
    for k in range(modes.cores - 1, 0, -1):  # rows of every core but the first become orthonormal
        core = cores[k]
        q, r = np.linalg.qr(core.reshape(core.shape[0], -1).T)
        cores[k] = q.T.reshape(-1, *core.shape[1:])
        cores[k - 1] = cores[k - 1] @ r.T
    each, left_out = _each(accuracy, float(np.linalg.norm(cores[0])), modes), list[float]()
    for k in range(modes.cores - 1):
        core = cores[k]
        kept, rest, lost = _split(core.reshape(-1, core.shape[3]), bonds[k + 1], each)
        cores[k] = kept.reshape(*core.shape[:3], -1)
        cores[k + 1] = np.tensordot(rest, cores[k + 1], 1)
        left_out.append(lost)
    return Decomposition(TensorTrain(tuple(cores)), tuple(left_out))


def spectra(matrix: Floats, modes: Modes) -> Iterator[Values]:
    """The singular values of each unfolding, descending: what a bond of rank r leaves out is those from the r-th on."""
    tensor = paired(matrix, modes)
    for bond in range(1, modes.cores):
        yield np.linalg.svd(unfolding(tensor, bond), compute_uv=False).astype(np.float64)


def limits(values: Sequence[Values], bonds: Sequence[int]) -> tuple[float, float]:
    """The least and the most that TT-SVD at these ranks r_0 … r_d can leave out, in the Frobenius norm, by `spectra`.

    No train of these ranks is nearer than the worst bond allows; and each truncation leaves out no more than its own
    unfolding would, all together no more than there is.
    """
    lost = [float(np.linalg.norm(each[rank:])) for each, rank in zip(values, bonds[1:-1], strict=True)]
    whole = float(np.linalg.norm(values[0])) if values else 0.0
    return max(lost, default=0.0), min(math.hypot(*lost), whole)


def low_rank(matrix: Floats, rank: int) -> tuple[Floats, Floats]:
    """The nearest U V of a rank, U [outputs, rank] and V [rank, inputs], of equal size (Eckart and Young 1936)."""
    if not 1 <= rank <= min(matrix.shape):
        raise BadInput(f"A matrix of {matrix.shape} has no rank {rank}.", f"Choose 1 to {min(matrix.shape)}.")
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    root = np.sqrt(s[:rank])
    return u[:, :rank] * root, root[:, np.newaxis] * v[:rank]


def balanced(train: TensorTrain) -> TensorTrain:
    """The same matrix with cores of equal root mean square, where optimizers take steps of one length for all."""
    sizes = [float(np.sqrt(np.mean(np.square(core)))) for core in train.cores]
    if not all(sizes):
        return train
    mean = math.exp(math.fsum(map(math.log, sizes)) / len(sizes))
    return TensorTrain(tuple(core * (mean / size) for core, size in zip(train.cores, sizes, strict=True)))


def _each(accuracy: float | None, norm: float, modes: Modes) -> float:
    """What one truncation may leave out. Raises BadInput."""
    if accuracy is None:
        return 0.0
    if not 0 <= accuracy < 1:
        raise BadInput(f"An error of {accuracy:g} is none.", "Choose a share of the matrix's norm from 0 to 1.")
    return accuracy * norm / math.sqrt(max(1, modes.cores - 1))


def _split(matrix: Floats, most: int, may_lose: float) -> tuple[Floats, Floats, float]:
    """Orthonormal columns, what they are multiplied by, and the norm of what is left out."""
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    tails = np.sqrt(np.cumsum(np.square(s[::-1], dtype=np.float64))[::-1])  # tails[r]: of all from the r-th on
    rank = min(most, max(1, int(np.searchsorted(-tails, -may_lose, side="left")) if may_lose else len(s)))
    lost = float(tails[rank]) if rank < len(s) else 0.0
    return u[:, :rank], s[:rank, np.newaxis] * v[:rank], lost
