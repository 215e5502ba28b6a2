"""Memory files for an FPGA: an independent reader gets the oracle's scores from them."""

import pytest

from engine.errors import FlipscopeError
from tests.conformance.oracle import assert_same_value
from tests.export import reader
from tests.export.cases import CASES, case, random_case
from tests.export.written import written


@pytest.mark.parametrize("name", CASES)
def test_scores(name, tmp_path):
    network, images, wanted = case(name)
    folder = written(network, "hex", tmp_path)
    assert_same_value(reader.scores(*reader.memories(folder), images[:200]), wanted[:200])


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    network, _ = random_case("dense")
    folder = written(network, "hex", tmp_path)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(FlipscopeError, match="there already"):
        written(network, "hex", tmp_path)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["digits"]
