"""Data sets from the command line, as plain records that survive JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from engine import datasets
from engine import messages as m
from engine.child import Child
from engine.datasets import catalogue
from engine.pace import progress_text

Record = dict[str, Any]


def listed() -> Record:
    """Every data set with a name, of images and graphs: ready and where, or what fetching it takes."""
    states = (*catalogue.states(), *catalogue.graph_states())
    return {"data": [asdict(state) | {"note": state.note} for state in states]}


def shown(text: str) -> Record:
    """What a data set holds, by name or path. Raises FlipscopeError."""
    data = datasets.load(text)
    counts = [np.bincount(labels, minlength=len(data.class_names)) for labels in (data.train_labels, data.test_labels)]
    return {
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
