"""SVHN: 99,289 house numbers as colour pictures, 32 x 32, of one digit each; for non-commercial use only.

Netzer et al., "Reading Digits in Natural Images with Unsupervised Feature Learning", 2011. Training is on the 73,257
images of its "train" part; the paper's 604,388 are those and the easier "extra" ones, which would take 2 GB of memory.
"""

from __future__ import annotations

from engine.datasets.fetched import Download, Fetched

NAME = "svhn"
TITLE = "SVHN"
ABOUT = "99,289 house numbers from the street, 32 x 32 in colour, one digit each; not for commercial use"
_FROM = "http://ufldl.stanford.edu/housenumbers/"
FETCHED = Fetched(
    name=NAME,
    title=TITLE,
    class_names=tuple("0123456789"),
    input_shape=(32, 32, 3),
    counts=(73_257, 26_032),
    torchvision="SVHN",
    splits=({"split": "train"}, {"split": "test"}),
    downloads=(
        Download("train_32x32.mat", 182_040_794, f"{_FROM}train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373"),
        Download("test_32x32.mat", 64_275_384, f"{_FROM}test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3"),
    ),
)
load = FETCHED.load
