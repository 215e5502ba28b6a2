"""A dot product of signs is a count of agreements."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.dot_product import DotProduct

pairs = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=64)


@given(pairs)
def test_equals_the_sum_of_products(bits):
    a, w = (np.array(side) for side in zip(*bits, strict=True))
    signs = [np.where(side, 1, -1) for side in (a, w)]
    assert DotProduct(a, w).value == int(signs[0] @ signs[1])


@given(pairs, st.data())
def test_flipping_a_bit_changes_the_sum_by_two(bits, data):
    product = DotProduct(*(np.array(side) for side in zip(*bits, strict=True)))
    index = data.draw(st.integers(0, product.k - 1))
    for which in ("a", "w"):
        flipped = product.flipped(which, index)
        assert abs(flipped.value - product.value) == 2
        assert flipped.flipped(which, index).value == product.value
