"""A small piece of MNIST in place of the whole."""

import pytest

from engine import datasets


@pytest.fixture
def data(monkeypatch):
    whole = datasets.load("mnist")
    small = datasets.Dataset(
        "mnist",
        "MNIST digits",
        whole.train_images[:600].copy(),
        whole.train_labels[:600].copy(),
        whole.test_images[:200].copy(),
        whole.test_labels[:200].copy(),
        whole.class_names,
        whole.preparation,
    )
    monkeypatch.setattr(datasets, "load", lambda _: small)
    return small
