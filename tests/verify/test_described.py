"""Networks of other people's making: their answers by the float64 rule, and every damage refused."""

from itertools import pairwise

import numpy as np
import pytest

from engine.errors import BadFile, FlipscopeError
from engine.verify.described import VECTORS, network, read
from tests.verify.builders import classes_of

TEXT = """
shape = [1, 3]
classes = ["no", "yes"]
[[block]]
weights = ["+-+", "---"]
bias = [0, 0.5]
gamma = [1, -2]
beta = [0, 0]
mean = [0, 1]
var = [1, 4]
[output]
weights = ["+-", "-+"]
bias = [0, 0]
"""


def arrays(rng, widths=(7, 6, 5, 3)):
    made = {}
    for index, (inputs, outputs) in enumerate(pairwise(widths[:-1])):
        made[f"block{index}.weights"] = rng.choice([-1.0, 1.0], (outputs, inputs))
        for key in VECTORS:
            made[f"block{index}.{key}"] = rng.choice([-2.0, -0.5, 0.0, 1.0, 3.0], outputs)
        made[f"block{index}.var"] = rng.choice([0.25, 1.0, 3.0], outputs)
    made["output.weights"] = rng.choice([-1.0, 1.0], (widths[-1], widths[-2]))
    made["output.bias"] = rng.choice([-1.0, 0.0, 1.0], widths[-1])
    return made


def answers(made, inputs):
    """By the definition, in float64."""
    x = np.where(inputs, 1.0, -1.0)
    for index in range(sum(key.endswith("gamma") for key in made)):
        w, bias, gamma, beta, mean, var = (made[f"block{index}.{key}"] for key in ("weights", *VECTORS))
        x = np.where((x @ w.T + bias - mean) / np.sqrt(var) * gamma + beta >= 0, 1.0, -1.0)
    return (x @ made["output.weights"].T + made["output.bias"]).argmax(axis=1)


@pytest.mark.parametrize("seed", range(6))
def test_an_imported_network_answers_as_its_description_says(seed, tmp_path):
    rng = np.random.default_rng(seed)
    made = arrays(rng)
    np.savez_compressed(
        tmp_path / "net.npz", **{k: v.astype(np.int8) if "weights" in k else v for k, v in made.items()}
    )
    inputs = (np.arange(128)[:, np.newaxis] >> np.arange(7)) & 1 == 1
    assert np.array_equal(classes_of(read(str(tmp_path / "net.npz")), inputs), answers(made, inputs))


def test_text_says_the_same(tmp_path):
    (tmp_path / "net.toml").write_text(TEXT)
    found = read(str(tmp_path / "net.toml"))
    assert found.metadata.class_names == ("no", "yes")
    assert found.metadata.input_shape == (1, 3, 1)
    made = {
        "block0.weights": np.array([[1.0, -1, 1], [-1, -1, -1]]),
        "block0.bias": np.array([0, 0.5]),
        "block0.gamma": np.array([1.0, -2]),
        "block0.beta": np.zeros(2),
        "block0.mean": np.array([0.0, 1]),
        "block0.var": np.array([1.0, 4]),
        "output.weights": np.array([[1.0, -1], [-1, 1]]),
        "output.bias": np.zeros(2),
    }
    inputs = (np.arange(8)[:, np.newaxis] >> np.arange(3)) & 1 == 1
    assert np.array_equal(classes_of(found, inputs), answers(made, inputs))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("block0.weights", np.zeros((6, 7))), r"\+1 and -1"),
        (("block0.var", np.zeros(6)), "above 0"),
        (("block0.mean", np.zeros(5)), "6 ordinary numbers"),
        (("block0.mean", np.full(6, np.nan)), "6 ordinary numbers"),
        (("block1.weights", np.ones((5, 7))), "7 values of 6"),
        (("output.scale", np.ones(3)), "output.scale"),
        (("output.bias", None), "does not name output.bias"),
    ],
)
def test_what_does_not_fit_is_refused(change, why):
    made = arrays(np.random.default_rng(0)) | dict([change])
    with pytest.raises(FlipscopeError, match=why):
        network("x", {key: value for key, value in made.items() if value is not None})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"---"', '"--"'),
        ('"---"', '"--x"'),
        ("var = [1, 4]", ""),
        ("[1, 3]", "[2, 3]"),
        ("[1, 3]", "[1]"),
        ("0.5", "true"),
    ],
)
def test_damaged_text_is_refused(before, after, tmp_path):
    (tmp_path / "net.toml").write_text(TEXT.replace(before, after))
    with pytest.raises(BadFile, match="describes no network"):
        read(str(tmp_path / "net.toml"))


def test_damaged_arrays_are_refused(tmp_path):
    path = str(tmp_path / "net.npz")
    np.savez(path, **{"output.weights": np.array([{}], object)})
    with pytest.raises(BadFile, match="which is not read"):
        read(path)
    (tmp_path / "net.npz").write_bytes(b"PK no zip")
    with pytest.raises(BadFile, match="not a sound npz"):
        read(path)
