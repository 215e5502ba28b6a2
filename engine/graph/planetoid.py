"""Planetoid's files, read without trusting them: arrays, sparse matrices and one dictionary, and nothing else.

A folder holds ind.NAME.PART for the eight parts of published.PARTS: words and one-hot labels of the training nodes
(x, y), of all nodes but the test nodes (allx, ally) and of the test nodes (tx, ty), the neighbours of every node
(graph), and the numbers of the test nodes in the order of tx (test.index). The files are pickles of Python 2.
"""

from __future__ import annotations

import math
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from engine.errors import BadFile, reason
from engine.files import checked_size, room_for
from engine.graph.graphs import MOST_EDGES, MOST_NODES, PAIR_BYTES, Graph, sparse, undirected
from engine.graph.published import GRAPHS, PARTS
from engine.pickled import ARRAYS, Inert, inert

MOST_BYTES, MOST_INDEX = 1 << 24, 1 << 20
"""Of one file, and of the one with the numbers of the test nodes."""
VALIDATION = 500
"""Nodes after the training nodes that are Planetoid's validation set."""

_KNOWN = {
    **dict.fromkeys(ARRAYS, Inert),
    **dict.fromkeys((("copy_reg", "_reconstructor"), ("copyreg", "_reconstructor")), Inert),
    **{(module, name): Inert for module in ("__builtin__", "builtins") for name in ("object", "list")},
    ("scipy.sparse.csr", "csr_matrix"): Inert,
    ("scipy.sparse._csr", "csr_matrix"): Inert,
    ("collections", "defaultdict"): lambda *_: {},
}
_DTYPE = re.compile(r"[biuf][1248]")
_DAMAGE = (pickle.UnpicklingError, EOFError, ValueError, TypeError, LookupError, AttributeError, OverflowError)
"""What a file leads to that is no pickle, or holds something else than it should."""


def find(folder: Path) -> str:
    """The name in the files of a folder, "" where it has none of them."""
    return next((file.name.split(".")[1] for file in sorted(folder.glob("ind.*.graph"))), "")


def read(folder: Path, name: str) -> Graph:
    """The graph in ind.NAME.* of a folder. Raises BadFile, BadInput."""
    return parsed({part: content(folder / f"ind.{name}.{part}") for part in PARTS}, name)


def content(file: Path) -> bytes:
    """A file of at most MOST_BYTES. Raises BadFile."""
    checked_size(file, "a Planetoid", MOST_BYTES)
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadFile(f"'{file}' cannot be read: {reason(error)}.", "Check your permissions.") from error


def parsed(contents: Mapping[str, bytes], name: str) -> Graph:
    """The graph in its eight files, by their parts. Raises BadFile, BadInput."""
    part = ""
    try:
        found = {}
        for part in PARTS[:-1]:
            found[part] = inert(contents[part], _KNOWN)
        part = "test.index"
        if len(contents[part]) > MOST_INDEX:
            raise ValueError("more numbers than there may be nodes")
        test = np.array(contents[part].split(), np.int64)
        words = {part: _matrix(found[part]) for part in ("x", "tx", "allx")}
        labels = {part: _classes(found[part]) for part in ("y", "ty", "ally")}
        part = "graph"
        edges = undirected(_pairs(found[part], room_for(len(contents[part])) // PAIR_BYTES))
    except _DAMAGE as error:
        raise BadFile(f"The file ind.{name}.{part} is no sound part of a graph: {error}.", _REMEDY) from error
    return _assembled(name, words, labels, edges, test)


_REMEDY = "Fetch it again, or bring the eight files as Planetoid has them."


def _assembled(
    name: str, words: dict[str, sp.csr_array], labels: dict[str, NDArray[np.int64]], edges: NDArray[np.int32],
    test: NDArray[np.int64],
) -> Graph:  # fmt: skip
    known, count = words["allx"].shape[0], labels["y"].size
    if len(labels["ally"]) != known or not len(labels["ty"]) == words["tx"].shape[0] == test.size:
        _refuse(name, "words and labels of different numbers of nodes")
    if words["tx"].shape[1] != words["allx"].shape[1] or not 0 < count <= known:
        _refuse(name, "parts that do not belong together")
    if not test.size or not known <= test.min() <= test.max() < MOST_NODES or len(np.unique(test)) != test.size:
        _refuse(name, "numbers of test nodes that cannot be")
    nodes = max(int(test.max()), int(edges.max(initial=0)), known - 1) + 1
    rows, classes = np.full(nodes, known + test.size), np.full(nodes, -1)  # a node without words or class: CiteSeer's
    rows[:known], classes[:known] = np.arange(known), labels["ally"]
    rows[test], classes[test] = known + np.arange(test.size), labels["ty"]
    nothing = sp.csr_array((1, words["tx"].shape[1]), dtype=np.float32)
    features = sp.vstack([words["allx"], words["tx"], nothing], format="csr")[rows]
    names = GRAPHS[name].class_names if name in GRAPHS else tuple(f"class {i}" for i in range(classes.max() + 1))
    return Graph(
        name=name,
        title=GRAPHS[name].title if name in GRAPHS else name,
        features=sp.csr_array(features),
        edges=edges,
        labels=classes,
        train=np.arange(count),
        val=np.arange(count, min(count + VALIDATION, known)),
        test=np.sort(test),
        class_names=names,
    )


def _refuse(name: str, what: str) -> NoReturn:
    raise BadFile(f"The files ind.{name}.* hold {what}.", _REMEDY)


def _array(made: Inert) -> NDArray[Any]:
    """An array from its state: version, shape, dtype, order, bytes. Raises ValueError."""
    _, shape, dtype, by_columns, data = made.state
    kind = dtype.given[0]
    kind = kind.decode() if isinstance(kind, bytes) else str(kind)
    if not _DTYPE.fullmatch(kind) or not isinstance(data, bytes):
        raise ValueError(f"an array of {kind}")
    order = dtype.state[1].decode() if isinstance(dtype.state[1], bytes) else str(dtype.state[1])
    form = np.dtype(kind if order == "|" else order + kind)
    if len(data) != math.prod(shape) * form.itemsize:
        raise ValueError("an array that is shorter or longer than it says")
    return np.frombuffer(data, form).reshape(shape, order="F" if by_columns else "C")


def _matrix(made: Inert) -> sp.csr_array:
    """A sparse matrix from its attributes. Raises ValueError."""
    held = {key.decode() if isinstance(key, bytes) else key: value for key, value in made.state.items()}
    data, indices, indptr = (_array(held[key]) for key in ("data", "indices", "indptr"))
    rows, columns = (int(side) for side in held["_shape"] if 0 < side <= MOST_EDGES)
    return sparse(data, indices, indptr, (rows, columns))


def _classes(made: Inert) -> NDArray[np.int64]:
    """The one in every row of one-hot labels, -1 in a row without. Raises ValueError."""
    rows = _array(made)
    if rows.ndim != 2 or not rows.shape[1]:
        raise ValueError("labels that are not one-hot")
    return np.where(rows.any(axis=1), rows.argmax(axis=1), -1)


def _pairs(graph: dict[int, list[int]], most: int) -> NDArray[np.int64]:
    """Pairs [2, M] of every node and each of its neighbours, M at most `most`. Raises ValueError."""
    if not isinstance(graph, dict) or sum(map(len, graph.values())) > most:
        raise ValueError("no dictionary of neighbours, or one of too many")
    counts = [len(near) for near in graph.values()]
    starts = np.repeat(np.array(list(graph), np.int64), counts)
    ends = np.array([node for near in graph.values() for node in near], np.int64)
    return np.stack([starts, ends])
