"""The loop: what it yields and when, live changes, exactness against the float64 rule, numbers that run away."""

import itertools

import numpy as np
import pytest
import torch

from engine.bits import unpack
from engine.errors import UnknownName
from engine.inference.backend import backend
from engine.inference.network import Metadata
from engine.training import layers, models, steppers
from engine.training.fold import fold
from engine.training.loop import Diverged, EpochEnd, Finished, Loop, Place, Scored, StepDone
from engine.training.reestimate import Evaluating
from engine.training.steppers.torch_stepper import TorchStepper
from tests.training.tiny import config, take

CNN = "cnn-32-64-64"


def loop(data, elapsed=lambda: 0.0, **changes):
    run = config(**changes)
    about = Metadata("t", run.model, data.input_shape, data.class_names)
    return Loop(run, data, models.initial(run, (28, 28, 1), 10), elapsed, about)


def kinds(events):
    """Names of events, runs of the same name once."""
    return [name for name, _ in itertools.groupby(type(event).__name__ for event in events)]


def test_two_epochs_from_the_first_step_to_the_end(data):
    run = loop(data)
    events = list(run.events())
    epoch = ["StepDone", "Evaluating", "Scored", "EpochEnd"]
    assert kinds(events) == [*epoch, *epoch, "Finished"]
    steps = [event for event in events if isinstance(event, StepDone)]
    assert [step.step for step in steps] == list(range(1, 21))
    assert sum(step.images for step in steps) == 1200
    assert steps[0].rate == run.config.learning_rate
    assert all(a.rate > b.rate for a, b in itertools.pairwise(steps))
    assert steps[-1].epoch == 2
    assert run.place == Place(20, 2, 0)
    scored = [event.score for event in events if isinstance(event, Scored)]
    assert scored[-1].accuracy > 0.4
    assert scored[-1].confusion.sum() == 200
    assert np.trace(scored[-1].confusion) == round(200 * scored[-1].accuracy)
    assert scored[-1].network.metadata.accuracy == scored[-1].accuracy
    assert scored[-1].network.metadata.epochs == 2


def test_evaluations_divide_an_epoch_evenly(data):
    events = list(loop(data, epochs=1, evaluations_per_epoch=4).events())
    scored = [event.epoch for event in events if isinstance(event, Scored)]
    assert len(scored) == 4
    assert scored[-1] == 1
    np.testing.assert_allclose(scored, [0.25, 0.5, 0.75, 1], atol=64 / 600)


@pytest.mark.parametrize(("share", "at"), [(0.5, [2, 4, 5]), (1 / 3, [3, 5]), (0.01, [5])])
def test_epochs_together_may_be_scored_once_and_every_run_is_at_its_end(data, share, at):
    events = loop(data, epochs=5, evaluations_per_epoch=share).events()
    assert [event.epoch for event in events if isinstance(event, Scored)] == at


def test_no_batch_has_a_single_image(data):
    steps = [event for event in loop(data, epochs=1, batch_size=599).events() if isinstance(event, StepDone)]
    assert [step.images for step in steps] == [600]


def test_every_epoch_sees_every_image_in_another_order(data):
    run = loop(data)
    seen = []
    real = run.stepper.step
    run.stepper.step = lambda images, *rest: (seen.append(images), real(images, *rest))[1]
    list(run.events())
    first, second = np.concatenate(seen[:10]), np.concatenate(seen[10:])
    assert not np.array_equal(first, second)
    for epoch in (first, second):
        np.testing.assert_array_equal(np.sort(epoch.sum((1, 2, 3))), np.sort(data.train_images.sum((1, 2, 3))))


def test_live_changes_take_effect_at_the_next_step(data):
    run = loop(data, schedule="constant")
    events = run.events()
    take(events, StepDone, 2)
    run.tune("learning_rate", "0.001")
    run.tune("batch_size", 10)
    assert [(s.rate, s.images) for s in take(events, StepDone, 2)] == [(0.001, 10)] * 2
    run.tune("epochs", 1)
    rest = list(events)
    assert sum(e.images for e in rest if isinstance(e, StepDone)) == 600 - 2 * 64 - 2 * 10
    assert isinstance(rest[-1], Finished)


def test_what_cannot_change_live_is_refused(data):
    run = loop(data)
    with pytest.raises(UnknownName, match="live setting"):
        run.tune("model", "mlp-1024x3")
    with pytest.raises(UnknownName):
        run.tune("nothing", 1)
    assert run.config == config()


def test_a_budget_of_time_ends_in_mid_epoch_on_a_fresh_score(data):
    time = itertools.count()
    run = loop(data, elapsed=lambda: next(time), time_limit=9)
    events = list(run.events())
    assert kinds(events) == ["StepDone", "Evaluating", "Scored", "Finished"]
    assert 0 < run.epoch < 1
    assert run.fresh_score


def test_the_flip_ratio_is_against_one_epoch_before(data):
    run = loop(data)
    before = [run.stepper.latents(i) >= 0 for i in range(3)]
    for event in run.events():
        if isinstance(event, EpochEnd):
            now = [run.stepper.latents(i) >= 0 for i in range(3)]
            assert event.flip_ratio == tuple(np.mean(a != b) for a, b in zip(before, now, strict=True))
            before = now


