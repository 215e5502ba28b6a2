"""The .npz file: an independent reader gets the oracle's scores from it, and its arrays are what is documented."""

import re
from pathlib import Path

import numpy as np
import pytest

from engine.inference.backend import backend
from tests.conformance.oracle import assert_same_value
from tests.export import reader
from tests.export.cases import CASES, case, random_case, trained_case
from tests.export.written import written

DOC = Path(__file__).parents[2] / "docs" / "export.md"


@pytest.mark.parametrize("name", CASES)
def test_scores(name, tmp_path):
    network, images, wanted = case(name)
    path = written(network, "npz", tmp_path)
    assert_same_value(reader.scores(*reader.npz(path), images), wanted)


def test_the_lines_of_the_documentation_give_the_same_scores(tmp_path):
    """On inverted digits, whose sums are large: in 16 bits they would wrap round."""
    network, images = trained_case()
    images = 255 - images[:100]
    code = re.search(r"```python\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)[1].splitlines()
    first, product, signs, scores = code
    with np.load(written(network, "npz", tmp_path), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    layers = range(1, sum("weights" in name for name in arrays) + 1)
    known = {"np": np, "images": images}
    exec(first, known)
    for layer in layers:
        known |= {name.partition("_")[2]: array for name, array in arrays.items() if name.startswith(f"layer{layer}_")}
        exec(product, known)
        exec(scores if layer == len(layers) else signs, known)
    assert_same_value(known["scores"], backend("naive").load(network).scores(images))


def test_names_shapes_and_dtypes(tmp_path):
    network, _ = random_case("conv")
    with np.load(written(network, "npz", tmp_path), allow_pickle=False) as file:
        found = {name: (file[name].dtype.str, file[name].shape) for name in file.files if name != "network"}
    assert found == {
        "layer1_weights": ("|i1", (9, 5, 5, 3)), "layer1_threshold": ("<i4", (9,)), "layer1_rising": ("|b1", (9,)),
        "layer2_weights": ("|i1", (70, 3, 3, 9)), "layer2_threshold": ("<i4", (70,)), "layer2_rising": ("|b1", (70,)),
        "layer3_weights": ("|i1", (33, 1, 1, 70)), "layer3_threshold": ("<i4", (33,)), "layer3_rising": ("|b1", (33,)),
        "layer4_weights": ("|i1", (3, 132)), "layer4_scale": ("<f4", (3,)), "layer4_shift": ("<f4", (3,)),
    }  # fmt: skip
