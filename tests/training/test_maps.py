"""Native steps of convolutional networks against plain torch; bits and flips against the stored latents, exactly."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine import bits, threads
from engine.config import RunConfig
from engine.errors import BadInput
from engine.inference.operations import MaxPool
from engine.jit.target import FORCE, VARIANTS, host, runnable
from engine.jit.training.shape import shape_for
from engine.training import models, netfile, steppers
from engine.training.plan import ConvLayer, DenseLayer
from engine.training.steppers import Key
from engine.training.steppers.maps import MapStepper
from engine.training.steppers.torch_stepper import TorchStepper

CLASSES = 4
SHAPE = (13, 10, 3)
LAYERS = (
    ConvLayer(33, kernel=5, stride=2), ConvLayer(70, pool=MaxPool()), ConvLayer(70, shortcut=True), DenseLayer(19),
    DenseLayer(19, shortcut=True),
)  # fmt: skip

SHAPES = {variant.name: shape_for(variant) for variant in VARIANTS if runnable(variant)}
WAYS = {shape.tiled: name for name, shape in reversed(SHAPES.items()) if shape}
"""The best variant here with tile registers, and the best without."""


@pytest.fixture(
    scope="module", autouse=True, params=WAYS.values() or [pytest.param("", marks=pytest.mark.skip("no AVX2 here"))]
)
def way(request):
    """How gradients are made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FORCE, request.param)
        yield


@pytest.fixture(scope="module", autouse=True)
def as_many_threads_as_are_asked_for():
    """However small the work and however few the cores."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "worthwhile", lambda most, work, least: most)  # noqa: ARG005
        yield


def config(layers=LAYERS, **changes):
    return RunConfig(**{"model": "own", "layers": netfile.written(layers), "batch_size": 12, **changes})


def test_a_changed_estimator_takes_effect_at_the_next_step():
    ends = []
    for resumed in (False, True):
        first = config()
        stepper = MapStepper(first, models.initial(first, SHAPE, CLASSES))
        stepper.step(*batch(0), 1e-3, first, Key(0, 0, 0))
        changed = first.changed("estimator", "approx-sign")
        if resumed:
            stepper = MapStepper(changed, stepper.state())
        stepper.step(*batch(1), 1e-3, changed, Key(0, 0, 1))
        ends.append(stepper.state())
    for name, array in ends[0].items():
        np.testing.assert_array_equal(array, ends[1][name])


def batch(step, shape=SHAPE, size=12):
    stream = np.random.default_rng(step)
    return stream.integers(0, 256, (size, *shape), np.uint8), stream.integers(0, CLASSES, size)


def initial(run, shape=SHAPE):
    """With batch-norms that are all different, so that no value is 0 by design."""
    arrays = models.initial(run, shape, CLASSES)
    stream = np.random.default_rng(7)
    for name, array in arrays.items():
        if name.endswith((".gamma", ".beta")):
            array += stream.normal(0, 0.3, array.shape).astype(np.float32)
    return arrays


def train(stepper, run, steps, size=12):
    return [stepper.step(*batch(step, size=size), 5e-3, run, Key(run.seed, 0, step)) for step in steps]


def trained(stepper, run):
    train(stepper, run, range(1))
    return stepper.state()


def compare(run, shape=SHAPE, size=12, within=2.5e-2):
    """One step against torch in float64: of SGD the momentum after it is the gradient, of Adam a tenth of it."""
    arrays = initial(run, shape)
    native, plain = MapStepper(run, arrays), TorchStepper(run, arrays, dtype=torch.float64)
    images, labels = batch(1, shape, size)
    found, expected = (stepper.step(images, labels, 1e-3, run, Key(0, 0, 0)) for stepper in (native, plain))
    assert found.loss == pytest.approx(expected.loss, rel=1e-4)
    assert found.correct == expected.correct
    ours, theirs = native.state(), plain.state()
    for name in theirs:
        if name.endswith(".m"):
            error = np.linalg.norm(ours[name] - theirs[name])
            # behind two inputs batch-norm leaves next to nothing of a gradient, and float32 none of that
            assert error <= within * np.linalg.norm(theirs[name]) + 2e-5, name
        if name.endswith((".mean", ".var")):
            np.testing.assert_allclose(ours[name], theirs[name], rtol=2e-4, atol=2e-4, err_msg=name)
    for index in range(models.depth(arrays)):
        np.testing.assert_allclose(native.preactivations(index), plain.preactivations(index), atol=5e-4)


def test_a_convolutional_run_is_made_by_it():
    assert steppers.best(config()) is MapStepper
    assert steppers.best(RunConfig(model="convnet-quarter")) is MapStepper
    assert steppers.best(RunConfig(model="resnet-48-96x2")) is MapStepper


@pytest.mark.parametrize(
    "changes",
    [
        {}, {"estimator": "approx-sign"}, {"loss": "squared-hinge"}, {"output": "bias"},
        {"threads": 3}, {"estimator": "approx-sign", "output": "bias", "threads": 2},
    ],
)  # fmt: skip
def test_gradients_and_statistics_equal_those_of_plain_torch(changes):
    compare(config(**{"optimizer": "sgd", **changes}), within=5e-3)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "bop"])
def test_optimizers_are_given_gradients_row_by_row(optimizer):
    """Of layers whose widths need no padding, so that nothing is copied on the way."""
    layers = (ConvLayer(16, pool=MaxPool()), ConvLayer(32), DenseLayer(48))
    compare(config(layers, optimizer=optimizer), within=5e-3)


@pytest.mark.parametrize("first", [ConvLayer(20, kernel=3, pool=MaxPool()), ConvLayer(20, kernel=5)])
@pytest.mark.parametrize("shape", [(41, 36, 4), (190, 190, 1)])
def test_gradients_in_which_pixels_cancel(first, shape):
    """The first layer's over noise are the small rest of large sums; tile registers keep more of their digits."""
    run = config((first, ConvLayer(24, pool=MaxPool()), DenseLayer(19)), optimizer="sgd")
    arrays = initial(run, shape)
    native, plain = MapStepper(run, arrays), TorchStepper(run, arrays, dtype=torch.float64)
    for stepper in (native, plain):
        stepper.step(*batch(1, shape, 4), 1e-3, run, Key(0, 0, 0))
    found, expected = (stepper.state()["layer0.latent.m"] for stepper in (native, plain))
    within = 5e-3 if shape_for(host()).tiled else 2.5e-2
    assert np.linalg.norm(found - expected) <= within * np.linalg.norm(expected)


