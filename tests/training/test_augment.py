"""Changed training images: against slow definitions; they repeat, stay in range, leave their input alone."""

import math

import numpy as np
import pytest

from engine.config import CHOICES
from engine.jit.target import FORCE
from engine.training import augment
from engine.training.steppers import Key

KINDS = [kind for kind in CHOICES["augmentation"] if kind != "none"]
NOTHING = augment.Range(0, 0, 0, 0, 0, 0)


def stream(step=0):
    return Key(0, 0, step).stream("augmentation")


@pytest.mark.parametrize("kind", KINDS)
def test_repeats_by_key_and_leaves_its_input(kind, data):
    images = data.train_images[:40]
    before = images.copy()
    first = augment.augment(kind, images, stream())
    assert (first.shape, first.dtype) == (images.shape, np.uint8)
    np.testing.assert_array_equal(first, augment.augment(kind, images, stream()))
    assert not np.array_equal(first, augment.augment(kind, images, stream(1)))
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(0, 28, 28, 1), (3, 5, 9, 2), (1, 1, 1, 1), (2, 32, 32, 3)])
def test_any_shape_is_taken(kind, shape):
    changed = augment.augment(kind, np.full(shape, 200, np.uint8), stream())
    assert changed.shape == shape
    assert changed.flags.c_contiguous


@pytest.mark.parametrize(("kind", "limits"), [("light", augment.LIGHT), ("strong", augment.STRONG)])
def test_digits_stay_about_where_and_as_bright_as_they_were(kind, limits, data):
    images = data.train_images[:200].astype(float)
    warped = augment.augment(kind, data.train_images[:200], stream()).astype(float)
    ink, ink_after = images.sum((1, 2, 3)), warped.sum((1, 2, 3))
    assert 0.8 < np.median(ink_after / ink) < 1.6
    rows = np.arange(28)[:, np.newaxis, np.newaxis]
    centre, after = ((part * rows).sum((1, 2, 3)) / part.sum((1, 2, 3)) for part in (images, warped))
    assert 1 < np.abs(after - centre).max() < limits.shift + 1


def test_without_any_change_drawn_the_image_is_the_same(data):
    images = data.train_images[:5]
    np.testing.assert_array_equal(augment.written(images, stream(), NOTHING), images)


def slowly_warped(image, coefficients):
    """One image [H, W] resampled at x, y = coefficients @ (column, row, 1) about the centre, pixel by pixel."""
    height, width = image.shape
    result = np.zeros((height, width))
    for row, column in np.ndindex(height, width):
        place = np.array([column - (width - 1) / 2, row - (height - 1) / 2, 1])
        x, y = coefficients @ place + np.array([(width - 1) / 2, (height - 1) / 2])
        for near_y in (math.floor(y), math.floor(y) + 1):
            for near_x in (math.floor(x), math.floor(x) + 1):
                if 0 <= near_y < height and 0 <= near_x < width:
                    share = (1 - abs(y - near_y)) * (1 - abs(x - near_x))
                    result[row, column] += share * image[near_y, near_x]
    return result


def in_torch(images, strokes, maps):
    return augment.warped(augment.stroked(images, strokes), maps)


@pytest.mark.parametrize("made", [in_torch, augment.changed])
def test_a_warp_is_its_definition(made, data):
    images = data.train_images[:3]
    limits = augment.Range(rotation=10, scale=0.1, shear=0.2, shift=3, thinner=0, thicker=0)
    warped = made(images, np.zeros(3, np.float32), augment.affine(images.shape, stream(), limits))
    angle, tall, wide, shear, down, across = stream().uniform(-1, 1, (6, len(images)))
    for n, image in enumerate(images):
        cosine, sine = math.cos(math.radians(10 * angle[n])), math.sin(math.radians(10 * angle[n]))
        along, up = 1 + 0.1 * wide[n], 1 + 0.1 * tall[n]
        of_x = [cosine * along, -sine * along + 0.2 * shear[n], 3 * across[n]]
        coefficients = np.array([of_x, [sine * up, cosine * up, 3 * down[n]]])
        expected = slowly_warped(image[..., 0].astype(float), coefficients)
        assert np.abs(warped[n, ..., 0] - expected).max() < 0.51


@pytest.mark.parametrize("shape", [(40, 28, 28, 1), (3, 5, 9, 2), (2, 32, 32, 3), (4, 33, 17, 1)])
@pytest.mark.parametrize("limits", [augment.LIGHT, augment.STRONG, augment.Range(90, 0.9, 0.5, 20, 1, 1)])
def test_the_kernel_makes_what_torch_makes_but_for_roundings(shape, limits):
    images = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    strokes = stream().uniform(-limits.thinner, limits.thicker, shape[0]).astype(np.float32)
    maps = augment.affine(shape, stream(), limits)
    expected, found = (made(images, strokes, maps).astype(int) for made in (in_torch, augment.changed))
    assert np.abs(found - expected).max() <= 1
    assert np.mean(found != expected) < 0.01


def test_where_there_are_no_kernels_torch_changes_images(monkeypatch, data):
    images = data.train_images[:20]
    by_kernel = augment.augment("light", images, stream())
    monkeypatch.setenv(FORCE, "no such processor")
    augment._written.cache_clear()
    try:
        by_torch = augment.augment("light", images, stream())
    finally:
        augment._written.cache_clear()
    assert np.abs(by_torch.astype(int) - by_kernel).max() <= 1


def test_a_crop_is_a_shift_and_a_mirror_changes_sides(monkeypatch):
    images = np.zeros((64, 9, 9, 3), np.uint8)
    images[:, 4, 2] = 255
    rows, columns = np.argwhere(augment.cropped(images, stream())[..., 0])[:, 1:].T
    assert set(rows) <= set(range(9))
    assert {abs(row - 4) for row in rows} == set(range(augment.MARGIN + 1))
    monkeypatch.setattr(augment, "MARGIN", 0)
    np.testing.assert_array_equal(augment.cropped(images, stream()), images)
    for kind in ("mirror", "crop-mirror"):
        rows, columns = np.argwhere(augment.augment(kind, images, stream())[..., 0])[:, 1:].T
        assert set(rows) == {4}
        assert set(columns) == {2, 6}
    assert images[:, 4, 2].all(), "the images themselves were changed"
