"""Native steps against plain torch and the papers' formulas; bits and flips against the stored latents, exactly."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import bits, threads
from engine.config import RunConfig
from engine.errors import Unsupported
from engine.jit.target import FORCE, VARIANTS, runnable
from engine.jit.training.shape import shape_for
from engine.training import models, steppers
from engine.training.layers import loss
from engine.training.native import layout, parts
from engine.training.native.between import Sums
from engine.training.native.loss import Judge
from engine.training.steppers import Key
from engine.training.steppers.native import NativeStepper
from engine.training.steppers.torch_stepper import TorchStepper
from tests.training import reference

SHAPE = (6, 11, 1)
CLASSES = 4

pytestmark = pytest.mark.skipif(
    not any(runnable(variant) and shape_for(variant) for variant in VARIANTS), reason="no AVX2 here"
)


@pytest.fixture(scope="module", autouse=True)
def as_many_threads_as_are_asked_for():
    """However small the work and however few the cores."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "worthwhile", lambda most, work, least: most)  # noqa: ARG005
        yield


def config(**changes):
    return RunConfig(**{"model": "mlp-70x2", "batch_size": 16, **changes})


def batch(step, size=16, shape=SHAPE):
    stream = np.random.default_rng(step)
    return stream.integers(0, 256, (size, *shape), np.uint8), stream.integers(0, CLASSES, size)


def train(stepper, run, steps):
    return [stepper.step(*batch(step, run.batch_size), 5e-3, run, Key(run.seed, 0, step)) for step in steps]


def beginning(run):
    """Arrays whose batch-norms have betas: sums that are their column's mean else lie at the very edge of a sign."""
    arrays = models.initial(run, SHAPE, CLASSES)
    for name, values in arrays.items():
        if name.endswith(".beta"):
            values[:] = np.random.default_rng(len(values)).normal(0, 0.1, len(values))
    return arrays


def fresh(run):
    return NativeStepper(run, beginning(run))


METHODS = [
    pytest.param({}, id="paper"),
    pytest.param({"loss": "squared-hinge", "estimator": "approx-sign"}, id="hinge-approx-sign"),
    pytest.param({"dropout_input": 0.2, "dropout_hidden": 0.5}, id="dropout"),
    pytest.param({"inputs": "bits", "dropout_input": 0.2}, id="bits"),
    pytest.param({"output": "bias", "rate_scale": "glorot"}, id="bias-only"),
    pytest.param({"optimizer": "bop", "flip_threshold": 1e-4}, id="bop"),
    pytest.param({"optimizer": "sgd"}, id="sgd"),
]


# ---------------------------------------------------------------- gradients


@pytest.mark.parametrize("changes", METHODS[:3])
def test_gradients_are_the_papers_within_what_int8_leaves(changes):
    run = config(**changes, optimizer="sgd", model="mlp-150x2", batch_size=100)
    arrays = models.initial(run, (28, 28, 1), CLASSES)
    arrays["layer1.gamma"][:] = np.random.default_rng(1).normal(1, 0.5, 150)
    images, labels = batch(3, 100, (28, 28, 1))
    stepper = NativeStepper(run, arrays)
    result = stepper.step(images, labels, 1e-3, run, Key(0, 1, 2))
    expected = reference.Step(run, arrays, images, labels, Key(0, 1, 2))
    found = stepper.state()
    for name, gradient in expected.gradients.items():  # SGD's momentum after one step is the gradient
        own = found[f"{name}.m"].astype(float)
        assert np.linalg.norm(own - gradient) <= 2.5e-2 * np.linalg.norm(gradient), name
        assert (own * gradient).sum() >= 0.9996 * np.linalg.norm(own) * np.linalg.norm(gradient), name
    for name, statistic in expected.statistics.items():
        np.testing.assert_allclose(found[name], statistic, rtol=1e-4, atol=1e-4, err_msg=name)
    assert np.isfinite(result.loss)