# of an output with a single input batch-norm leaves no gradient at all
SIDES = st.integers(5, 12)
CONVOLUTIONS = st.builds(
    ConvLayer, outputs=st.integers(2, 40), kernel=st.sampled_from([1, 3, 5]), stride=st.sampled_from([1, 2]),
    pool=st.sampled_from([None, None, MaxPool(), MaxPool(3, 3)]),
)  # fmt: skip


POOLED_TO_ONE = ConvLayer(4, kernel=1, pool=MaxPool(3, 3))
"""Of two images batch-norm leaves next to nothing of its gradient, which sums that were not centred hid."""


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    height=SIDES, width=SIDES, channels=st.integers(2, 5), size=st.integers(2, 9), workers=st.integers(1, 3),
    convolutions=st.lists(CONVOLUTIONS, min_size=1, max_size=3), dense=st.lists(st.integers(2, 70), max_size=1),
)  # fmt: skip
@example(height=5, width=5, channels=2, size=2, workers=1, convolutions=[POOLED_TO_ONE], dense=[])
def test_networks_of_any_shape_are_those_of_plain_torch(height, width, channels, size, workers, convolutions, dense):
    run = config((*convolutions, *map(DenseLayer, dense)), threads=workers)
    try:
        models.initial(run, (height, width, channels), CLASSES)
    except BadInput:
        return
    compare_without_ties(run, (height, width, channels), size)


def compare_without_ties(run, shape, size):
    """As `compare`, but for runs in which a value is so near 0 that a rounding decides its sign or its slope."""
    arrays = initial(run, shape)
    plain = TorchStepper(run, arrays, dtype=torch.float64)
    plain.step(*batch(1, shape, size), 1e-3, run, Key(0, 0, 0))
    hidden = [plain.preactivations(index) for index in range(models.depth(arrays) - 1)]
    flat = [values.std(0).min() for values in hidden]
    near = [min(np.abs(values).min(), np.abs(np.abs(values) - 1).min()) for values in hidden]
    if min(near) > 1e-4 and min(flat) > 1e-3:
        compare(replace(run, optimizer="sgd"), shape, size)


