"""A slice of the campaign: some files for every reader, bombs, and the cases that campaigns have found."""

import pytest

from engine.config import RunConfig
from engine.errors import BadInput
from tests.fuzz_readers import data
from tests.fuzz_readers.limits import held
from tests.fuzz_readers.readers import READERS, case

USUAL, SLOW = 100, 40
"""Cases of a reader; fewer where each takes longer."""


@pytest.mark.parametrize("name", READERS)
def test_every_file_is_read_or_refused_in_words_soon_and_in_little_memory(name):
    cases = SLOW if name in ("model", "checkpoint", "picture", "npz") else USUAL
    ends = [case(name, 1, number) for number in range(cases)]
    assert not all(ends), "nothing was sound"
    assert any(ends) or name == "settings", "nothing was bent"


def test_bombs(tmp_path):
    for read, path in data.bombs(tmp_path):
        held(read, path)


@pytest.mark.parametrize("value", [10**400, -(10**400), float("inf"), float("nan")], ids=lambda value: f"{value!s:.5}")
@pytest.mark.parametrize("key", ["seed", "epochs", "learning_rate", "time_limit"])
def test_numbers_beyond_all_numbers_are_refused_as_settings(key, value):
    with pytest.raises(BadInput):
        RunConfig().changed(key, value)
