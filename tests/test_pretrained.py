"""The models that come with Flipscope do on the whole test set what they say of themselves."""

from importlib import resources

import pytest

from engine import datasets
from engine.errors import BadFile
from engine.inference import modelfile
from engine.inference.backend import best
from engine.inference.rules import taken


@pytest.mark.parametrize(
    ("name", "kind", "least"),
    [
        ("mnist-cnn-48-96-96", "xnor", 0.9935),
        ("mnist-cnn-canvas", "xnor", 0.99),
        ("mnist-mlp-512x2", "xnor", 0.985),
        ("mnist-mlp-512x2-hardened", "xnor", 0.984),
        ("mnist-mlp-512x2-float", "float", 0.99),
        ("verify-100-50-10", "xnor", 0.85),
        ("verify-100-100-50-10", "xnor", 0.9),
    ],
)
def test_accuracy_is_what_the_file_says(name, kind, least):
    file = (resources.files("assets") / "models" / f"{name}.safetensors").read_bytes()
    network = modelfile.load(file)
    data = datasets.load(network.metadata.dataset)
    scores = best(kind).load(network).scores(taken(network, data.test_images))
    right = int((scores.argmax(1) == data.test_labels).sum())
    assert network.metadata.name == name
    assert right / 10_000 == network.metadata.accuracy >= least
    with pytest.raises(BadFile, match="no training state"):
        modelfile.load_state(file)
