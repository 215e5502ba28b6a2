"""What is timed on the device: what it computes, by which launches, and by the device's own clock."""

import numpy as np
import pytest

from engine import turns
from engine.bits import pack
from engine.inference.backend import backend
from engine.inference.operands import random_convolution, random_maps, random_network, random_words
from gpu import timing, workloads
from gpu.choice import able, in_tiles, usual
from gpu.products import DeviceConvolver, DeviceMultiplier
from gpu.program import PackedProgram
from gpu.timing import KERNEL, PACKED, PAPER_FLOAT, PAPER_XNOR
from gpu.workloads import Workload
from tests.gpu.card import LAUNCH, Card
from tests.hostsim import build

pytestmark = pytest.mark.skipif(build.COMPILER is None, reason=build.WHY_NOT)


@pytest.fixture
def card(monkeypatch):
    """A card on which a few launches are enough."""
    monkeypatch.setattr(turns, "DEVICE_WARM", 2 * LAUNCH)
    monkeypatch.setattr(turns, "DEVICE_AGAIN", LAUNCH)
    monkeypatch.setattr(turns, "DEVICE_SAMPLES", 2)
    return Card()


def by_name(card, made, operands):
    return {each.name: each for each in timing.residents(card, made, operands)}


def test_a_product_by_itself_with_packing_and_by_the_papers_kernels(card):
    rng = np.random.default_rng(0)
    a, w = random_words(rng, 33, 70), random_words(rng, 17, 70)
    found = by_name(card, DeviceMultiplier(card, w, 70), a)
    assert {name: each.kind for name, each in found.items()} == {
        KERNEL: "xnor", PACKED: "xnor", PAPER_FLOAT: "peer", PAPER_XNOR: "xnor",
    }  # fmt: skip
    expected = backend("naive").matmul(a, w, 70)
    for each in found.values():
        np.testing.assert_array_equal(each.result(), expected)
    seconds = {name: each.turn() for name, each in found.items()}
    assert seconds == pytest.approx({KERNEL: LAUNCH, PACKED: 2 * LAUNCH, PAPER_FLOAT: LAUNCH, PAPER_XNOR: LAUNCH})


def test_a_network_and_the_same_in_the_papers_floats(card):
    network = random_network((20, 70, 3))
    images = np.random.default_rng(0).integers(0, 256, (9, 1, 20, 1), dtype=np.uint8)
    found = by_name(card, PackedProgram(network, card), images)
    assert found[KERNEL].result().tobytes() == backend("naive").load(network).scores(images).tobytes()
    assert found[PAPER_FLOAT].result is None
    assert found[PAPER_FLOAT].turn() == pytest.approx(2 * LAUNCH)
    assert found[KERNEL].turn() == pytest.approx(2 * LAUNCH)


def test_a_batch_that_is_taken_in_pieces_is_timed_in_these_on_the_device_too(card, monkeypatch):
    network = random_network((20, 70, 3))
    program = PackedProgram(network, card)
    monkeypatch.setattr(program, "together", 9)
    images = np.random.default_rng(0).integers(0, 256, (27, 1, 20, 1), dtype=np.uint8)
    found = by_name(card, program, images)
    assert set(found) == {KERNEL}
    assert found[KERNEL].result().tobytes() == backend("naive").load(network).scores(images).tobytes()
    assert found[KERNEL].turn() == pytest.approx(3 * 2 * LAUNCH)


def test_a_convolution(card):
    layer, after = random_convolution(9)
    maps = random_maps((4, 5, 9), 3)
    found = by_name(card, DeviceConvolver(card, layer, after, (4, 5, 9)), maps)
    assert set(found) == {KERNEL}
    expected = backend("naive").convolver(layer, after, (4, 5, 9))(maps)
    np.testing.assert_array_equal(found[KERNEL].result(), expected)


TINY = (
    Workload("dense", 9, (70,), 40),
    Workload("pixels", 3, (70,), 40, on_pixels=True),
    Workload("maps", 2, (4, 3, 70), 33, 3),
    Workload("pixel maps", 2, (4, 3, 3), 33, 3, on_pixels=True),
)


@pytest.mark.parametrize("workload", TINY, ids=lambda each: each.name)
def test_a_workload_is_timed_with_each_kind_of_module_that_can_do_it(card, workload):
    modules = able(workload.work, card.capability)
    tiles = [module for module in modules if in_tiles(module)]
    for module in [usual(workload.work, card), tiles[-1], *(module for module in modules if module not in tiles)][:4]:
        assert workloads.seconds(card, module, workload) >= 0.99 * LAUNCH
        assert module in {launch.module for launch in card.launches}


def test_workloads_have_names_of_their_own_and_words_as_the_choice_counts_them():
    assert len({workload.name for workload in workloads.WORKLOADS}) == len(workloads.WORKLOADS)
    work = workloads.WORKLOADS[0].work
    assert (work.kind, work.rows, work.columns, work.words) == ("gemm", 1024, 1024, 32)
    assert pack(np.ones((1, 1024), bool)).view(np.uint32).shape[1] == work.words
