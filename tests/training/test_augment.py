"""Light augmentation: repeats, stays in range, changes little."""

import numpy as np
import pytest

from engine.training import augment
from engine.training.steppers import Key


def changed(images, step=0):
    return augment.augment(images, Key(0, 0, step).stream("augmentation"))


def test_repeats_by_key_and_leaves_its_input(data):
    images = data.train_images[:40]
    before = images.copy()
    first = changed(images)
    assert (first.shape, first.dtype) == (images.shape, np.uint8)
    np.testing.assert_array_equal(first, changed(images))
    assert not np.array_equal(first, changed(images, step=1))
    np.testing.assert_array_equal(images, before)


def test_digits_stay_about_where_and_as_bright_as_they_were(data):
    images = data.train_images[:200].astype(float)
    warped = changed(data.train_images[:200]).astype(float)
    ink, ink_after = images.sum((1, 2, 3)), warped.sum((1, 2, 3))
    assert 0.8 < np.median(ink_after / ink) < 1.6
    rows = np.arange(28)[:, np.newaxis, np.newaxis]
    centre, after = ((part * rows).sum((1, 2, 3)) / part.sum((1, 2, 3)) for part in (images, warped))
    assert np.abs(after - centre).max() < augment.SHIFT + 1


def test_without_any_change_drawn_the_image_is_the_same(data, monkeypatch):
    for name in ("ROTATION", "SCALE", "SHEAR", "SHIFT", "THINNER", "THICKER"):
        monkeypatch.setattr(augment, name, 0.0)
    images = data.train_images[:5]
    np.testing.assert_array_equal(changed(images), images)


@pytest.mark.parametrize("shape", [(0, 28, 28, 1), (3, 5, 9, 2), (1, 1, 1, 1)])
def test_any_shape_is_taken(shape):
    assert changed(np.full(shape, 200, np.uint8)).shape == shape
