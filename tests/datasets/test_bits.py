"""MNIST in bits: made of MNIST by the same preparation as what is drawn."""

import numpy as np
import pytest

from engine import datasets, digits
from engine.datasets import mnist


@pytest.mark.parametrize("side", [5, 28])
def test_digits_are_shrunk_as_those_of_the_canvas_are(side, monkeypatch):
    whole = mnist.load()
    few = datasets.Dataset(
        "mnist", "MNIST", whole.train_images[:20], whole.train_labels[:20], whole.test_images[:30],
        whole.test_labels[:30], whole.class_names, "mnist",
    )  # fmt: skip
    monkeypatch.setattr(mnist, "load", lambda: few)
    data = datasets.module(f"mnist-bits-{side}").load()
    assert (data.name, data.preparation, data.input_shape) == (f"mnist-bits-{side}", digits.BITS, (side, side, 1))
    assert set(np.unique(data.train_images)) == {0, 255}
    assert np.array_equal(data.test_labels, few.test_labels)
    for image, shrunk in zip(few.test_images, data.test_images, strict=True):
        assert np.array_equal(digits.in_bits(image[..., 0], side, side), shrunk[..., 0])


def test_a_place_is_set_from_a_quarter_of_full_brightness():
    image = np.zeros((4, 4), np.uint8)
    image[0, 0], image[0, 2], image[2, :2] = 255, 252, 128
    assert (digits.in_bits(image, 2, 2) == [[0, 0], [255, 0]]).all()
    image[0, 1] = 1
    assert digits.in_bits(image, 2, 2)[0, 0] == 255


def test_ink_becomes_the_bits_of_what_mnist_would_show():
    grey = np.zeros((60, 40), np.uint8)
    grey[10:50, 18:24] = 200
    bits = digits.prepared(grey, digits.BITS, (10, 10, 1))
    assert np.array_equal(bits[..., 0], digits.in_bits(digits.prepare(grey), 10, 10))
    assert digits.prepared(np.zeros((5, 5)), digits.BITS, (10, 10, 1)) is None
    assert digits.is_prepared(digits.BITS, (10, 10, 1))
    assert not digits.is_prepared(digits.BITS, (10, 10, 3))
    assert not digits.is_prepared(digits.BITS, (4_000_000, 1, 1))
