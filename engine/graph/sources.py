"""Where graphs come from: by name, from an .npz file, or from a folder of Planetoid's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from engine.datasets.readers import npz
from engine.errors import BadFile, UnknownName
from engine.files import room_for
from engine.graph import karate, planetoid
from engine.graph.graphs import MOST_CLASSES, PAIR_BYTES, Graph, sparse, undirected
from engine.graph.published import GRAPHS, KARATE, TITLES, PublishedGraph

KEYS = ("indptr", "indices", "shape", "edges", "labels", "train", "val", "test")
"""What an .npz holds: words as CSR rows (`data` where they are not all 1), edges [2, E], labels, and the split."""

_REMEDY = f"Write it by numpy.savez with {', '.join(KEYS)} as whole numbers; see docs/graph.md."


def load(text: str) -> Graph:
    """The graph of that name, or at that path. Raises UnknownName, NotFetched, BadFile, BadInput."""
    if text == KARATE:
        return karate.load()
    path = Path(text).expanduser()
    if text in GRAPHS:
        return _kept(GRAPHS[text])
    if path.is_dir():
        return _folder(path)
    if path.suffix != ".npz" and not path.exists():
        raise UnknownName("graph", text, TITLES)
    return from_npz(path)


def is_graph(text: str) -> bool:
    """Whether a name or a path is a graph's: a known name, a folder with Planetoid's files, an .npz with edges."""
    path = Path(text).expanduser()
    if text in TITLES or path.is_dir():
        return text in TITLES or bool(planetoid.find(path))
    return path.suffix == ".npz" and path.is_file() and "edges" in npz.members(path)


def from_npz(path: Path, known: PublishedGraph | None = None) -> Graph:
    """A graph as `to_npz` keeps it, or as others write it. Raises BadFile, BadInput."""
    arrays = npz.load(path, _REMEDY)
    missing = [key for key in KEYS if key not in arrays]
    if missing:
        raise BadFile(f"'{path}' lacks {', '.join(missing)}.", _REMEDY)
    if PAIR_BYTES * arrays["edges"].size > 2 * room_for(path.stat().st_size):
        raise BadFile(f"'{path}' holds more edges than there is room for.", "Give each once, and no others.")
    try:
        words = _words(arrays)
        labels, train, val, test = (_whole(arrays[key], 1) for key in ("labels", "train", "val", "test"))
        edges = undirected(_whole(arrays["edges"], 2))
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise BadFile(f"'{path}' holds no sound graph: {error}.", _REMEDY) from error
    names = known.class_names if known else tuple(str(name) for name in arrays.get("names", ()))
    return Graph(
        name=known.name if known else path.stem,
        title=known.title if known else path.stem,
        features=words,
        edges=edges,
        labels=labels,
        train=train,
        val=val,
        test=test,
        class_names=names or tuple(f"class {i}" for i in range(min(int(labels.max(initial=-1)), MOST_CLASSES) + 1)),
    )


def to_npz(graph: Graph) -> dict[str, NDArray[Any]]:
    """The arrays that keep a graph."""
    return {
        "indptr": graph.features.indptr,
        "indices": graph.features.indices,
        "data": graph.features.data,
        "shape": np.array(graph.features.shape),
        "edges": graph.edges,
        "labels": graph.labels,
        **{key: getattr(graph, key) for key in ("train", "val", "test")},
    }


def _kept(known: PublishedGraph) -> Graph:
    """A graph that was fetched before. Raises NotFetched, BadFile."""
    if not known.kept:
        raise known.missing()
    graph = from_npz(known.path, known)
    if (graph.nodes, graph.words, graph.edges.shape[1]) != known.counts:
        raise known.damaged()
    return graph


def _folder(path: Path) -> Graph:
    name = planetoid.find(path)
    if not name:
        raise BadFile(f"'{path}' holds no Planetoid files.", "Choose a folder with ind.NAME.graph and its other parts.")
    return planetoid.read(path, name)


def _words(arrays: dict[str, NDArray[Any]]) -> sp.csr_array:
    """The CSR rows of an .npz. Raises ValueError."""
    rows, words = (int(side) for side in _whole(arrays["shape"], 1))
    indices, indptr = _whole(arrays["indices"], 1), _whole(arrays["indptr"], 1)
    data = arrays.get("data", np.ones(indices.size))
    if indptr.size != rows + 1:
        raise ValueError(f"{indptr.size - 1:,} rows of words where it says {rows:,}")
    return sparse(data, indices, indptr, (rows, words))


def _whole(array: NDArray[Any], dimensions: int) -> NDArray[np.int64]:
    """Whole numbers of so many dimensions. Raises ValueError."""
    if array.dtype.kind not in "iu" or array.ndim != dimensions:
        raise ValueError(f"{array.dtype} {array.shape} where whole numbers are expected")
    return array.astype(np.int64)
