"""CIFAR-10: 60,000 colour pictures, 32 x 32, of ten kinds of things.

Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
"""

from __future__ import annotations

from engine.datasets.fetched import Download, Fetched

NAME = "cifar10"
TITLE = "CIFAR-10"
ABOUT = "60,000 colour pictures, 32 x 32, of ten kinds of things"
FETCHED = Fetched(
    name=NAME,
    title=TITLE,
    class_names=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    input_shape=(32, 32, 3),
    counts=(50_000, 10_000),
    torchvision="CIFAR10",
    splits=({"train": True}, {"train": False}),
    downloads=(
        Download(
            "cifar-10-python.tar.gz",
            170_498_071,
            "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            "c58f30108f718f92721af3b95e74349a",
        ),
    ),
)
load = FETCHED.load
