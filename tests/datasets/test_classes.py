"""Labels go by the names of their classes; numbers say nothing but the order."""

import numpy as np
import pytest

from engine.datasets.classes import aligned
from engine.errors import BadInput

DIGITS = tuple("0123456789")
PETS = ("cat", "dog", "eel")


@pytest.mark.parametrize(
    ("names", "wanted", "expected"),
    [
        pytest.param(PETS, PETS, [0, 1, 2], id="the same"),
        pytest.param(("eel", "cat", "dog"), PETS, [2, 0, 1], id="another order"),
        pytest.param(DIGITS[::-1], DIGITS, [9, 8, 7], id="digits from nine down"),
        pytest.param(("dog", "eel"), PETS, [1, 2], id="some of them"),
        pytest.param((), PETS, [0, 1, 2], id="none"),
        pytest.param(("0", "1", "2"), PETS, [0, 1, 2], id="numbers for names"),
        pytest.param(PETS, DIGITS, [0, 1, 2], id="names for numbers"),
    ],
)
def test_labels_go_to_the_classes_of_their_names(names, wanted, expected):
    labels = np.arange(len(expected))
    np.testing.assert_array_equal(aligned(labels, names, wanted, "It"), expected)


@pytest.mark.parametrize(
    ("labels", "names", "wanted", "said"),
    [
        ([0], ("cat", "cow"), PETS, "It has a class 'cow'"),
        ([3], (), PETS, "names no class"),
        ([-1], (), PETS, "names no class"),
        ([-1], PETS, PETS, "names no class"),
        ([12], DIGITS, DIGITS, "names no class"),
        ([0], tuple("0123"), PETS, "It has 4 classes"),
    ],
)
def test_strangers_are_refused(labels, names, wanted, said):
    with pytest.raises(BadInput, match=said):
        aligned(np.array(labels), names, wanted, "It")
