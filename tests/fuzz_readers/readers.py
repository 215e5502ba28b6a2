"""Every reader of files from outside, with the maker of cases for it: `make(draw, folder) -> path`, `read(path)`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.fuzz_readers import data, models, texts
from tests.fuzz_readers.draw import Draw
from tests.fuzz_readers.limits import held

READERS = {
    "model": (models.make_model, models.read_model),
    "checkpoint": (models.make_checkpoint, models.read_checkpoint),
    "recipe": (texts.make_recipe, texts.read_recipe),
    "network": (texts.make_network, texts.read_network),
    "settings": (texts.make_settings, texts.read_settings),
    "idx": (data.make_idx, data.read_idx),
    "npz": (data.make_npz, data.read_npz),
    "drawings": (data.make_drawings, data.read_drawings),
    "cifar": (data.make_cifar, data.read_cifar),
    "picture": (data.make_picture, data.read_picture),
}


def case(name, seed, number):
    """Make a case of a reader and hold it to the limits; gives the typed error that it ended in, or None."""
    make, read = READERS[name]
    with tempfile.TemporaryDirectory() as folder:
        return held(read, make(Draw(seed, number), Path(folder)))
