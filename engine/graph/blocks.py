"""The part of a graph that training looks at: two steps around the nodes whose classes it knows, and no more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from engine.graph.graphs import Nodes


@dataclass(frozen=True, eq=False)
class Block:
    """One layer's aggregation from the nodes that it needs to those that are asked for.

    matrix: float32 CSR [asked, needed]. own: where the asked nodes are among the needed ones, int64 [asked].
    """

    matrix: sp.csr_array
    own: Nodes


def blocks(matrix: sp.csr_array, asked: Nodes, layers: int = 2) -> tuple[Nodes, list[Block]]:
    """The nodes whose inputs are needed, and a block for each layer, the first one first.

    What the whole graph gives for the asked nodes, these give too: nothing else is in reach of `layers` steps.
    """
    made: list[Block] = []
    for _ in range(layers):
        rows = matrix[asked]
        needed = np.union1d(asked, rows.indices).astype(np.int64)
        made.insert(0, Block(sp.csr_array(rows[:, needed]), np.searchsorted(needed, asked)))
        asked = needed
    return asked, made
