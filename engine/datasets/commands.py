"""Data sets from the command line, as plain records that survive JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import datasets
from engine import messages as m
from engine.child import Child
from engine.datasets import catalogue
from engine.errors import UnknownName
from engine.pace import progress_text

if TYPE_CHECKING:  # scipy comes with it, which a list of data sets need not wait for
    from engine.graph.graphs import Graph

Record = dict[str, Any]


def listed() -> Record:
    """Every data set with a name, of images and graphs: ready and where, or what fetching it takes."""
    states = (*catalogue.states(), *catalogue.graph_states())
    return {"data": [asdict(state) | {"note": state.note} for state in states]}


def shown(text: str) -> Record:
    """What a data set holds, by name or path: its `kind` is "images" or "graph". Raises FlipscopeError."""
    from engine.graph import sources

    if sources.is_graph(text):
        return _graph(sources.load(text))
    try:
        return _images(datasets.load(text))
    except UnknownName as error:
        raise UnknownName("data set", text, catalogue.known_names()) from error


def _images(data: datasets.Dataset) -> Record:
    counts = [np.bincount(labels, minlength=len(data.class_names)) for labels in (data.train_labels, data.test_labels)]
    return {
        "kind": "images",
        "name": data.name,
        "title": data.title,
        "input_shape": list(data.input_shape),
        "training_images": len(data.train_images),
        "test_images": len(data.test_images),
        "preparation": data.preparation,
        "note": data.note,
        "classes": [
            {"name": name, "training": int(training), "test": int(test)}
            for name, training, test in zip(data.class_names, *counts, strict=True)
        ],
    }


def _graph(graph: Graph) -> Record:
    parts = {part: np.bincount(graph.labels[nodes], minlength=graph.classes) for part, nodes in graph.parts().items()}
    counts = {"nodes": np.bincount(graph.labels[graph.labels >= 0], minlength=graph.classes)} | parts
    return {
        "kind": "graph",
        "name": graph.name,
        "title": graph.title,
        "nodes": graph.nodes,
        "edges": int(graph.edges.shape[1]),
        "words": graph.words,
        "words_there": int(graph.features.nnz),
        "without_edges": graph.nodes - len(np.unique(graph.edges)),
        "without_class": int(np.count_nonzero(graph.labels < 0)),
        "classes": [
            {"name": name} | {part: int(count[i]) for part, count in counts.items()}
            for i, name in enumerate(graph.class_names)
        ],
    }


def fetched(name: str, on_progress: Callable[[str], None] = lambda _: None) -> Record:
    """Fetch a data set in a child of the torch world, which an interruption ends. Raises FlipscopeError.

    on_progress: is given a line of text some times a second, and "" at the end.
    """
    catalogue.fetchable(name)  # what cannot be fetched needs no child to say so
    path = ""
    try:
        with Child("torch", "fetch") as child:
            for event in child.follow(m.FetchData(name)):
                if isinstance(event, m.Progress):
                    on_progress(progress_text(event))
                elif isinstance(event, m.DataFetched):
                    path = event.path
    finally:
        on_progress("")
    return {"name": name, "where": path}
