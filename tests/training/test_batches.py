"""Batches ahead of their steps: the very ones that are asked for, whatever was made before; no thread stays behind."""

import threading

import numpy as np
import pytest

from engine.training import augment
from engine.training.batches import Batches, Order
from engine.training.loop import AHEAD, Loop, StepDone
from engine.training.steppers import Key
from engine.training.steppers.native import NativeStepper
from engine.training.steppers.torch_stepper import TorchStepper
from tests.training.test_loop import loop
from tests.training.tiny import take


def order(step, augmentation="light", epoch=0, first=None, size=16, seed=0):
    start = 16 * step if first is None else first
    return Order(Key(seed, epoch, step), start, start + size, augmentation)


def makers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("batches")]


@pytest.fixture(autouse=True)
def no_thread_stays():
    yield
    assert makers() == []


def check(batch, expected):
    np.testing.assert_array_equal(batch.images, expected.images)
    np.testing.assert_array_equal(batch.labels, expected.labels)


def test_a_batch_is_its_images_in_the_order_of_the_epoch_changed_by_its_key(data):
    asked = order(3, epoch=2, seed=5)
    chosen = Key(5, 2, 0).stream("shuffle").permutation(600)[48:64]
    with Batches(data) as batches:
        plain, changed = (batches.take(each) for each in (order(3, "none", 2, seed=5), asked))
        assert makers() == []  # nothing was expected
    np.testing.assert_array_equal(plain.images, data.train_images[chosen])
    np.testing.assert_array_equal(plain.labels, data.train_labels[chosen])
    expected = augment.augment("light", data.train_images[chosen], Key(5, 2, 3).stream("augmentation"))
    np.testing.assert_array_equal(changed.images, expected)


def test_what_was_made_ahead_is_taken_and_else_thrown_away(data):
    asked = [
        *(order(step) for step in range(4)),
        order(4, size=20), order(5, first=84), order(6, "strong", first=100), order(7, seed=1), order(8),
        order(0, epoch=1),
    ]  # fmt: skip
    with Batches(data) as alone, Batches(data) as ahead:
        for step, each in enumerate(asked):
            following = [order(later) for later in range(step + 1, step + 4)]  # mostly wrong from the fifth on
            check(ahead.take(each, following), alone.take(each))


def test_it_is_made_once_on_the_other_thread(data, monkeypatch):
    made = []
    real = augment.augment
    monkeypatch.setattr(augment, "augment", lambda *a: (made.append(threading.current_thread().name), real(*a))[1])
    with Batches(data) as batches:
        for step in range(6):
            batches.take(order(step), [order(later) for later in range(step + 1, min(step + 4, 6))])
    assert sorted(made) == [threading.current_thread().name, *["batches_0"] * 5]  # only the first was not expected


def test_an_error_is_raised_where_its_batch_is_asked_for(data):
    with Batches(data) as batches:
        batches.take(order(0), [order(1), order(2, "nonsense")])
        batches.take(order(1), [order(2, "nonsense")])
        with pytest.raises(KeyError, match="nonsense"):
            batches.take(order(2, "nonsense"))
        batches.take(order(3))


# ---------------------------------------------------------------- in a run


@pytest.fixture
def idle(monkeypatch):
    """Of any two threads one is idle, whoever makes the steps here."""
    for stepper in (NativeStepper, TorchStepper):
        monkeypatch.setattr(stepper, "workers", lambda *_: 1)


def steps(run):
    return [event for event in run.events() if isinstance(event, StepDone)]


@pytest.mark.usefixtures("idle")
def test_a_run_with_batches_made_ahead_is_that_without(data):
    one, two = (loop(data, augmentation="light", threads=threads) for threads in (1, 2))
    assert steps(one) == steps(two)
    for name, array in one.state().items():
        np.testing.assert_array_equal(array, two.state()[name])


CHANGES = (("batch_size", 50), ("augmentation", "strong"), ("augmentation", "none"), ("augment_until", 0.5))


@pytest.mark.usefixtures("idle")
def test_live_changes_and_a_resumed_run_are_as_without(data):
    results = []
    for threads in (1, 2):
        run = loop(data, augmentation="light", threads=threads, learning_rate=5e-3)
        events, made = run.events(), []
        for key, value in CHANGES:
            made += take(events, StepDone, 2)
            run.tune(key, value)
        events.close()
        run.tune("augmentation", "light")
        resumed = Loop(run.config, data, run.state(), lambda: 0.0, run._metadata, run.place)
        results.append((made, steps(resumed), steps(run)))
    assert results[0] == results[1]
    assert results[0][1] == results[0][2]


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("end", ["closed", "spent", "failed"])
def test_no_thread_stays_behind_a_run(data, end, monkeypatch):
    run = loop(data, augmentation="light", threads=2)
    events = run.events()
    take(events, StepDone, 3)
    assert len(makers()) == 1
    assert len(run._batches._ahead) == AHEAD
    if end == "closed":
        events.close()
    elif end == "spent":
        assert take(events, StepDone, 100)
    else:
        monkeypatch.setattr(run.stepper, "step", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            take(events, StepDone, 1)
    assert makers() == []


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize(
    "changes", [{"threads": 2}, {"augmentation": "light"}, {"augmentation": "light", "augment_until": 0, "threads": 2}]
)
def test_without_changed_images_or_a_second_thread_nothing_is_made_ahead(data, changes):
    events = loop(data, **changes).events()
    take(events, StepDone, 3)
    assert makers() == []
    events.close()


def test_where_steps_use_every_core_nothing_is_made_ahead(data):
    run = loop(data, augmentation="light", threads=2)
    assert run.stepper.workers(64) == (1 if isinstance(run.stepper, NativeStepper) else 2)
    run.stepper.workers = lambda images: 2  # noqa: ARG005
    events = run.events()
    take(events, StepDone, 3)
    assert makers() == []
    events.close()
