"""Strokes and warps by the kernel, in every variant, against a slow definition; nothing beyond is touched."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.jit import kernels, warp
from engine.jit.layout import whole
from engine.jit.record import filled
from tests.jit.memory import Canaries

pytestmark = pytest.mark.usefixtures("variant")


def slow(image, numbers):
    """One image [H, W] in float64, pixel by pixel."""
    height, width = image.shape
    stroke, first_x, across_x, down_x, first_y, across_y, down_y = (float(number) for number in numbers)
    around = np.pad(image.astype(float), 1, constant_values=255 if stroke < 0 else 0)
    near = [around[row : row + height, column : column + width] for row in range(3) for column in range(3)]
    extreme = np.min(near, axis=0) if stroke < 0 else np.max(near, axis=0)
    blended = np.pad(image + abs(stroke) * (extreme - image), ((1, 2), (1, 2)))
    result = np.zeros(image.shape)
    for row, column in np.ndindex(height, width):
        x = min(max(first_x + across_x * column + down_x * row, 0), width + 1)
        y = min(max(first_y + across_y * column + down_y * row, 0), height + 1)
        (left, part_x), (top, part_y) = divmod(x, 1), divmod(y, 1)
        square = np.pad(blended, 1)[int(top) + 1 : int(top) + 3, int(left) + 1 : int(left) + 3]
        result[row, column] = [1 - part_y, part_y] @ square @ [1 - part_x, part_x]
    return result


def run(images, numbers):
    """The kernel's results; its memory is watched."""
    count, height, width = images.shape
    memory, pitch = Canaries(skew=1), whole(width, warp.LANES) + warp.LANES
    slack = np.zeros(warp.LANES, np.uint8)
    placed = {
        "source": memory.place(np.concatenate([images.ravel(), slack + 255])),
        "target": memory.place(np.concatenate([np.zeros(images.size, np.uint8), slack])),
        "numbers": memory.place(numbers.astype(np.float32), align=4),
        "raw": memory.place(np.zeros((height + 2, pitch), np.uint8)),
        "blended": memory.place(np.zeros((height + 3, pitch), np.uint16), align=2),
    }
    addresses = {name: int(array.ctypes.data) for name, array in placed.items()}
    record = filled(warp.FIELDS, **addresses, images=count, height=height, width=width, pitch=pitch)
    kernels.kernel("warp")(record.ctypes.data)
    memory.check()
    np.testing.assert_array_equal(placed["source"][: images.size], images.ravel())
    return placed["target"][: images.size].reshape(images.shape)


def drawn(stream, count, height, width):
    """Numbers of images that are turned, stretched and moved, some of them out of sight."""
    maps = np.eye(2) + stream.uniform(-0.7, 0.7, (count, 2, 2))
    first = 1 + stream.uniform(-0.8, 0.8, (count, 2)) * [width, height]
    return np.column_stack([stream.uniform(-1, 1, count), first[:, 0], maps[:, 0], first[:, 1], maps[:, 1]])


@settings(max_examples=12, deadline=None)
@given(count=st.integers(0, 3), height=st.integers(1, 20), width=st.integers(1, 36), seed=st.integers(0, 99))
def test_images_of_any_size_are_as_defined(count, height, width, seed):
    stream = np.random.default_rng(seed)
    images = stream.integers(0, 256, (count, height, width), np.uint8)
    numbers = drawn(stream, count, height, width)
    found = run(images, numbers)
    for image, own, result in zip(images, numbers.astype(np.float32), found, strict=True):
        np.testing.assert_allclose(result, slow(image, own), atol=0.51)


@pytest.mark.parametrize(("stroke", "extreme"), [(0, None), (1, np.max), (-1, np.min)])
def test_an_image_at_its_own_place_is_itself_or_its_dilation_or_erosion(stroke, extreme):
    images = np.random.default_rng(0).integers(0, 256, (1, 9, 21), np.uint8)
    found = run(images, np.array([[stroke, 1, 1, 0, 1, 0, 1]]))
    inside = images[:, 1:-1, 1:-1]
    if extreme is not None:
        windows = np.lib.stride_tricks.sliding_window_view(images[0], (3, 3))
        inside = extreme(windows, axis=(2, 3))[np.newaxis]
    np.testing.assert_array_equal(found[:, 1:-1, 1:-1], inside)
