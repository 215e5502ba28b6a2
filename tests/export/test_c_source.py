"""The C file: compiled without a warning, its scores are the oracle's bit for bit; what it says of itself holds."""

import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from engine.export.c_source import identifier
from tests.conformance.oracle import assert_same_value
from tests.export.cases import CASES, case, expected, random_case
from tests.export.written import written

GCC = shutil.which("gcc")
FLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-pedantic")

pytestmark = pytest.mark.skipif(GCC is None, reason="gcc is not installed")


def run(path, images, *more):
    """Scores float32 [N, classes], and the classes that it gives, by the program that the file is when asked to."""
    program = path.with_suffix(".exe")
    subprocess.run([GCC, *FLAGS, *more, "-DDIGITS_MAIN", path, "-o", program], check=True)
    printed = subprocess.run([program], input=images.tobytes(), capture_output=True, check=True).stdout.decode()
    rows = [line.split() for line in printed.splitlines()]
    return np.array([row[1:] for row in rows], np.float64).astype(np.float32), np.array([row[0] for row in rows], int)


@pytest.mark.parametrize("name", CASES)
def test_scores(name, tmp_path):
    network, images, wanted = case(name)
    found, classes = run(written(network, "c", tmp_path), images)
    assert_same_value(found, wanted)
    if not np.isnan(wanted).any():
        np.testing.assert_array_equal(classes, wanted.argmax(axis=1))


@pytest.mark.parametrize("more", [("-DPORTABLE_POPCOUNT",), ("-O3", "-march=native", "-ffp-contract=fast")])
def test_however_it_is_compiled(more, tmp_path):
    network, images = random_case("residual")
    found, _ = run(written(network, "c", tmp_path), images, *more)
    assert_same_value(found, expected(network, images))


def test_nothing_is_read_or_written_beyond_its_arrays(tmp_path):
    network, images = random_case("conv-on-bits")
    found, _ = run(written(network, "c", tmp_path), images, "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    assert_same_value(found, expected(network, images))


@pytest.mark.skipif(shutil.which("nm") is None, reason="nm is not installed")
@pytest.mark.parametrize("name", ["conv", "residual", "bits"])
def test_its_memory_is_what_it_says(name, tmp_path):
    network, _ = random_case(name)
    path = written(network, "c", tmp_path)
    subprocess.run([GCC, *FLAGS, "-c", path, "-o", path.with_suffix(".o")], check=True)
    listed = subprocess.run(["nm", "-S", path.with_suffix(".o")], capture_output=True, check=True, text=True).stdout
    symbols = [line.split() for line in listed.splitlines() if line.count(" ") == 3]
    size = {kind: sum(int(s[1], 16) for s in symbols if s[2] == kind and s[3] != "layers") for kind in "rbT"}
    assert size["T"] > 0
    assert f"flash: {size['r']:,} bytes of constants; RAM: {size['b']:,} bytes" in path.read_text()


def test_what_a_model_says_of_itself_stays_in_the_comment(tmp_path):
    network, images = random_case("dense")
    about = replace(network.metadata, name="*/ int x; /* ??/\n\\", class_names=("\n", "é", "*/"))
    hostile = replace(network, metadata=about)
    found, _ = run(written(hostile, "c", tmp_path), images)
    assert_same_value(found, expected(network, images))


@pytest.mark.parametrize("name", ["mnist-mlp-512x2", "2 b", "é", "", "_x", "int"])
def test_the_function_has_a_name_that_c_allows(name):
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", identifier(name))
