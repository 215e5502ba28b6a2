"""Plain torch steps: exact repeats, flips against recomputed ones, gradients against the formulas."""

import numpy as np
import pytest
import torch

from engine import bits
from engine.config import RunConfig
from engine.errors import Unsupported
from engine.training import layers, models, norms, steppers
from engine.training.devices import set_up_torch
from engine.training.steppers import Key
from engine.training.steppers.torch_stepper import TorchStepper
from tests.training import reference

SHAPE = (6, 11, 1)
CLASSES = 4
CNN = "cnn-32-64-64"
RESNET = "resnet-8-16x2"


@pytest.fixture(autouse=True)
def _products():
    yield
    torch.set_float32_matmul_precision("highest")


def config(**changes):
    return RunConfig(**{"model": "mlp-70x2", "batch_size": 16, **changes})


def batch(step, size=16):
    stream = np.random.default_rng(step)
    return stream.integers(0, 256, (size, *SHAPE), np.uint8), stream.integers(0, CLASSES, size)


def fresh(run):
    return TorchStepper(run, models.initial(run, SHAPE, CLASSES))


def train(stepper, run, steps):
    return [stepper.step(*batch(step), 5e-3, run, Key(run.seed, 0, step)) for step in steps]


KINDS = [
    pytest.param({}, id="binary"),
    pytest.param({"kind": "float"}, id="float"),
    pytest.param({"weights": "stochastic", "activations": "stochastic"}, id="stochastic"),
    pytest.param({"output": "bias", "loss": "squared-hinge", "weight_faults": 0.1}, id="bias-only"),
    pytest.param({"optimizer": "shift-adamax", "rate_scale": "glorot"}, id="shift-adamax"),
    pytest.param({"optimizer": "sgd"}, id="sgd"),
    pytest.param({"optimizer": "bop", "flip_threshold": 1e-4}, id="bop"),
    pytest.param({"batch_norm": "shift-based", "scaling": "xnor-net", "thresholds": "learned"}, id="scaled"),
    pytest.param({"kind": "binaryconnect", "weights": "stochastic", "dropout_hidden": 0.5}, id="binaryconnect"),
    pytest.param({"model": CNN}, id="conv"),
    pytest.param({"model": CNN, "kind": "float"}, id="conv-float"),
    pytest.param({"model": CNN, "weights": "stochastic", "activations": "stochastic"}, id="conv-stochastic"),
    pytest.param({"model": RESNET}, id="residual"),
    pytest.param({"model": RESNET, "kind": "float"}, id="residual-float"),
]


@pytest.mark.parametrize("changes", KINDS)
def test_steps_repeat_exactly_and_resume_exactly(changes):
    run = config(**changes)
    whole, again = fresh(run), fresh(run)
    results = train(whole, run, range(8))
    assert train(again, run, range(5)) == results[:5]
    resumed = TorchStepper(run, again.state())
    assert train(resumed, run, range(5, 8)) == results[5:]
    expected = whole.state()
    assert expected.keys() == resumed.state().keys()
    for name, array in resumed.state().items():
        np.testing.assert_array_equal(array, expected[name])


def test_global_random_state_is_neither_used_nor_moved():
    run = config(weights="stochastic", activations="stochastic")
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = train(fresh(run), run, range(2))
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(2)
    assert train(fresh(run), run, range(2)) == first


@pytest.mark.parametrize("changes", KINDS)
def test_flips_and_packed_signs_equal_recomputed_ones(changes):
    run = config(**changes)
    stepper = fresh(run)
    layers = range(models.depth(stepper.state()))
    counted = [np.zeros(stepper.signs(i).shape, np.int64) for i in layers]
    for step in range(6):
        before = [stepper.latents(i) >= 0 for i in layers]
        if step == 3:
            stepper.reset_flips()
            counted = [np.zeros_like(c) for c in counted]
        (result,) = train(stepper, run, [step])
        for i in layers:
            after = stepper.latents(i) >= 0
            np.testing.assert_array_equal(stepper.signs(i), bits.pack(after))
            assert result.flips[i] == np.count_nonzero(before[i] != after)
            counted[i] += np.bitwise_count(bits.pack(before[i] != after))
            np.testing.assert_array_equal(stepper.tile_flips(i), counted[i])
    assert sum(c.sum() for c in counted) > 0


def test_a_step_descends_and_latents_stay_within_one():
    run = config()
    stepper = fresh(run)
    images, labels = batch(0)
    losses = [stepper.step(images, labels, 0.05, run, Key(0, 0, s)).loss for s in range(40)]
    assert losses[-1] < losses[0] / 2
    assert all(np.abs(stepper.latents(i)).max() <= 1 for i in range(3))
    assert stepper.preactivations(1).shape == (16, 70)


STEPS = [
    pytest.param({}, id="paper"),
    pytest.param({"loss": "squared-hinge", "estimator": "approx-sign"}, id="approx-sign"),
    pytest.param({"weights": "stochastic", "activations": "stochastic"}, id="stochastic"),
    pytest.param({"scaling": "xnor-net"}, id="xnor-net"),
    pytest.param({"scaling": "xnor-net", "thresholds": "learned", "estimator": "approx-sign"}, id="learned-thresholds"),
    pytest.param({"batch_norm": "shift-based", "thresholds": "learned"}, id="shift-based"),
    pytest.param({"dropout_input": 0.2, "dropout_hidden": 0.5}, id="dropout"),
    pytest.param({"weight_faults": 0.2, "weights": "stochastic"}, id="faults"),
    pytest.param({"kind": "binaryconnect", "weights": "stochastic", "dropout_hidden": 0.25}, id="binaryconnect"),
    pytest.param({"kind": "float", "batch_norm": "shift-based"}, id="float"),
]


