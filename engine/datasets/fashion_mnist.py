"""Fashion-MNIST: 70,000 pictures of clothes in the layout of MNIST.

Xiao, Rasul and Vollgraf 2017 (arXiv 1708.07747).
"""

from __future__ import annotations

from engine import digits
from engine.datasets.fetched import Download, Fetched

NAME = "fashion-mnist"
TITLE = "Fashion-MNIST"
ABOUT = "70,000 grey pictures of clothes, 28 x 28, in the layout of MNIST"
_FILES = {
    "train-images-idx3-ubyte.gz": (26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
    "train-labels-idx1-ubyte.gz": (29_515, "25c81989df183df01b3e8a0aad5dffbe"),
    "t10k-images-idx3-ubyte.gz": (4_422_102, "bef4ecab320f06d8554ea6380940ec79"),
    "t10k-labels-idx1-ubyte.gz": (5_148, "bb300cfdad3c16e7a12a480ee83cd310"),
}
"""Bytes and MD5 of each."""
_FROM = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
FETCHED = Fetched(
    name=NAME,
    title=TITLE,
    class_names=(
        "T-shirt",
        "trousers",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ),
    input_shape=(28, 28, 1),
    counts=(60_000, 10_000),
    preparation=digits.INK,
    torchvision="FashionMNIST",
    splits=({"train": True}, {"train": False}),
    downloads=tuple(
        Download(f"FashionMNIST/raw/{file}", size, _FROM + file, md5) for file, (size, md5) in _FILES.items()
    ),
)
load = FETCHED.load
