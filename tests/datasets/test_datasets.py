"""Discovery of data sets, and MNIST itself, byte for byte."""

import hashlib

import numpy as np
import pytest

from engine import datasets
from engine.datasets import mnist
from engine.errors import BadFile, BadInput, UnknownName

HEADERS = {3: bytes((0, 0, 8, 3)), 1: bytes((0, 0, 8, 1))}


@pytest.mark.parametrize(
    ("file", "axes", "digest"),
    [
        ("train-images-idx3-ubyte", 3, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        ("train-labels-idx1-ubyte", 1, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
        ("t10k-images-idx3-ubyte", 3, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        ("t10k-labels-idx1-ubyte", 1, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ],
)
def test_the_files_are_the_published_ones(file, axes, digest):
    array = mnist.content(file, axes)
    header = HEADERS[axes] + np.array(array.shape, ">u4").tobytes()
    assert hashlib.sha256(header + array.tobytes()).hexdigest() == digest


def test_mnist_is_whole():
    data = datasets.load("mnist")
    assert data.train_images.shape == (60_000, 28, 28, 1)
    assert data.test_images.shape == (10_000, 28, 28, 1)
    assert np.bincount(data.train_labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(data.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert datasets.load("mnist") is data
    assert not data.train_images.flags.writeable
    assert not data.train_labels.flags.writeable


def test_names_and_unknown_names():
    assert "mnist" in datasets.names()
    with pytest.raises(UnknownName, match="Did you mean 'mnist'"):
        datasets.load("mnits")


def test_a_missing_file_says_so():
    with pytest.raises(BadFile, match="nothing"):
        mnist.content("nothing", 1)


def test_a_set_that_does_not_fit_itself_is_refused():
    images, labels = np.zeros((4, 2, 2, 1), np.uint8), np.zeros(4, np.int64)
    with pytest.raises(BadInput, match="labels"):
        datasets.Dataset("x", "x", images, labels[:3], images, labels, ("a",), "mnist")
    with pytest.raises(BadInput, match="names no class"):
        datasets.Dataset("x", "x", images, labels + 1, images, labels, ("a",), "mnist")
