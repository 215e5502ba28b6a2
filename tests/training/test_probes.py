"""What is shown of a layer, against the plain way to compute it."""

import numpy as np
import pytest

from engine.messages import BINS, LATENT_RANGE
from engine.training import models, probes, steppers
from engine.training.steppers import Key
from tests.training.tiny import config


def test_a_histogram_equals_numpys_with_open_outer_bins():
    values = np.random.default_rng(0).normal(0, 1, 5000).astype(np.float32)
    low, high = LATENT_RANGE
    expected, _ = np.histogram(np.clip(values, low, np.nextafter(np.float32(high), 0)), BINS, (low, high))
    counted = probes.histogram(values, LATENT_RANGE)
    assert counted.sum() == 5000
    assert np.abs(counted - expected).sum() <= 2  # a value on an edge may round to either side


def test_what_is_not_a_number_is_not_counted():
    values = np.float32([np.nan, 0.0, np.inf, -np.inf, 5.0])
    counted = probes.histogram(values, LATENT_RANGE)
    assert (counted[0], counted[BINS // 2], counted[-1], counted.sum()) == (1, 1, 2, 4)


@pytest.mark.parametrize("outputs", [1, 7, 8, 10, 16, 33])
def test_tiles_are_eight_outputs_of_one_word(outputs):
    flips = np.random.default_rng(outputs).integers(0, 99, (outputs, 5)).astype(np.uint32)
    tiles = probes.tile_sums(flips)
    assert tiles.shape == (-(-outputs // 8), 5)
    assert tiles.dtype == np.uint32
    np.testing.assert_array_equal(tiles, [flips[i : i + 8].sum(0) for i in range(0, outputs, 8)])


def test_a_small_layer_is_shown_whole():
    run = config()
    stepper = steppers.best(run)(run, models.initial(run, (6, 11, 1), 10))
    before = stepper.latents(1) >= 0
    stream = np.random.default_rng(0)
    for step in range(3):
        images, labels = stream.integers(0, 256, (16, 6, 11, 1), np.uint8), stream.integers(0, 10, 16)
        stepper.step(images, labels, 0.02, run, Key(0, 0, step))
    frame = probes.layer_frame(stepper, 1, "hidden 2", steps=3, turn=5)
    latents, preactivations = stepper.latents(1), stepper.preactivations(1)
    assert (frame.outputs, frame.inputs) == (32, 32)
    assert frame.flips == stepper.tile_flips(1).sum() >= np.count_nonzero((latents >= 0) != before)
    assert frame.flip_rate == frame.flips / (32 * 32 * 3)
    assert frame.latent_histogram.sum() == latents.size
    assert frame.clipped == np.mean(np.abs(latents) >= 1)
    assert frame.preactivation_histogram.sum() == preactivations.size
    assert frame.positive == np.mean(preactivations >= 0)
    frame.signs[:] = 0
    assert stepper.signs(1).any()


def test_the_histogram_of_a_run_of_bop_is_of_its_momentum_in_units_of_its_threshold():
    run = config(optimizer="bop", flip_threshold=1e-5)
    stepper = steppers.best(run)(run, models.initial(run, (6, 11, 1), 10))
    images, labels = np.zeros((16, 6, 11, 1), np.uint8), np.arange(16) % 10
    images[::2, 3:] = 200
    stepper.step(images, labels, 0.02, run, Key(0, 0, 0))
    frame = probes.layer_frame(stepper, 1, "hidden 2", steps=1, turn=0)
    shown = stepper.state()["layer1.latent.m"] / np.float32(-1e-5)
    np.testing.assert_array_equal(frame.latent_histogram, probes.histogram(shown, LATENT_RANGE))
    assert frame.clipped == np.mean(np.abs(shown) >= 1) > 0


def test_before_the_first_step_there_are_no_preactivations():
    run = config()
    stepper = steppers.best(run)(run, models.initial(run, (6, 11, 1), 10))
    frame = probes.layer_frame(stepper, 0, "hidden 1", steps=0, turn=0)
    assert (frame.flips, frame.flip_rate, frame.positive) == (0, 0, 0)
    assert frame.preactivation_histogram.sum() == 0


def test_a_large_layer_is_sampled_and_in_turn_seen_whole():
    run = config(model="mlp-512x1")
    stepper = steppers.best(run)(run, models.initial(run, (28, 28, 1), 10))
    turns = 512 * 784 // probes.SAMPLED
    counts = [probes.layer_frame(stepper, 0, "", 0, turn).latent_histogram for turn in range(turns)]
    assert 2 < turns < probes.LAST_TURN
    assert all(count.sum() in (512 // turns * 784, -(-512 // turns) * 784) for count in counts)
    np.testing.assert_array_equal(sum(counts), probes.histogram(stepper.latents(0), LATENT_RANGE))


@pytest.mark.parametrize("changes", [{}, {"steps": "plain"}, {"model": "cnn-32-64-64"}], ids=["dense", "plain", "maps"])
def test_rows_before_the_sign_can_be_chosen(changes):
    run = config(**changes)
    stepper = steppers.best(run)(run, models.initial(run, (28, 28, 1), 10))
    assert stepper.places(0) == 0
    images = np.random.default_rng(0).integers(0, 256, (14, 28, 28, 1), np.uint8)
    stepper.step(images, np.arange(14) % 10, 0.02, run, Key(0, 0, 0))
    for layer in range(2):
        whole = stepper.preactivations(layer)
        assert stepper.places(layer) == len(whole) >= 14
        np.testing.assert_array_equal(stepper.preactivations(layer, slice(3, None, 4)), whole[3::4])
