"""Products under max-pooling of 2 x 2, which leave out what would be with 0, exactly as numpy has them."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.jit.training import listed, pooled
from engine.jit.training.maps import LANES
from tests.jit.training.slow import Memory

LATE = settings(deadline=None, max_examples=25)
few, sides, seeds = st.integers(1, 3), st.integers(2, 9), st.integers(0, 2**32 - 1)


class Case:
    """Gradients of pooled sums, where in its window each is, and the same as maps with zeros everywhere else."""

    def __init__(self, images, height, width, units, seed):
        self.rng, self.memory = np.random.default_rng(seed), Memory()
        self.images, self.height, self.width, self.wide = images, height, width, units * LANES
        self.lines, self.rows = height // 2, width // 2
        shape = (images, self.lines, self.rows, self.wide)
        self.gradients = self.rng.normal(0, 5000, shape).astype(np.float32).clip(-16384, 16384)
        self.which = self.rng.integers(0, 4, shape).astype(np.uint8)

    def maps(self, factors):
        """int16 [images, height, width, wide]."""
        made = np.zeros((self.images, self.height, self.width, self.wide), np.int16)
        numbers = np.rint(self.gradients * factors).astype(np.int16)
        for place in range(4):
            there = np.where(self.which == place, numbers, 0)
            made[:, place // 2 : 2 * self.lines : 2, place % 2 : 2 * self.rows : 2] = there
        return made


@pytest.mark.parametrize("across", pooled.ACROSS)
@LATE
@given(few, sides, sides, few, few, few, seeds)
@example(1, 3, 7, 1, 1, 5, 0)
def test_gradients_of_weights(shape, across, images, height, width, units, channels, taps, seed):  # noqa: ARG001
    case = Case(images, height, width, units, seed)
    memory, pairs = case.memory, -(-case.rows // 2)
    factors = case.rng.random(case.wide, np.float32)
    numbers, choices = (memory.put(np.zeros((units, images, case.lines, pairs, LANES), np.int32)) for _ in range(2))
    both = {"images": images, "lines": case.lines, "pairs": pairs, "units": units, "choices": choices}
    memory.call(
        "map-round-pairs", pooled.ROUND_FIELDS, source=memory.put(case.gradients), which=memory.put(case.which),
        factors=memory.put(factors), target=numbers, rows=case.rows, **both,
    )  # fmt: skip
    source = case.rng.integers(-255, 256, (images, channels, height + taps - 1, width + across - 1)).astype(np.int16)
    before = case.rng.integers(-9, 9, (taps, across, channels, case.wide)).astype(np.float32)
    target, seen = memory.put(before), memory.put(source)
    memory.call(
        f"map-weights-pooled-{across}", pooled.PRODUCT_FIELDS, numbers=numbers, source=seen, target=target,
        channels=channels, taps=taps, image_step=seen.strides[0], channel_step=seen.strides[1],
        line_step=seen.strides[2], **both,
    )  # fmt: skip
    maps = case.maps(factors).astype(np.int64)
    for down in range(taps):
        for right in range(across):
            met = source[:, :, down : down + height, right : right + width].astype(np.int64)
            expected = np.einsum("bhwo,bchw->co", maps, met).astype(np.float32) + before[down, right]
            np.testing.assert_array_equal(target[down, right], expected)


@pytest.mark.parametrize("blocks", listed.BLOCKS)
@LATE
@given(few, sides, sides, few, few, st.integers(1, 5), few, seeds)
def test_gradients_of_inputs(shape, blocks, images, height, width, units, groups, across, down, seed):  # noqa: ARG001
    case = Case(images, height + down, width + across, units, seed)
    memory, pairs, deep = case.memory, case.wide // 2, groups * blocks * LANES
    maps = case.maps(np.float32(1))
    _, lines, rows, _ = maps.shape
    room = listed.ENTRY * (case.lines * case.rows * case.wide + 1)
    entries = memory.put(np.zeros((images, room), np.uint8))
    starts = memory.put(np.zeros((images, lines * rows + 1), np.int32))
    source = memory.put(maps)
    memory.call(
        "map-list", listed.LIST_FIELDS, source=source, target=entries, starts=starts, images=images, lines=lines,
        rows=rows, pairs=pairs, image_step=source.strides[0], target_image=room,
    )  # fmt: skip
    used = maps.reshape(images, -1, 2).any(2).sum(1) * listed.ENTRY
    np.testing.assert_array_equal(starts[:, -1], used)
    signs = case.rng.choice(np.array([-1, 1], np.int16), (down, across, case.wide, deep))
    turned = -signs.reshape(down, across, pairs, 2, deep // LANES, LANES).transpose(4, 0, 1, 2, 5, 3)
    weights = memory.put(turned)
    height, width = lines - down + 1, rows - across + 1
    target = memory.put(np.full((images, height, width, deep), 99, np.int32))
    memory.call(
        f"map-inputs-listed-{blocks}", listed.PRODUCT_FIELDS, source=entries, starts=starts, weights=weights,
        target=target, images=images, lines=height, rows=width, units=groups, pairs=pairs, down=down, across=across,
        source_image=room, places=lines * rows, ringed_rows=rows, unit_step=weights.strides[0],
        tap_step=weights.strides[1], target_image=target.strides[0], outputs=deep,
    )  # fmt: skip
    expected = np.zeros(target.shape, np.int64)
    for line in range(down):
        for row in range(across):
            part = maps[:, line : line + height, row : row + width].astype(np.int64)
            expected += np.einsum("bhwo,oi->bhwi", part, signs[line, row].astype(np.int64))
    np.testing.assert_array_equal(target, expected)
