"""A small data set in the place of MNIST, and models that fit it."""

import numpy as np
import pytest

from engine import datasets
from engine import messages as m
from engine.inference import modelfile
from engine.inference.backend import backends
from engine.inference.service import open_service
from tests.inference import builders
from tests.inference.fragile import Fragile, put_in_place


@pytest.fixture
def service():
    service = open_service()
    yield service
    service.close()


def said(service, command):
    """What a service answers, without the turns it takes."""
    return [event for event in service.carry_out(command) if isinstance(event, m.Event)]


@pytest.fixture
def tiny(monkeypatch):
    """A data set "tiny": 300 test images of 4 x 5 in three classes."""
    rng = np.random.default_rng(9)
    images = rng.integers(0, 256, (330, 4, 5, 1), dtype=np.uint8)
    labels = rng.integers(0, 3, 330)
    dataset = datasets.Dataset(
        "tiny", "Tiny", images[:30], labels[:30], images[30:], labels[30:], ("0", "1", "2"), "resize"
    )
    load = datasets.load
    monkeypatch.setattr(datasets, "load", lambda name: dataset if name == "tiny" else load(name))
    return dataset


def with_data(network):
    return type(network)(
        builders.metadata(dataset="tiny", preparation="resize"),
        network.operations,
        **({"source": network.source} if hasattr(network, "source") else {}),
    )


@pytest.fixture
def packed_file(tmp_path):
    network = with_data(builders.packed(np.random.default_rng(1)))
    modelfile.save(tmp_path / "packed.safetensors", network)
    return tmp_path / "packed.safetensors"


@pytest.fixture
def float_file(tmp_path):
    network = with_data(builders.floating(np.random.default_rng(1)))
    modelfile.save(tmp_path / "float.safetensors", network)
    return tmp_path / "float.safetensors"


@pytest.fixture
def fragile(monkeypatch):
    """Puts a backend that can be lost into cupy-xnor's place: call it with what Fragile takes."""
    yield lambda **how: put_in_place(monkeypatch, Fragile(**how))
    backends.cache_clear()
