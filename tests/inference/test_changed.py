"""The seven changes of a test set: the same every time, and each what its name says."""

import numpy as np
import pytest

from engine import datasets
from engine.inference import changed


@pytest.fixture(scope="module")
def digits():
    return datasets.load("mnist").test_images[:100]


@pytest.mark.parametrize("name", changed.CHANGES)
def test_every_change_changes_copies_the_same_way(name, digits):
    before = digits.copy()
    first = changed.CHANGES[name](digits)
    assert (first.shape, first.dtype, first.flags.c_contiguous) == (digits.shape, np.uint8, True)
    np.testing.assert_array_equal(first, changed.CHANGES[name](digits))
    np.testing.assert_array_equal(digits, before)
    assert (first != digits).any((1, 2, 3)).all()


def test_there_are_seven():
    assert len(changed.CHANGES) == 7


def test_shifts_go_three_pixels_in_all_four_directions():
    images = np.zeros((4, 9, 9, 1), np.uint8)
    images[:, 4, 4] = 200
    places = np.argwhere(changed.shifted(images)[..., 0] == 200)[:, 1:] - 4
    assert places.tolist() == [[0, 3], [0, -3], [3, 0], [-3, 0]]
    images[:] = 0
    images[:, 0, 0] = images[:, 8, 8] = 200
    assert (changed.shifted(images) > 0).sum((1, 2, 3)).tolist() == [1] * 4


def test_resampling_by_whole_turns_is_exact(digits):
    np.testing.assert_array_equal(changed.resampled(digits, np.eye(2)), digits)
    quarter = np.array([[0.0, 1.0], [-1.0, 0.0]])
    np.testing.assert_array_equal(changed.resampled(digits, quarter), np.rot90(digits, 1, (1, 2)))
    np.testing.assert_array_equal(changed.resampled(digits, -np.eye(2)), digits[:, ::-1, ::-1])


def test_rotation_goes_both_ways_by_fifteen_degrees():
    bars = np.zeros((2, 41, 41, 1), np.uint8)
    bars[:, 20, 4:37] = 255
    for turned, sense in zip(changed.rotated(bars)[..., 0].astype(float), (1, -1), strict=True):
        rows, columns = np.nonzero(turned > 128)
        slope = np.polyfit(columns, rows, 1)[0]
        assert np.degrees(np.arctan(slope)) == pytest.approx(-15 * sense, abs=1)


@pytest.mark.parametrize("factor", [0.8, 1.2])
def test_scaling_changes_the_extent(factor):
    square = np.zeros((1, 40, 40, 1), np.uint8)
    square[:, 10:30, 10:30] = 255
    scaled = changed.scaled(square, factor)[0, ..., 0].astype(float)
    assert np.sqrt(scaled.sum() / 255) == pytest.approx(20 * factor, abs=0.3)
    np.testing.assert_array_equal(scaled, scaled[::-1, ::-1])


def test_halfway_between_two_pixels_is_their_mean():
    image = np.array([[10, 20, 40]], np.uint8).reshape(1, 1, 3, 1)
    doubled = changed.resampled(image, np.eye(2) / 2)
    assert doubled.ravel().tolist() == [15, 20, 30]
