"""A slice of the campaign: some files for every reader, bombs, and the cases that campaigns have found."""

from datetime import datetime

import numpy as np
import pytest

from engine import runlist, strict
from engine.config import RunConfig
from engine.datasets import own
from engine.errors import BadFile, BadInput
from engine.graph.graphs import sparse
from engine.runs import METRICS, RunFolder, step_of
from engine.verify import described
from tests.fuzz_readers import data, graphs, pictures
from tests.fuzz_readers.limits import held
from tests.fuzz_readers.readers import READERS, case
from tests.graph import made

USUAL, SLOW = 100, 40
"""Cases of a reader; fewer where each takes longer."""


@pytest.mark.parametrize("name", READERS)
def test_every_file_is_read_or_refused_in_words_soon_and_in_little_memory(name):
    cases = SLOW if name in ("model", "checkpoint", "picture", "folder", "npz", "planetoid", "run", "zipped") else USUAL
    ends = [case(name, 1, number) for number in range(cases)]
    assert not all(ends), "nothing was sound"
    assert any(ends) or name == "settings", "nothing was bent"


def test_bombs(tmp_path):
    for read, path in (*data.bombs(tmp_path), *pictures.bombs(tmp_path)):
        held(read, path)


@pytest.mark.parametrize("number", range(len(graphs.pickle_bombs())))
def test_pickles_that_unfold_to_much_more(tmp_path, number):
    files = made.planetoid(made.small(), made.small().test)
    folder = made.save(tmp_path, files | {"graph": graphs.pickle_bombs()[number]})
    assert held(graphs.read_planetoid, folder) is not None


@pytest.mark.parametrize("starts", [[0, -754909184], [0, 2, -1], [0, 9, 2]])
def test_a_sparse_matrix_whose_rows_end_before_they_begin(starts):
    """SciPy's own check passed the first, and sorted what is not there."""
    parts = np.ones(9), np.zeros(9, np.int32), np.array(starts, np.int32)
    with pytest.raises(ValueError, match="end before they begin"):
        sparse(*parts, (len(starts) - 1, 5))


@pytest.mark.parametrize("shape", [(2, 0, 5), (2, 5, 0), (2, 5, 5, 0)])
@pytest.mark.parametrize("read", [pictures.read_drawings, own.load])
def test_images_of_no_pixels(tmp_path, read, shape):
    np.savez(tmp_path / "d.npz", images=np.zeros(shape, np.uint8), labels=np.zeros(2, np.int64))
    with pytest.raises(BadFile, match="holds images of"):
        read(tmp_path / "d.npz")


@pytest.mark.parametrize("code", [0xD800, 0x110000, 0xFFFFFFFF])
def test_characters_that_there_are_none_of(tmp_path, code):
    """numpy keeps any 32 bits as one, and its text is a SystemError."""
    names = np.array([1, code, 1], np.uint32).view("U1")
    np.savez(tmp_path / "d.npz", images=np.zeros((3, 8, 8), np.uint8), labels=np.arange(3), names=names)
    with pytest.raises(BadFile, match="characters"):
        own.load(tmp_path / "d.npz")


def test_numbers_beyond_all_floats_are_refused_in_recipes():
    with pytest.raises(BadFile, match="larger than any"):
        strict.number("seconds", 10**400)


def test_a_step_of_five_thousand_digits_is_none():
    assert [step_of(row) for row in (["9" * 5000, "key"], ["²"], [], ["12", "x"])] == [None, None, None, 12]


def test_a_network_of_other_peoples_making_that_unfolds_to_much_more(tmp_path):
    np.savez_compressed(tmp_path / "n.npz", **{"output.weights": np.ones((4000, 10_000), np.int8)})
    with pytest.raises(BadFile, match="too large"):
        described.read(str(tmp_path / "n.npz"))


@pytest.mark.parametrize("row", ["1,1,1,1,1,1,1,1,1", "{},0,0,0,0,0,0,0.5,0", ",,,,,,,,,,,,"])
def test_tables_of_short_rows_without_end(tmp_path, row):
    """A run's table as lists of texts took 26 times the room of its file."""
    folder = RunFolder.create(tmp_path, RunConfig(), {}, datetime(2026, 1, 2, 3, 4, 5))
    lines = (row.format(number) for number in range((6 << 20) // (len(row) + 1)))
    (folder.path / METRICS).write_text("\n".join(lines))
    assert held(lambda path: runlist.read(RunFolder(path)), folder.path) is None


@pytest.mark.parametrize("value", [10**400, -(10**400), float("inf"), float("nan")], ids=lambda value: f"{value!s:.5}")
@pytest.mark.parametrize("key", ["seed", "epochs", "learning_rate", "time_limit"])
def test_numbers_beyond_all_numbers_are_refused_as_settings(key, value):
    with pytest.raises(BadInput):
        RunConfig().changed(key, value)
