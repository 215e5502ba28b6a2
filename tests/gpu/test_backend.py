"""cupy-xnor as a backend: what it says of itself, when it tests the card, and that it computes what it is asked."""

import importlib.util
import subprocess
import sys
import time

import numpy as np
import pytest

from engine.errors import BackendLost, Unsupported
from engine.inference.backend import Ready, Unavailable, backend
from engine.inference.operands import random_convolution, random_maps, random_network, random_words
from engine.inference.settling import silent
from engine.watchdog import WATCHDOG
from gpu import backend as room
from gpu import card as cards
from gpu import driver, nvrtc, verdict
from gpu.backend import CupyXnor
from gpu.driver import NoGpu
from gpu.source import PACK, POOL
from gpu.verdict import Verdict
from tests.gpu.card import GPU, Card, TrialHere
from tests.hostsim import build

simulated = pytest.mark.skipif(build.COMPILER is None, reason=build.WHY_NOT)


@pytest.fixture
def found(monkeypatch):
    """A machine with this GPU, or with what is missing; torch is not in this process, whatever other tests did."""

    def put(gpu=GPU, cupy=True, compiler=None):
        def find(_asking=None):
            if isinstance(gpu, NoGpu):
                raise gpu
            return gpu

        def choose(_):
            if isinstance(compiler, Unsupported):
                raise compiler
            return compiler

        room._found.cache_clear()
        monkeypatch.setattr(driver, "find", find)
        monkeypatch.setattr(nvrtc, "choose", choose)
        monkeypatch.setattr(importlib.util, "find_spec", lambda _: object() if cupy else None)
        monkeypatch.delitem(sys.modules, "torch", raising=False)

    yield put
    room._found.cache_clear()


@pytest.fixture
def card(found, monkeypatch):
    """A machine whose GPU is the simulation; what its self-test says, by module, "" for the others."""

    def put(faults=None, fails=None):
        found()
        opened = []
        monkeypatch.setattr(cards, "open_device", lambda: opened.append(Card(fails)) or opened[-1])
        told = {str(module): fault for module, fault in (faults or {}).items()}
        trials = []

        def trial():
            trials.append(TrialHere(Card(), lambda _, module: told.get(str(module), ""), lambda *_: 1.0))
            return trials[-1]

        monkeypatch.setattr(cards, "Trial", trial)
        return opened, trials

    return put


def settled(one):
    chore = one.unsettled()
    chore()
    assert one.unsettled() is None
    return one