def test_bits_and_flips_are_those_of_the_latents_at_every_step():
    run = config(learning_rate=0.02)
    stepper = MapStepper(run, initial(run))
    layers = range(len(LAYERS) + 1)
    counted = [np.zeros(stepper.signs(i).shape, np.int64) for i in layers]
    for step in range(6):
        before = [stepper.latents(i) >= 0 for i in layers]
        (result,) = train(stepper, run, [step])
        for i in layers:
            after = stepper.latents(i) >= 0
            np.testing.assert_array_equal(stepper.signs(i), bits.pack(after))
            assert result.flips[i] == np.count_nonzero(before[i] != after)
            counted[i] += np.bitwise_count(bits.pack(before[i] != after))
            np.testing.assert_array_equal(stepper.tile_flips(i), counted[i])
    assert sum(c.sum() for c in counted) > 0


@pytest.mark.parametrize("workers", [1, 2])
def test_steps_repeat_exactly_and_resume_exactly_at_any_size_of_batch(workers):
    run = config(threads=workers)
    whole, again = (MapStepper(run, initial(run)) for _ in range(2))
    results = train(whole, run, range(4)) + train(whole, run, range(4, 6), size=7) + train(whole, run, [6])
    assert train(again, run, range(3)) == results[:3]
    resumed = MapStepper(run, again.state())
    assert train(resumed, run, [3]) + train(resumed, run, [4, 5], size=7) + train(resumed, run, [6]) == results[3:]
    expected = whole.state()
    for name, array in resumed.state().items():
        np.testing.assert_array_equal(array, expected[name])


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "bop"])
def test_an_optimizer_makes_of_its_gradients_what_it_makes_of_plain_torchs(optimizer):
    run = config(optimizer=optimizer)
    arrays = initial(run)
    ours, theirs = (
        trained(kind(run, {name: array.copy() for name, array in arrays.items()}), run)
        for kind in (MapStepper, TorchStepper)
    )
    for name in theirs:
        if name.endswith(".latent.m"):
            assert np.linalg.norm(ours[name] - theirs[name]) <= 0.1 * np.linalg.norm(theirs[name]), name


def test_steps_descend_and_latents_stay_within_one():
    run = config(learning_rate=0.02)
    stepper = MapStepper(run, initial(run))
    images, labels = batch(0, size=32)
    losses = [stepper.step(images, labels, 0.02, run, Key(0, 0, s)).loss for s in range(12)]
    assert losses[-1] < losses[0] / 2
    assert all(np.abs(stepper.latents(i)).max() <= 1 for i in range(6))


def test_a_batch_norm_that_is_not_a_number_leaves_the_weights():
    run = config()
    arrays = initial(run)
    arrays["layer1.gamma"][3] = np.nan
    stepper = MapStepper(run, arrays)
    (result,) = train(stepper, run, [0])
    assert np.isnan(result.loss)
    assert result.flips == (0,) * 6
    np.testing.assert_array_equal(stepper.latents(0), arrays["layer0.latent"])


def test_a_sum_that_is_the_mean_is_positive():
    """sign(0) = +1, where plain torch may round to just below 0: two images that are alike have no spread."""
    run = config((ConvLayer(8),))
    stepper = MapStepper(run, models.initial(run, SHAPE, CLASSES))
    images = np.zeros((2, *SHAPE), np.uint8)
    stepper.step(images, np.array([0, 1]), 1e-3, run, Key(0, 0, 0))
    np.testing.assert_array_equal(stepper.preactivations(0), 0)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"inputs": "bits"}, "takes pixels"),
        ({"dropout_hidden": 0.5}, "no dropout"),
        ({"layers": (DenseLayer(5), DenseLayer(6))}, "begins with a convolution"),
        ({"layers": (ConvLayer(4, pool=MaxPool(3, 2)),)}, "side by side"),
        ({"kind": "float"}, "kind=float"),
    ],
)
def test_what_it_cannot_do_it_says(changes, why):
    assert why in MapStepper.supports(config(**changes))


def test_another_processor_is_left_to_torch(monkeypatch):
    monkeypatch.setenv(FORCE, "x86-64")
    assert "AVX2" in MapStepper.supports(config())
    assert steppers.best(config()) is TorchStepper
