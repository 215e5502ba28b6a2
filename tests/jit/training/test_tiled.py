"""Products of maps by tile registers, and what they take in, exactly as numpy has them."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.jit.target import FORCE, VARIANTS, runnable
from engine.jit.training import halves, slopes, tiled
from engine.jit.training.maps import LANES
from engine.jit.training.tiles import LINE
from tests.jit.training.slow import Memory

LATE = settings(deadline=None, max_examples=25)
few, some, sides, seeds = st.integers(1, 3), st.integers(1, 5), st.integers(2, 9), st.integers(0, 2**32 - 1)
GROUP, SIDE = 4, 16

pytestmark = pytest.mark.skipif(
    not any(variant.name == "amx" and runnable(variant) for variant in VARIANTS), reason="no tile registers here"
)


@pytest.fixture(scope="module", autouse=True)
def tile_registers():
    """Kernels are held to the variant that has them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FORCE, "amx")
        yield


def numbers(rng, shape):
    """Of 16 bits with their sign."""
    return rng.integers(-(1 << 15), 1 << 15, shape)


def in_halves(values):
    """High bytes and low ones, u8 [2, ...]."""
    return np.stack([(values >> 8).astype(np.int8).view(np.uint8), (values & 255).astype(np.uint8)])


def spread(values, which, size):
    """Values [images, lines, rows, channels] at their places of windows of size x size, 0 elsewhere."""
    images, lines, rows, channels = values.shape
    made = np.zeros((images, lines * size, rows * size, channels), values.dtype)
    for place in range(size * size):
        made[:, place // size :: size, place % size :: size] = np.where(which == place, values, 0)
    return made


class Gradients:
    """Of sums, pooled in windows, with what they are multiplied by before they are rounded."""

    def __init__(self, images, lines, rows, units, size, seed):
        self.rng, self.memory = np.random.default_rng(seed), Memory()
        shape = (images, lines, rows, units * LANES)
        self.floats = self.rng.normal(0, 5000, shape).astype(np.float32).clip(-16384, 16384)
        self.which = self.rng.integers(0, size * size, shape).astype(np.uint8)
        self.factors = self.rng.random(shape[-1], np.float32)
        self.rounded = spread(np.rint(self.floats * self.factors).astype(np.int64), self.which, size)


@pytest.mark.parametrize("size", [1, 2, 3])
@LATE
@given(few, sides, sides, few, seeds)
def test_halves_place_by_place(size, images, lines, rows, units, seed):
    case = Gradients(images, lines, rows, units, size, seed)
    memory, (height, width, wide) = case.memory, case.rounded.shape[1:]
    ringed = memory.put(np.zeros((2, images, height + 2, width + 1, wide), np.uint8))
    low, image, line, row, _ = ringed.strides
    memory.call(
        f"map-halves-{size}", slopes.ROUND_FIELDS, source=memory.put(case.floats), which=memory.put(case.which),
        factors=memory.put(np.broadcast_to(case.factors, (images, wide))), target=ringed[0, 0, 1], images=images,
        lines=lines, rows=rows, units=units, image_step=image, line_step=size * line, row_step=size * row, down=line,
        across=row, low=low,
    )  # fmt: skip
    np.testing.assert_array_equal(ringed[:, :, 1:-1, :-1], in_halves(case.rounded))
    assert not ringed[:, :, [0, -1]].any()
    assert not ringed[:, :, :, -1].any()


@pytest.mark.parametrize("size", halves.SIZES)
@LATE
@given(few, sides, st.integers(1, 37), few, seeds)
@example(2, 3, 17, 1, 0)
def test_halves_channel_by_channel(size, images, lines, rows, units, seed):
    case = Gradients(images, lines, rows, units, size, seed)
    memory, (height, width, wide) = case.memory, case.rounded.shape[1:]
    line, image = width + 2, (height + 1) * (width + 2)
    target = memory.put(np.zeros((2, wide, images * image + LINE), np.uint8))
    target[:, :, -LINE:] = 99
    memory.call(
        f"map-channels-{size}", halves.CHANNELS_FIELDS, source=memory.put(case.floats), which=memory.put(case.which),
        factors=memory.put(case.factors), target=target, images=images, lines=lines, rows=rows, units=units,
        image_step=image, line_step=size * line, down=line, channel_step=target.strides[1], low=target.strides[0],
    )  # fmt: skip
    assert not target[:, :, -LINE:].any()
    ringed = np.zeros((2, wide, images, height + 1, line), np.uint8)
    ringed[..., :-1, :-2] = in_halves(case.rounded).transpose(0, 4, 1, 2, 3)
    np.testing.assert_array_equal(target[:, :, :-LINE], ringed.reshape(2, wide, -1))


def quads(values, phases, count):
    """Numbers [places, channels] as [channels / LANES][phases][count][LANES][GROUP], 0 beyond their end."""
    padded = np.zeros((count * GROUP + phases, values.shape[1]), values.dtype)
    padded[: len(values)] = values
    of_phases = [padded[phase : phase + count * GROUP].reshape(count, GROUP, -1, LANES) for phase in range(phases)]
    return np.stack(of_phases).transpose(3, 0, 1, 4, 2)


@pytest.mark.parametrize("pixels", [False, True])
@LATE
@given(few, st.integers(1, 4), st.integers(1, 20), few, seeds)
def test_quads(pixels, groups, phases, count, blocks, seed):
    rng, memory, places = np.random.default_rng(seed), Memory(), count * GROUP + phases
    if pixels:
        values = rng.integers(0, 256, (groups, places, blocks * LANES)).astype(np.uint8)
        source = values
    else:
        values = rng.choice(np.array([-1, 1], np.int8), (groups, places, blocks * LANES))
        source = np.packbits(values > 0, axis=2, bitorder="little")
    source, expected = memory.put(source), np.concatenate([quads(group, phases, count) for group in values])
    target = memory.put(np.zeros_like(expected))
    memory.call(
        "map-quads" + "-pixels" * pixels, halves.QUADS_FIELDS, source=source, target=target, groups=groups,
        blocks=blocks, phases=phases, quads=count, group_step=source.strides[0], place_step=source.strides[1],
        block_step=target.strides[0], phase_step=target.strides[1],
    )  # fmt: skip
    np.testing.assert_array_equal(target, expected)


def convolved(maps, signs):
    """A plain convolution of maps [B, H, W, O] with signs [down, across, O, I]."""
    down, across = signs.shape[:2]
    height, width = maps.shape[1] - down + 1, maps.shape[2] - across + 1
    total = 0
    for line in range(down):
        for row in range(across):
            part = maps[:, line : line + height, row : row + width].astype(np.int64)
            total = total + np.einsum("bhwo,oi->bhwi", part, signs[line, row].astype(np.int64))
    return total


@LATE
@given(few, sides, sides, some, few, few, few, seeds)
@example(1, 8, 17, 5, 3, 3, 3, 0)
def test_gradients_of_inputs(images, height, width, units, blocks, down, across, seed):
    rng, memory, wide = np.random.default_rng(seed), Memory(), units * LANES
    maps = numbers(rng, (images, height + down - 1, width + across - 1, wide))
    room = np.full((2, maps[..., 0].size + tiled.BEYOND, wide), 77, np.uint8)
    room[:, : -tiled.BEYOND] = in_halves(maps).reshape(2, -1, wide)
    signs = rng.choice(np.array([-1, 1], np.int8), (down, across, wide, blocks * SIDE))
    runs = -(-across * wide // LINE)
    weights = np.zeros((down, runs * LINE, blocks, SIDE), np.int8)
    weights[:, : across * wide] = -signs.reshape(down, across * wide, blocks, SIDE)
    weights = memory.put(weights.reshape(down, runs * SIDE, GROUP, blocks, SIDE).transpose(3, 0, 1, 4, 2))
    source, target = memory.put(room), memory.put(np.full((images, height, width, blocks * SIDE), 99, np.int32))
    rows = maps.shape[2]
    memory.call(
        "map-inputs-tiled", tiled.INPUTS_FIELDS, source=source, low=source.strides[0], weights=weights, target=target,
        images=images, places=(height - 1) * rows + width, rows=width, ringed_rows=rows, blocks=blocks, down=down,
        runs=runs, image_step=maps.shape[1] * rows * wide, place_step=wide, block_step=weights.strides[0],
        target_image=target.strides[0], target_row=target.strides[2],
    )  # fmt: skip
    np.testing.assert_array_equal(target, convolved(maps, signs))


@pytest.mark.parametrize("pixels", [False, True])
@LATE
@given(st.integers(1, 150), few, few, few, few, st.integers(3, 9), st.booleans(), seeds)
def test_gradients_of_weights(pixels, places, outputs, columns, down, across, pitch, added, seed):
    rng, memory = np.random.default_rng(seed), Memory()
    lines, shift = -(-places // LINE), (down - 1) * pitch + across - 1
    gradients = np.zeros((outputs * SIDE, (lines + 1) * LINE), np.int64)
    gradients[:, :places] = numbers(rng, (outputs * SIDE, places))
    kind, least, most = (np.uint8, 0, 256) if pixels else (np.int8, -1, 2)
    met = rng.integers(least, most, (places + shift, columns * LANES)).astype(kind)
    seen = memory.put(quads(met, GROUP, lines * SIDE + shift // GROUP + 1))
    steps = rng.random(outputs * SIDE, np.float32)
    before = rng.normal(0, 1, (outputs * SIDE, down, across, columns * LANES)).astype(np.float32)
    source, target = memory.put(in_halves(gradients)), memory.put(before)
    memory.call(
        "map-weights-tiled" + "-pixels" * pixels, tiled.WEIGHTS_FIELDS, source=source, low=source.strides[0],
        channel_step=source.strides[1], seen=seen, seen_step=seen.strides[0], phase_step=seen.strides[1],
        columns=columns, lines=lines, down=down, across=across, pitch=pitch, steps=memory.put(steps), target=target,
        before=added, outputs=outputs, target_row=target.strides[0], target_tap=target.strides[2],
    )  # fmt: skip
    for line in range(down):
        for row in range(across):
            first = line * pitch + row
            halves_ = (gradients[:, :places] >> 8, gradients[:, :places] & 255)
            high, low = ((h @ met[first : first + places].astype(np.int64)).astype(np.float32) for h in halves_)
            expected = added * before[:, line, row] + (high * np.float32(256) + low) * steps[:, np.newaxis]
            np.testing.assert_array_equal(target[:, line, row], expected)
