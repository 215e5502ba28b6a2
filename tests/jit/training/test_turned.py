"""Weights as products on the way back want them, and gradients in the order of weights, exactly as numpy has them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.jit.training import turned
from engine.jit.training.maps import LANES
from tests.jit.training.slow import Memory

LATE = settings(deadline=None, max_examples=25)
few, counts, seeds = st.integers(1, 3), st.integers(1, 40), st.integers(0, 2**32 - 1)


def whole(count, block):
    return -(-count // block) * block


@LATE
@given(counts, few, few, counts, seeds)
def test_signs_of_weights(shape, outputs, lines, rows, channels, seed):
    rng, memory, group = np.random.default_rng(seed), Memory(), 4 if shape.tiled else 2
    latents = rng.normal(0, 1, (outputs, lines, rows, channels)).astype(np.float32)
    latents.reshape(-1)[::3] = 0
    wide, deep = whole(outputs, LANES), whole(channels, LANES)
    padded = np.zeros((wide, lines, rows, deep), np.int8 if group == 4 else np.int16)
    padded[:outputs, :, :, :channels] = np.where(latents >= 0, -1, 1)
    by_group = padded.reshape(wide // group, group, lines, rows, deep // LANES, LANES)
    expected = np.ascontiguousarray(by_group.transpose(4, 2, 3, 0, 5, 1)[:, ::-1])
    target = memory.put(np.zeros_like(expected))
    block, line, row = target.strides[:3]
    memory.call(
        "map-turned", turned.FIELDS, source=memory.put(latents), target=target[0, -1], outputs=outputs, lines=lines,
        rows=rows, channels=channels, target_line=-line, target_row=row, block_step=block,
    )  # fmt: skip
    np.testing.assert_array_equal(target, expected)


@LATE
@given(counts, st.integers(1, 9), counts, seeds)
def test_rows_of_gradients(shape, outputs, taps, channels, seed):  # noqa: ARG001 - the variant is held
    rng, memory = np.random.default_rng(seed), Memory()
    products = rng.normal(0, 1, (taps, whole(channels, LANES), whole(outputs, LANES))).astype(np.float32)
    steps = rng.random(products.shape[2], np.float32)
    source, target = memory.put(products), memory.put(np.zeros((outputs, taps, channels), np.float32))
    memory.call(
        "map-found", turned.FOUND_FIELDS, source=source, steps=memory.put(steps), target=target, outputs=outputs,
        taps=taps, channels=channels, source_tap=source.strides[0], units=products.shape[2] // LANES,
    )  # fmt: skip
    expected = (products * steps)[:, :channels, :outputs].transpose(2, 0, 1)
    np.testing.assert_array_equal(target, expected)