@pytest.mark.parametrize("changes", METHODS)
def test_a_step_is_that_of_plain_torch(changes):
    """From the same state; in float64, whose rounding is none beside int8's."""
    run = config(**changes)
    native = fresh(run)
    for step in range(3):
        plain = TorchStepper(run, native.state(), dtype=torch.float64)
        before = native.state()
        (theirs,), (ours,) = train(plain, run, [step]), train(native, run, [step])
        assert ours.loss == pytest.approx(theirs.loss, rel=1e-5)
        assert ours.correct == theirs.correct
        expected, found = plain.state(), native.state()
        assert found.keys() == expected.keys()
        for name, array in found.items():
            assert (array.shape, array.dtype) == (before[name].shape, before[name].dtype)
            if name.endswith((".m", ".v", ".mean", ".var")):
                error = np.linalg.norm(array - expected[name]) / max(np.linalg.norm(expected[name]), 1e-12)
                assert error < 3e-2, name
        for layer in range(3):
            np.testing.assert_allclose(native.preactivations(layer), plain.preactivations(layer), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["cross-entropy", "squared-hinge"])
def test_losses_are_plain_torchs(name):
    stream = np.random.default_rng(0)
    scores, labels = stream.normal(0, 3, (9, CLASSES)).astype(np.float32), stream.integers(0, CLASSES, 9)
    tensor = torch.tensor(scores, requires_grad=True)
    expected = loss(tensor, torch.tensor(labels), config(loss=name), 9)
    expected.backward()
    padded = np.pad(scores, ((0, 0), (0, -CLASSES % 16)))
    judge = Judge(padded, CLASSES)
    found = judge(labels, name)
    assert found.loss == pytest.approx(float(expected.detach()), rel=1e-6)
    np.testing.assert_allclose(judge.gradients, tensor.grad.numpy(), rtol=1e-5, atol=1e-7)
    assert found.correct == np.count_nonzero(scores.argmax(1) == labels)


# ---------------------------------------------------------------- bits and flips


def check_bits(stepper, run, steps):
    """After every step both layouts and all counts are those of the stored latents."""
    weights = stepper._network.weights
    counted = [np.zeros(stepper.signs(i).shape, np.int64) for i in range(len(weights))]
    for step in steps:
        before = [stepper.latents(i) >= 0 for i in range(len(weights))]
        (result,) = train(stepper, run, [step])
        for i, layer in enumerate(weights):
            after = stepper.latents(i) >= 0
            np.testing.assert_array_equal(stepper.signs(i), bits.pack(after))
            np.testing.assert_array_equal(layer.words, layout.blocked_words(after))
            expected = layout.octets_of(bits.pack(after), layer.depth, layer.room)
            np.testing.assert_array_equal(layer.octets, expected)
            assert result.flips[i] == np.count_nonzero(before[i] != after)
            counted[i] += np.bitwise_count(bits.pack(before[i] != after))
            np.testing.assert_array_equal(stepper.tile_flips(i), counted[i])
            assert np.abs(stepper.latents(i)).max() <= 1


@pytest.mark.parametrize("changes", METHODS)
def test_signs_and_flips_are_those_of_the_stored_latents(changes):
    run = config(**changes)
    check_bits(fresh(run), run, range(5))


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.integers(1, 90), min_size=2, max_size=3), st.integers(2, 40), st.integers(1, 9), st.integers(1, 9),
    st.sampled_from([0.0, 0.3]),
)  # fmt: skip
def test_ragged_widths_and_batches(widths, size, height, width, dropout):
    run = config(model="mlp-" + "-".join(map(str, widths)), batch_size=size, dropout_hidden=dropout)
    arrays = models.initial(run, (height, width, 1), CLASSES)
    images, labels = batch(0, size, (height, width, 1))
    native, plain = NativeStepper(run, arrays), TorchStepper(run, arrays, dtype=torch.float64)
    for one in (native, plain):
        one.step(images, labels, 1e-2, run, Key(0, 0, 0))
    np.testing.assert_allclose(native.preactivations(0), plain.preactivations(0), rtol=1e-3, atol=1e-3)
    for i in range(len(widths) + 1):
        assert native.shape(i) == plain.shape(i)
        np.testing.assert_array_equal(native.signs(i), bits.pack(native.latents(i) >= 0))


