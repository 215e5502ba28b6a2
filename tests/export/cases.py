"""Networks that every form of export is held to, images for them, and the oracle's scores."""

import functools
from importlib import resources

import numpy as np

from engine.datasets import mnist
from engine.inference import modelfile
from engine.inference.backend import backend
from engine.inference.network import MaxPool
from engine.inference.rules import taken
from tests.inference import builders

STRIDED = ((9, 5, 2, 2, None), (70, 3, 1, 1, MaxPool(3, 2)), (33, 1, 1, 0, None))
BITS_MAP = ((40, 3, 1, 1, MaxPool()), (12, 3, 2, 0, None))
BLOCKS = (
    (12, 3, 1, 1, MaxPool(), "value"),
    (12, 3, 1, 1, None, "shortcut"),
    (20, 1, 1, 0, None, "threshold"),
    (12, 3, 1, 1, None, "shortcut"),
)
DENSE = ((33, "value"), (33, "shortcut"), (7, "threshold"))

RANDOM = {
    "dense": lambda rng: builders.packed(rng, hidden=(9, 70, 64)),
    "one-layer": lambda rng: builders.packed(rng, hidden=()),
    "bias-only": lambda rng: builders.packed(rng, bias_only=True),
    "bits": lambda rng: builders.packed(rng, (5, 7, 1), (40,), source="bits"),
    "conv": lambda rng: builders.convolutional(rng, (11, 9, 3), STRIDED),
    "conv-on-bits": lambda rng: builders.convolutional(rng, (8, 7, 35), BITS_MAP, source="bits"),
    "residual": lambda rng: builders.residual(rng, layers=BLOCKS, dense_layers=DENSE),
    "odd-floats": lambda rng: builders.residual(rng, layers=BLOCKS, after=builders.odd, source="bits"),
}
"""Every operation, both directions, both inputs, words that are not full, scales where float32 is easily got wrong."""


def random_case(name):
    """A network and 40 images u8 [40, H, W, C] for it."""
    rng = np.random.default_rng(7)
    network = RANDOM[name](rng)
    return network, rng.integers(0, 256, (40, *network.metadata.input_shape), dtype=np.uint8)


def trained_case():
    """The digits' model that comes with Flipscope, and the first 1,000 test images of MNIST."""
    network = modelfile.load(str(resources.files("assets") / "models" / "mnist-mlp-512x2.safetensors"))
    return network, mnist.content("t10k-images-idx3-ubyte", 3)[:1000, ..., np.newaxis]


CASES = [*RANDOM, "trained"]


@functools.cache
def case(name):
    """A network, images for it, and the oracle's scores of them, float32 [N, classes]."""
    network, images = trained_case() if name == "trained" else random_case(name)
    return network, images, expected(network, images)


def expected(network, images):
    """Scores float32 [N, classes] by the oracle."""
    return backend("naive").load(network).scores(taken(network, images))
