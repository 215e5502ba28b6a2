"""Signs packed by torch against engine.bits, and training on a card against the processor where there is one."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import bits
from engine.config import RunConfig
from engine.training import devices, models, steppers
from engine.training.steppers import Key
from engine.training.steppers.flips import SignTracker


class Elsewhere(torch.Tensor):
    """A tensor that says it is not in the processor's memory."""

    is_cpu = False


@settings(deadline=None)
@given(st.integers(0, 9), st.integers(0, 200), st.integers(0, 2**32 - 1))
def test_signs_packed_by_torch_are_those_that_numpy_packs(outputs, inputs, seed):
    values = np.random.default_rng(seed).choice(np.float32([-1, -0.0, 0.0, 0.5]), (outputs, inputs))
    packed = devices.pack(torch.from_numpy(values))
    assert packed.dtype == np.uint64
    np.testing.assert_array_equal(packed, bits.pack(values >= 0))


def test_flips_are_the_same_wherever_signs_are_packed():
    stream = np.random.default_rng(0)
    latents = torch.from_numpy(stream.standard_normal((9, 70), np.float32))
    here, there = SignTracker(latents), SignTracker(latents.as_subclass(Elsewhere))
    for _ in range(3):
        latents.add_(torch.from_numpy(stream.standard_normal((9, 70), np.float32)))
        assert here.update(latents) == there.update(latents.as_subclass(Elsewhere)) > 0
        np.testing.assert_array_equal(here.words, there.words)
        np.testing.assert_array_equal(here.counts, there.counts)


CARD = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA card")
RUNS = [
    pytest.param({}, id="binary"),
    pytest.param({"model": "cnn-32-64-64", "activations": "stochastic"}, id="conv"),
    pytest.param({"batch_norm": "shift-based", "optimizer": "shift-adamax"}, id="shift"),
    pytest.param({"optimizer": "bop", "dropout_hidden": 0.2}, id="bop"),
    pytest.param({"kind": "float"}, id="float"),
]


def trained(**changes):
    """A stepper after twenty steps, and its results."""
    run = RunConfig(**{"model": "mlp-70x2", "batch_size": 16, **changes})
    devices.set_up_torch(run)
    stepper = steppers.best(run)(run, models.initial(run, (12, 11, 1), 4))
    stream = np.random.default_rng(0)
    images, labels = stream.integers(0, 256, (20, 16, 12, 11, 1), np.uint8), stream.integers(0, 4, (20, 16))
    return stepper, [stepper.step(images[s], labels[s], 5e-3, run, Key(0, 0, s)) for s in range(20)]


@pytest.mark.gpu
@CARD
@pytest.mark.parametrize("changes", RUNS)
def test_training_on_a_card_is_that_on_the_processor(changes):
    there, on_card = trained(device="cuda", **changes)
    here, on_processor = trained(**changes)
    assert on_card[0].loss == pytest.approx(on_processor[0].loss, rel=1e-4)
    assert on_card[-1].loss == pytest.approx(on_processor[-1].loss, rel=0.2)
    for layer in range(models.depth(there.state())):
        np.testing.assert_array_equal(there.signs(layer), bits.pack(there.latents(layer) >= 0))
        different = np.mean(bits.unpack(there.signs(layer) ^ here.signs(layer), there.latents(layer).shape[1]))
        assert different < 0.1
        assert there.preactivations(layer).shape == here.preactivations(layer).shape
        assert there.look(layer, 1, 2) == (there.latents(layer)[1, 2] >= 0, there.inertia(layer)[1, 2])


@pytest.mark.gpu
@CARD
@pytest.mark.parametrize("changes", RUNS)
def test_training_on_a_card_repeats_exactly(changes):
    (first, results), (second, again) = trained(device="cuda", **changes), trained(device="cuda", **changes)
    assert results == again
    for name, array in first.state().items():
        np.testing.assert_array_equal(array, second.state()[name])
