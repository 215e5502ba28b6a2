"""Small graphs for tests, and their files as Planetoid's authors wrote them, by Python 2."""

import io
import pickle
import struct
from collections import defaultdict
from dataclasses import replace as replace
from typing import ClassVar

import numpy as np
import scipy.sparse as sp

from engine.graph.graphs import Graph, undirected


def small(seed=0, nodes=40, words=70, classes=3, *, numbers=False):
    """A random graph in Planetoid's order: training nodes first, the last ones are for the test."""
    rng = np.random.default_rng(seed)
    features = (rng.random((nodes, words)) < 0.2).astype(np.float32)
    if numbers:
        features *= rng.random(features.shape, np.float32)
    return Graph(
        name="small",
        title="small",
        features=sp.csr_array(features),
        edges=undirected(rng.integers(0, nodes, (2, 3 * nodes))),
        labels=rng.integers(0, classes, nodes),
        train=np.arange(6),
        val=np.arange(6, nodes - 8),
        test=np.arange(nodes - 8, nodes),
        class_names=tuple(f"class {i}" for i in range(classes)),
    )


def planetoid(graph, order):
    """The eight files of a graph, its test nodes in this order: bytes by part."""
    known, one_hot = graph.nodes - graph.test.size, np.eye(graph.classes, dtype=np.int32)[graph.labels]
    rows = sp.csr_matrix(graph.features)
    near = defaultdict(list, {node: [] for node in range(graph.nodes)})
    for first, second in graph.edges.T.tolist():
        near[first] += [second, second]  # some are listed twice, as in the published files
        near[second].append(first)
    held = {
        "x": rows[graph.train], "tx": rows[order], "allx": rows[:known],
        "y": one_hot[graph.train], "ty": one_hot[order], "ally": one_hot[:known], "graph": near,
    }  # fmt: skip
    return {part: python2(value) for part, value in held.items()} | {"test.index": "\n".join(map(str, order)).encode()}


class _Python2(pickle._Pickler):
    """Writes texts and bytes as Python 2 wrote its strings."""

    dispatch: ClassVar[dict] = dict(pickle._Pickler.dispatch)

    def _save_string(self, value):
        content = value.encode("latin-1") if isinstance(value, str) else value
        self.write(b"T" + struct.pack("<i", len(content)) + content)
        self.memoize(value)

    dispatch[str] = dispatch[bytes] = _save_string


def python2(value):
    """A pickle of protocol 2 with the names of its day."""
    content = io.BytesIO()
    _Python2(content, 2).dump(value)
    renamed = ((b"scipy.sparse._csr", b"scipy.sparse.csr"), (b"numpy._core.multiarray", b"numpy.core.multiarray"))
    written = content.getvalue()
    for new, old in renamed:
        written = written.replace(new, old)
    return written


def save(folder, files, name="small"):
    """Write the files of a graph into a folder."""
    folder.mkdir(exist_ok=True)
    for part, content in files.items():
        (folder / f"ind.{name}.{part}").write_bytes(content)
    return folder
