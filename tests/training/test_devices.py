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
from engine.training.steppers.flips import DeviceSignTracker, SignTracker, tracker
from engine.training.steppers.torch_stepper import TorchStepper


class Elsewhere(torch.Tensor):
    """A tensor that says it is not in the processor's memory."""

    is_cpu = False


@settings(deadline=None)
@given(st.integers(0, 9), st.integers(0, 200), st.integers(0, 2**32 - 1))
def test_signs_packed_by_torch_are_those_that_numpy_packs(outputs, inputs, seed):
    values = np.random.default_rng(seed).choice(np.float32([-1, -0.0, 0.0, 0.5]), (outputs, inputs))
    packed = devices.pack(torch.from_numpy(values).ge(0))
    assert packed.dtype == np.uint64
    np.testing.assert_array_equal(packed, bits.pack(values >= 0))


@pytest.mark.parametrize("inputs", [64, 70])
def test_flips_are_the_same_wherever_signs_are_followed(inputs):
    stream = np.random.default_rng(0)
    latents = torch.from_numpy(stream.standard_normal((9, inputs), np.float32))
    here, there = tracker(latents), tracker(latents.as_subclass(Elsewhere))
    assert (type(here), type(there)) == (SignTracker, DeviceSignTracker)
    for step in range(4):
        np.testing.assert_array_equal(here.words, there.words)
        np.testing.assert_array_equal(here.counts, there.counts)
        assert (there.words.dtype, there.counts.dtype) == (here.words.dtype, here.counts.dtype)
        latents.add_(torch.from_numpy(stream.standard_normal((9, inputs), np.float32)))
        assert here.update(latents) == there.update(latents.as_subclass(Elsewhere)) > 0
        if step == 1:
            here.reset()
            there.reset()


CARD = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA card")
RUNS = [
    pytest.param({}, id="binary"),
    pytest.param({"model": "cnn-32-64-64", "activations": "stochastic"}, id="conv"),
    pytest.param({"batch_norm": "shift-based", "optimizer": "shift-adamax"}, id="shift"),
    pytest.param({"optimizer": "bop", "dropout_hidden": 0.2}, id="bop"),
    pytest.param({"kind": "float"}, id="float"),
]


def trained(double=False, **changes):
    """A stepper after twenty steps, and its results. double: plain torch in float64.

    With biases as a run has them once it has begun: at 0, a whole sum that is the mean of its sixteen, which many are,
    has the sign of whatever error of rounding the mean has.
    """
    run = RunConfig(**{"model": "mlp-70x2", "batch_size": 16, **changes})
    devices.set_up_torch(run)
    stream = np.random.default_rng(0)
    arrays = models.initial(run, (12, 11, 1), 4)
    for name in arrays:
        if name.endswith(".beta"):
            arrays[name] += np.float32(0.1) * stream.standard_normal(arrays[name].shape, np.float32)
    stepper = TorchStepper(run, arrays, dtype=torch.float64) if double else steppers.best(run)(run, arrays)
    images, labels = stream.integers(0, 256, (20, 16, 12, 11, 1), np.uint8), stream.integers(0, 4, (20, 16))
    return stepper, [stepper.step(images[s], labels[s], 5e-3, run, Key(0, 0, s)) for s in range(20)]


@pytest.mark.gpu
@CARD
@pytest.mark.parametrize("changes", RUNS)
def test_training_on_a_card_is_that_on_the_processor(changes):
    """In float64 step by step: in float32 and TF32, signs that rounding turns over lead elsewhere after a few steps."""
    (there, on_card), (here, on_processor) = (trained(True, device=device, **changes) for device in ("cuda", "cpu"))
    assert [step.loss for step in on_card] == pytest.approx([step.loss for step in on_processor], rel=1e-6)
    assert [step.flips for step in on_card] == [step.flips for step in on_processor]
    for layer in range(models.depth(there.state())):
        np.testing.assert_array_equal(there.signs(layer), here.signs(layer))
        np.testing.assert_allclose(there.preactivations(layer), here.preactivations(layer), rtol=1e-6, atol=1e-6)


@pytest.mark.gpu
@CARD
@pytest.mark.parametrize("changes", RUNS)
def test_the_first_step_on_a_card_is_that_on_the_processor(changes):
    (there, on_card), (_, on_processor) = trained(device="cuda", **changes), trained(**changes)
    assert on_card[0].loss == pytest.approx(on_processor[0].loss, rel=1e-4)
    assert on_card[0].flips == pytest.approx(on_processor[0].flips, rel=0.05, abs=5)
    for layer in range(models.depth(there.state())):
        np.testing.assert_array_equal(there.signs(layer), bits.pack(there.latents(layer) >= 0))
        assert there.preactivations(layer).shape[1] == there.shape(layer)[0]
        assert there.look(layer, 1, 2) == (there.latents(layer)[1, 2] >= 0, there.inertia(layer)[1, 2])


@pytest.mark.gpu
@CARD
@pytest.mark.parametrize("changes", RUNS)
def test_training_on_a_card_repeats_exactly(changes):
    (first, results), (second, again) = trained(device="cuda", **changes), trained(device="cuda", **changes)
    assert results == again
    for name, array in first.state().items():
        np.testing.assert_array_equal(array, second.state()[name])