# ---------------------------------------------------------------- going on


@pytest.mark.parametrize("changes", METHODS)
def test_steps_repeat_and_resume_exactly(changes):
    run = config(**changes)
    whole, again = fresh(run), fresh(run)
    results = train(whole, run, range(7))
    assert train(again, run, range(4)) == results[:4]
    resumed = NativeStepper(run, again.state())
    assert train(resumed, run, range(4, 7)) == results[4:]
    for name, array in whole.state().items():
        np.testing.assert_array_equal(array, resumed.state()[name])


def test_two_threads_make_the_same_steps_to_the_bit():
    run = config(model="mlp-150x2", dropout_hidden=0.2)
    one, two = fresh(run), fresh(replace(run, threads=2))
    assert train(one, run, range(3)) == train(two, run, range(3))
    for name, array in one.state().items():
        np.testing.assert_array_equal(array, two.state()[name])


def test_batches_of_several_sizes_take_turns():
    run = config()
    whole = fresh(run)
    for step, size in enumerate((16, 7, 300, 16, 2, 3, 4, 16)):
        before = whole.state()
        images, labels = batch(step, size)
        result = whole.step(images, labels, 1e-3, run, Key(0, 0, step))
        again = NativeStepper(run, before)
        assert again.step(images, labels, 1e-3, run, Key(0, 0, step)) == result


@pytest.mark.parametrize("name", ["layer1.gamma", "layer2.beta"])
def test_a_loss_that_is_not_a_number_leaves_the_weights(name):
    run = config()
    arrays = models.initial(run, SHAPE, CLASSES)
    arrays[name][:] = np.nan
    stepper = NativeStepper(run, arrays)
    (result,) = train(stepper, run, [0])
    assert np.isnan(result.loss)
    assert result.flips == (0, 0, 0)
    np.testing.assert_array_equal(stepper.latents(0), arrays["layer0.latent"])


# ---------------------------------------------------------------- who makes a run's steps


@pytest.mark.parametrize("changes", METHODS)
def test_it_is_chosen_where_it_can(changes):
    choice = steppers.chosen(config(**changes))
    assert choice.stepper is NativeStepper
    assert choice.title.startswith("native kernels")
    assert not choice.why


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "float"}, {"kind": "binaryconnect"}, {"weights": "stochastic"}, {"activations": "stochastic"},
        {"scaling": "xnor-net"}, {"thresholds": "learned"}, {"batch_norm": "shift-based"}, {"weight_faults": 0.1},
        {"optimizer": "shift-adamax"}, {"model": "cnn-4-5-6", "dropout_hidden": 0.1},
    ],
)  # fmt: skip
def test_what_it_cannot_do_it_says_and_torch_does(changes):
    choice = steppers.chosen(config(**changes))
    assert choice.stepper is TorchStepper
    assert choice.title == "plain torch"
    assert choice.why.startswith("The native step")


def test_plain_torch_makes_the_steps_where_it_is_asked_for():
    choice = steppers.chosen(config(steps="plain"))
    assert choice.stepper is TorchStepper
    assert choice.why == "Plain torch was asked for."


def test_several_processes_and_other_processors_are_left_to_torch(monkeypatch):
    assert steppers.best(config(), processes=2) is TorchStepper
    monkeypatch.setenv(FORCE, "x86-64")
    assert "AVX2" in NativeStepper.supports(config())
    with pytest.raises(Unsupported):
        steppers.best(config(device="cuda"))


def test_every_timed_call_of_a_kernel_finds_the_same_gradients():
    sums, found = Sums(16, 8, 1, 0, 1), []
    sums.gradients[:] = 3

    def shrinks(_record):
        found.append(float(sums.gradients.sum()))
        sums.gradients *= 1e-9

    step = SimpleNamespace(sums=[sums], programs=SimpleNamespace(call=shrinks))
    assert parts._quickest(step, np.zeros(4, np.int64)) < 1
    assert found == [3.0 * sums.gradients.size] * parts.TURNS