@pytest.mark.parametrize("changes", STEPS)
def test_gradients_and_statistics_equal_the_papers_formulas(changes):
    run = config(optimizer="sgd", **changes)
    stepper = fresh(run)
    arrays = stepper.state()
    stream = np.random.default_rng(1)
    for name in ("layer0.threshold", "layer1.threshold"):
        if name in arrays:
            arrays[name][:] = stream.normal(0, 0.3, arrays[name].shape)
    arrays["layer1.gamma"][:] = stream.normal(1, 0.5, arrays["layer1.gamma"].shape)
    stepper.load(arrays)
    images, labels = batch(3)
    stepper.step(images, labels, 1e-3, run, Key(0, 1, 2))
    expected = reference.Step(run, arrays, images, labels, Key(0, 1, 2))
    found = stepper.state()
    for name, gradient in expected.gradients.items():  # SGD's momentum after one step is the gradient
        np.testing.assert_allclose(found[f"{name}.m"], gradient, rtol=1e-3, atol=1e-5 * np.abs(gradient).max() + 1e-9)
    for name, statistic in expected.statistics.items():
        np.testing.assert_allclose(found[name], statistic, rtol=1e-4, atol=1e-5, err_msg=name)


def test_a_convolutional_step_descends_and_shows_every_place_of_its_maps():
    run = config(model=CNN)
    stepper = fresh(run)
    images, labels = batch(0)
    losses = [stepper.step(images, labels, 0.02, run, Key(0, 0, s)).loss for s in range(20)]
    assert losses[-1] < losses[0] / 2
    assert all(np.abs(stepper.latents(i)).max() <= 1 for i in range(4))
    assert [stepper.preactivations(i).shape for i in range(4)] == [
        (16 * 3 * 6, 32), (16 * 1 * 3, 64), (16 * 1 * 3, 64), (16, CLASSES),
    ]  # fmt: skip


def plain_gradients(arrays, images, labels):
    """Autograd of the plain operations in float64 for CNN, channels first, on leaves that stand for the signs."""
    leaves = {}
    x = torch.tensor(images).double().permute(0, 3, 1, 2)
    for i, (kernel, stride, pool) in enumerate(((5, 2, 1), (3, 1, 2), (3, 1, 1), (0, 0, 0))):
        latent = torch.tensor(arrays[f"layer{i}.latent"])
        for name, values in (("latent", torch.where(latent >= 0, 1.0, -1.0)), ("gamma", torch.ones(len(latent)))):
            leaves[f"layer{i}.{name}"] = values.double().requires_grad_()
        weights, gamma = leaves[f"layer{i}.latent"], leaves[f"layer{i}.gamma"]
        if not kernel:
            sums = x.permute(0, 2, 3, 1).flatten(1) @ weights.T
        else:
            padded = torch.nn.functional.pad(x, (kernel // 2,) * 4, value=-1.0 if i else 0.0)
            kernels = weights.unflatten(1, (kernel, kernel, -1)).permute(0, 3, 1, 2)
            sums = torch.nn.functional.conv2d(padded, kernels, stride=stride)
            sums = torch.nn.functional.max_pool2d(sums, pool)
        outputs = torch.nn.functional.batch_norm(sums, None, None, gamma, None, True, eps=norms.EPSILON)
        x = outputs.clamp(-1, 1) + (torch.where(outputs >= 0, 1.0, -1.0) - outputs.clamp(-1, 1)).detach()
    loss = torch.nn.functional.cross_entropy(outputs, torch.tensor(labels))
    return dict(zip(leaves, torch.autograd.grad(loss, leaves.values()), strict=True))


def test_gradients_of_a_convolutional_step_equal_those_of_the_plain_operations():
    run = config(model=CNN)
    stepper = fresh(run)
    arrays = stepper.state()
    images, labels = batch(3)
    stepper.step(images, labels, 1e-3, run, Key(0, 0, 0))
    for name, expected in plain_gradients(arrays, images, labels).items():
        measured = stepper.state()[f"{name}.m"] / 0.1  # Adam's first moment after one step is 0.1 g
        error = np.linalg.norm(measured - expected.numpy()) / np.linalg.norm(expected)
        assert error < 1e-4, name


def test_a_loss_that_is_not_a_number_leaves_the_weights():
    run = config()
    arrays = models.initial(run, SHAPE, CLASSES)
    arrays["layer1.gamma"][:] = np.nan
    stepper = TorchStepper(run, arrays)
    (result,) = train(stepper, run, [0])
    assert np.isnan(result.loss)
    assert result.flips == (0, 0, 0)
    np.testing.assert_array_equal(stepper.latents(0), arrays["layer0.latent"])


def test_sums_are_exact_with_the_products_that_runs_use():
    run = RunConfig(model="mlp-96x2")
    set_up_torch(run)
    stream = np.random.default_rng(0)
    images = stream.choice(np.uint8([0, 1, 127, 253, 255]), (130, 28, 28, 1))
    network = layers.Network(models.initial(run, (28, 28, 1), 10), run)
    signs = network.layers[0].weights.numpy().astype(np.int64)
    sums = network.layers[0].sums(network.inputs(images)).numpy()
    np.testing.assert_array_equal(sums, images.reshape(130, -1).astype(np.int64) @ signs.T)


@pytest.mark.parametrize(("built", "why"), [("13.0", "no NVIDIA card"), (None, "CPU only")])
def test_a_device_that_is_not_there_says_why_and_what_to_do(monkeypatch, built, why):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", built)
    with pytest.raises(Unsupported, match=f"{why}.*device=cpu"):
        steppers.best(config(device="cuda"))
