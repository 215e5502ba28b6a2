"""Every reader of files from outside, with the maker of cases for it: `make(draw, folder) -> path`, `read(path)`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.fuzz_readers import data, graphs, models, pictures, runs, texts
from tests.fuzz_readers.draw import Draw
from tests.fuzz_readers.limits import held

READERS = {
    "model": (models.make_model, models.read_model),
    "checkpoint": (models.make_checkpoint, models.read_checkpoint),
    "recipe": (texts.make_recipe, texts.read_recipe),
    "network": (texts.make_network, texts.read_network),
    "imported": (texts.make_imported, texts.read_imported),
    "settings": (texts.make_settings, texts.read_settings),
    "idx": (data.make_idx, data.read_idx),
    "npz": (data.make_npz, data.read_npz),
    "drawings": (pictures.make_drawings, pictures.read_drawings),
    "cifar": (data.make_cifar, data.read_cifar),
    "planetoid": (graphs.make_planetoid, graphs.read_planetoid),
    "graph": (graphs.make_graph_npz, graphs.read_graph_npz),
    "run": (runs.make_run, runs.read_run),
    "zipped": (runs.make_zipped, runs.read_zipped),
    "picture": (pictures.make_picture, pictures.read_picture),
    "folder": (pictures.make_folder, pictures.read_folder),
}


def case(name, seed, number):
    """Make a case of a reader and hold it to the limits; gives the typed error that it ended in, or None."""
    make, read = READERS[name]
    with tempfile.TemporaryDirectory() as folder:
        return held(read, make(Draw(seed, number), Path(folder)))
