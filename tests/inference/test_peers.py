"""Other libraries' products: right where they are installed, told how to install them where not."""

import subprocess
import sys

import numpy as np
import pytest

from engine import messages as m
from engine.errors import BadInput, UnknownName, Unsupported
from engine.inference import peers
from engine.inference.operands import random_words


@pytest.mark.parametrize("library", peers.PRODUCTS)
@pytest.mark.parametrize("workers", [1, 2])
def test_distances_are_those_of_the_bits(library, workers):
    pytest.importorskip(library)
    rng = np.random.default_rng(0)
    a, w = random_words(rng, 9, 130), random_words(rng, 5, 130)
    expected = np.bitwise_count(a[:, None] ^ w).sum(axis=2)
    np.testing.assert_array_equal(np.asarray(peers.PRODUCTS[library](a, w, workers)()), expected)


@pytest.mark.parametrize("library", peers.PRODUCTS)
def test_a_turn_is_taken(library):
    pytest.importorskip(library)
    (time,) = peers.open_service().carry_out(m.PeerProduct(library, 1, (3, 4, 65)))
    assert time.method == library
    assert time.seconds > 0


def test_what_is_not_installed_says_how_to(monkeypatch):
    monkeypatch.setattr(peers.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Unsupported, match="pip install"):
        peers.check_installed("faiss")
    with pytest.raises(UnknownName):
        peers.check_installed("cublas")


def test_other_commands_are_refused():
    with pytest.raises(BadInput):
        peers.open_service().carry_out(m.PeerNetwork("faiss", 1, (4, 2), 1))


def test_this_world_imports_nothing_before_it_is_asked():
    script = (
        "import sys; from engine.inference.peers import open_service; open_service().versions();"
        "print(sorted({'cupy', 'torch', 'PySide6', 'app', *sys.argv[1:]} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script, *peers.PRODUCTS], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