@pytest.mark.parametrize(
    ("missing", "reason", "remedy"),
    [
        ({"gpu": NoGpu("No NVIDIA driver was found.", "Install it.")}, "No NVIDIA driver", "Install it."),
        ({"cupy": False}, "CuPy is not installed", "pip install cupy-cuda12x"),
        ({"compiler": Unsupported("NVRTC 13 is too new.", "Update the driver.")}, "NVRTC 13", "Update the driver."),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_to_be_done_about_it_here(found, missing, reason, remedy):
    found(**missing)
    one = CupyXnor()
    state = one.probe()
    assert reason in state.reason
    assert remedy in state.remedy
    assert one.unsettled() is None
    for run in (lambda: one.load(random_network((9, 3))), lambda: one.multiplier(np.zeros((1, 1), np.uint64), 1)):
        with pytest.raises(Unsupported if "gpu" not in missing else NoGpu) as caught:
            run()
        assert caught.value.what == state.reason


def test_in_a_process_with_torch_the_card_is_left_to_torch(card, monkeypatch):
    card()
    monkeypatch.setitem(sys.modules, "torch", object())
    assert "torch" in CupyXnor().probe().reason
    assert CupyXnor().unsettled() is None


def test_a_card_is_tested_once_and_the_next_process_knows(card):
    opened, trials = card()
    one = CupyXnor()
    assert "not yet checked on this Simulated GPU" in one.probe().reason
    assert "doctor --gpu" in one.probe().remedy
    settled(one)
    assert one.probe() == Ready("Simulated GPU")
    another = CupyXnor()
    assert another.probe() == Ready("Simulated GPU")
    settled(another)
    assert (len(trials), len(opened)) == (1, 2)
    one.card().examine(silent)
    assert len(trials) == 2


def test_what_failed_is_noted_and_what_nothing_can_do_is_a_reason(card):
    card({POOL: "with (2, 5), 3 of 9 values are wrong."})
    one = CupyXnor()
    with pytest.raises(Unsupported, match="No kernel for pooling"):
        one.unsettled()()
    assert one.unsettled() is None
    assert isinstance(one.probe(), Unavailable)
    assert "pooling" in one.probe().reason
    assert "3 of 9 values" in one.probe().reason
    assert "doctor --gpu" in one.probe().remedy
    card({verdict.GEMMS[0]: "wrong"})
    one.card().examine(silent)
    assert one.probe() == Ready("Simulated GPU", one.probe().note)
    assert "(wrong)" in one.probe().note


def test_a_card_that_cannot_be_tested_now_is_tested_again_later(card, monkeypatch):
    card()

    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return

        def check(self, _):
            raise Unsupported("The GPU's memory is full.", "Close other programs.")

    with monkeypatch.context() as patch:
        patch.setattr(cards, "Trial", Full)
        with pytest.raises(Unsupported, match="memory is full"):
            CupyXnor().unsettled()()
    assert "not yet checked" in CupyXnor().probe().reason
    settled(CupyXnor())


def test_a_driver_that_does_not_answer_costs_this_backend(found, monkeypatch):
    found()
    lost = []

    def hang(asking):
        with asking:
            lost.append(WATCHDOG.overdue(time.monotonic() + 25))
        raise NoGpu("", "")

    monkeypatch.setattr(driver, "find", hang)
    CupyXnor().probe()
    assert (lost[0].backend, lost[0].what) == ("cupy-xnor", "The NVIDIA driver did not answer for 20 s.")


@simulated
def test_networks_products_and_convolutions_are_the_oracles_to_the_bit(card):
    card()
    one, oracle = settled(CupyXnor()), backend("naive")
    network = random_network((20, 70, 3))
    images = np.random.default_rng(0).integers(0, 256, (5, 1, 20, 1), dtype=np.uint8)
    assert one.load(network).scores(images).tobytes() == oracle.load(network).scores(images).tobytes()
    rng = np.random.default_rng(0)
    a, w = random_words(rng, 3, 100), random_words(rng, 5, 100)
    np.testing.assert_array_equal(one.matmul(a, w, 100), oracle.matmul(a, w, 100))
    layer, after = random_convolution(9)
    maps = random_maps((4, 5, 9), 2)
    convolved = one.convolver(layer, after, (4, 5, 9))(maps)
    np.testing.assert_array_equal(convolved, oracle.convolver(layer, after, (4, 5, 9))(maps))
    assert {each.name for each in one.residents(one.multiplier(w, 100), a)} >= {"cupy-kernel", "paper-float"}


@simulated
@pytest.mark.parametrize("failure", ["illegal address", "no memory", "gone"])
def test_a_failure_in_the_middle_loses_the_backend(card, failure):
    card(fails={str(PACK): failure, **{str(module): failure for module in verdict.MODULES}})
    one = settled(CupyXnor())
    program = one.load(random_network((20, 70, 3)))
    with pytest.raises(BackendLost) as caught:
        program.scores(np.zeros((5, 1, 20, 1), np.uint8))
    assert caught.value.backend == "cupy-xnor"


def test_a_verdict_of_another_version_is_none(card, monkeypatch):
    card()
    settled(CupyXnor())
    monkeypatch.setattr(verdict, "__version__", "another")
    room._found.cache_clear()
    assert "not yet checked" in CupyXnor().probe().reason


def test_probing_imports_neither_cupy_nor_torch():
    script = (
        "import sys; from engine.inference.backend import backends, ready; [b.probe() for b in backends().values()];"
        "[b.unsettled() for b in backends().values()];"
        "print(sorted({'cupy', 'cupy_backends', 'torch', 'PySide6'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_a_verdict_knows_its_own_modules():
    assert not Verdict().passed(PACK)