METHODS = {
    "bop": {"optimizer": "bop"},
    "shift": {
        "batch_norm": "shift-based",
        "optimizer": "shift-adamax",
        "rate_scale": "glorot",
        "learning_rate": 2**-10,
    },
    "xnor-net": {"scaling": "xnor-net", "estimator": "approx-sign"},
    "learned-thresholds": {"thresholds": "learned", "dropout_input": 0.1, "dropout_hidden": 0.2},
    "all": {"batch_norm": "shift-based", "scaling": "xnor-net", "thresholds": "learned", "weights": "stochastic"},
}


@pytest.mark.parametrize(
    "changes", [{}, {"output": "bias"}, {"loss": "squared-hinge"}, {"model": CNN}, *METHODS.values()]
)
def test_torch_in_float64_agrees_with_the_packed_oracle(data, changes):
    run = loop(data, epochs=1, **changes)
    list(run.events())
    check_against_oracle(run.stepper.state(), run.config, data)


@pytest.mark.parametrize("changes", [{}, {"model": CNN}, METHODS["all"], METHODS["all"] | {"model": CNN}])
@pytest.mark.parametrize("seed", range(3))
def test_torch_in_float64_agrees_for_random_parameters_and_ties(data, seed, changes):
    run = config(**changes)
    arrays = models.initial(run, (28, 28, 1), 10)
    stream = np.random.default_rng(seed)
    for name, array in arrays.items():
        if name.endswith((".gamma", ".beta")):
            array[:] = stream.choice([0, -0.0, 1, -1, 0.5, -3], array.shape)
        elif name.endswith(("mean", "threshold")):
            array[:] = stream.integers(-20, 20, array.shape)
        elif name.endswith("latent"):
            array[stream.random(array.shape) < 0.1] = 0
    arrays[f"layer{models.depth(arrays) - 1}.gamma"][:] = stream.normal(size=10)
    check_against_oracle(arrays, run, data)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "float"},
        {"kind": "float", "model": CNN},
        {"kind": "binaryconnect", "scaling": "xnor-net"},
        {"kind": "binaryconnect", "weights": "stochastic", "batch_norm": "shift-based", "model": CNN},
    ],
)
def test_float_activations_in_float64_agree_with_their_folded_layers(data, changes):
    run = loop(data, epochs=1, **changes)
    list(run.events())
    arrays = run.stepper.state()
    about = Metadata("t", run.config.model, data.input_shape, data.class_names)
    with torch.no_grad():
        *_, scores = layers.Network(arrays, run.config, torch.float64).forward(data.test_images)
    folded = backend("float-blas").load(fold(arrays, run.config, about)).scores(data.test_images)
    np.testing.assert_allclose(folded, scores.numpy(), rtol=1e-3, atol=1e-4)


def check_against_oracle(arrays, run, data):
    about = Metadata("t", run.model, data.input_shape, data.class_names)
    program = backend("naive").load(fold(arrays, run, about))
    network = layers.Network(arrays, run, torch.float64)
    with torch.no_grad():
        *hidden, scores = network.forward(data.test_images)
        signs = [layer.activate(outputs) for layer, outputs in zip(network.layers, hidden, strict=False)]
    for ours, theirs in zip(signs, program.activations(data.test_images), strict=True):
        packed = unpack(theirs.bits, ours.shape[-1])
        np.testing.assert_array_equal(ours.numpy() > 0, packed)
    packed_scores = program.scores(data.test_images)
    np.testing.assert_array_equal(packed_scores.argmax(1), scores.numpy().argmax(1))
    np.testing.assert_allclose(packed_scores, scores.numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("key", "values"),
    [("weights", ("deterministic", "stochastic", "deterministic")), ("steps", ("best", "plain", "best"))],
)
def test_a_live_change_hands_the_state_to_the_stepper_that_can(data, key, values):
    run = loop(data)
    events, makers = run.events(), []
    for value in values:
        run.tune(key, value)
        take(events, StepDone, 2)
        best = steppers.best(run.config)
        assert type(run.stepper) is best
        makers.append(best)
        counted = run.stepper.state()["adam.t"][0]
        assert counted == run.place.step
    assert makers[1] is TorchStepper


@pytest.mark.parametrize("name", ["gamma", "beta", "latent"])
def test_numbers_that_run_away_are_told_by_layer(data, name):
    run = loop(data)
    events = run.events()
    take(events, StepDone, 1)
    arrays = run.stepper.state()
    arrays[f"layer1.{name}"][2] = np.nan if name == "latent" else np.inf
    run.stepper.load(arrays)
    (told,) = take(events, Diverged, 1)
    assert told.why == f"'{name}' of layer 'hidden 2'"
    assert run.diverged


def test_evaluating_goes_from_none_to_all(data):
    shares = [event.share for event in loop(data, epochs=1).events() if isinstance(event, Evaluating)]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 1
