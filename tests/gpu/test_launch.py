"""Launches are right or are none: geometry, and arguments by number, dtype and shape."""

import numpy as np
import pytest

from engine.bits import pack
from engine.inference.network import Conv, MaxPool
from gpu import launches
from gpu.launch import Launch, launch
from gpu.memory import DeviceArray, words_of
from gpu.results import Bits, Scores, Sums, Value
from gpu.source import CONVS, FEW, GEMMS, PACK, PIXELS


def array(dtype, *shape):
    return DeviceArray(4096, np.dtype(dtype), shape, None)


def bits(columns, *sides):
    words = words_of(columns)
    return Bits(array("i4", 32 * words), array("u4", words), array("u4", *sides, words))


def test_arguments_are_of_the_types_of_the_signature():
    made = launches.gemm(GEMMS[0], array("u4", 70, 4), array("u4", 130, 4), 100, bits(130, 70))
    kinds = [argument.dtype for argument in made.arguments]
    assert kinds == [parameter.dtype for parameter in made.signature.parameters]
    named = dict(zip([parameter.name for parameter in made.signature.parameters], made.arguments, strict=True))
    assert {name: named[name] for name in ("rows", "columns", "words", "terms")} == {
        "rows": 70, "columns": 130, "words": 4, "terms": 100,
    }  # fmt: skip
    assert (made.kernel, made.grid, made.block) == ("gemm_bits", (2, 2, 1), (256, 1, 1))


def test_words_beyond_the_last_output_are_some_blocks_own():
    """5 outputs are two words of 32: a tile of 32 columns needs two blocks to write them, for sums one."""
    narrow = next(module for module in GEMMS if module["BN"] == 32)
    a, w = array("u4", 3, 2), array("u4", 5, 2)
    assert launches.gemm(narrow, a, w, 64, bits(5, 3)).grid[1] == 2
    assert launches.gemm(narrow, a, w, 64, Sums(array("i4", 3, 5))).grid[1] == 1


def test_rows_of_many_tiles_go_along_the_long_side_of_the_grid():
    rows = 10_000_000
    made = launches.gemm(GEMMS[0], array("u4", rows, 2), array("u4", 64, 2), 64, Sums(array("i4", rows, 64)))
    assert made.grid == (156_250, 1, 1)


GOOD = ((1, 1, 1), (32, 1, 1), 0)


@pytest.mark.parametrize(
    ("grid", "block", "shared"),
    [
        ((0, 1, 1), *GOOD[1:]),
        ((1, 65_536, 1), *GOOD[1:]),
        ((1, 1, 65_536), *GOOD[1:]),
        ((2**31, 1, 1), *GOOD[1:]),
        (GOOD[0], (1025, 1, 1), 0),
        (GOOD[0], (32, 0, 1), 0),
        (GOOD[0], (32, 32, 2), 0),
        (GOOD[0], GOOD[1], (48 << 10) + 1),
        (GOOD[0], GOOD[1], -1),
    ],
)
def test_geometry_that_no_device_has(grid, block, shared):
    arguments = (array("i4", 3), np.uint64(3))
    Launch(PACK, "clear_sums", *GOOD, arguments)
    with pytest.raises(ValueError, match="clear_sums"):
        Launch(PACK, "clear_sums", grid, block, shared, arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        (array("i4", 3),),
        (array("i4", 3), np.uint64(3), np.uint64(3)),
        (array("f4", 3), np.uint64(3)),
        (array("i4", 3), np.int64(3)),
        (array("i4", 3), 3.0),
        (np.uint64(4096), np.uint64(3)),
        (array("i4", 3), array("u8", 3)),
    ],
)
def test_arguments_that_are_refused(arguments):
    with pytest.raises((ValueError, AttributeError)):
        Launch(PACK, "clear_sums", *GOOD, arguments)


def test_arguments_by_name_are_all_there_and_fit():
    sums = array("i4", 3)
    with pytest.raises(ValueError, match="count"):
        launch(PACK, "clear_sums", *GOOD[:2], {"sums": sums})
    with pytest.raises(ValueError, match="more"):
        launch(PACK, "clear_sums", *GOOD[:2], {"sums": sums, "count": 3, "more": 1})
    with pytest.raises(OverflowError):
        launch(PACK, "clear_sums", *GOOD[:2], {"sums": sums, "count": 2**64})
    with pytest.raises(KeyError):
        launch(PACK, "absent", *GOOD[:2], {})


def of_values(columns, *sides):
    floats = array("f4", columns)
    return Value(floats, floats, None, array("f4", *sides, columns), array("u4", *sides, words_of(columns)))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: launches.gemm(GEMMS[0], array("u4", 3, 2), array("u4", 5, 4), 64, Sums(array("i4", 3, 5))),
        lambda: launches.gemm(GEMMS[0], array("u4", 3, 3), array("u4", 5, 3), 64, Sums(array("i4", 3, 5))),
        lambda: launches.gemm(GEMMS[0], array("u4", 3, 2), array("u4", 5, 2), 65, Sums(array("i4", 3, 5))),
        lambda: launches.gemm(GEMMS[0], array("u4", 3, 2), array("u4", 5, 2), 64, Sums(array("i4", 4, 5))),
        lambda: launches.gemm(GEMMS[0], array("u4", 3, 2), array("u4", 5, 2), 64, Sums(array("i4", 3, 6))),
        lambda: launches.gemm(GEMMS[0], array("u4", 3, 2), array("u4", 5, 2), 64, Sums(array("u4", 3, 5))),
        lambda: launches.gemm(GEMMS[0], array("u4", 3, 2), array("u4", 65, 2), 64, bits(64, 3)),
        lambda: launches.gemm(GEMMS[0], array("u4", 3, 2), array("u4", 5, 2), 64, of_values(65, 3)),
        lambda: launches.gemm(GEMMS[0], array("u4", 2**31 - 9, 2), array("u4", 5, 2), 64, bits(5, 2**31 - 9)),
        lambda: launches.few(FEW[0], array("u4", 3, 2), array("u4", 5, 2), 64, bits(5, 3), splits=2),
        lambda: launches.planes(array("u4", 3, 7, 2), array("u4", 5, 2), bits(5, 3)),
        lambda: launches.pixels(PIXELS[0], array("u1", 3, 65), array("u4", 5, 2), bits(5, 3)),
        lambda: launches.conv(CONVS[0], array("u4", 1, 4, 4, 2), array("u4", 5, 18), CONV, bits(5, 1, 4, 5)),
        lambda: launches.conv(CONVS[0], array("u4", 1, 4, 4, 2), array("u4", 5, 16), CONV, bits(5, 1, 4, 4)),
        lambda: launches.pixel_conv(PIXELS[0], array("u1", 1, 4, 4, 8), array("u4", 5, 4), CONV, bits(5, 1, 4, 4)),
        lambda: launches.pack_floats(array("f4", 3, 65), array("u4", 3, 2)),
        lambda: launches.pack_floats(array("f4", 2**30, 64), array("u4", 2**30, 2)),
        lambda: launches.pack_planes(array("u1", 3, 64), array("u4", 3, 2)),
        lambda: launches.finish(array("i4", 3, 64), Scores(array("f4", 64), array("f4", 63), array("f4", 3, 64))),
        lambda: launches.pool_sums(array("i4", 1, 4, 4, 5), MaxPool(), array("i4", 1, 2, 3, 5)),
        lambda: launches.finish(
            array("i4", 2**25, 64), Scores(array("f4", 64), array("f4", 64), array("f4", 2**25, 64))
        ),
        lambda: launches.pool_sums(array("i4", 2**27, 4, 4, 4), MaxPool(), array("i4", 2**27, 2, 2, 4)),
        lambda: launches.pool_bits(array("u4", 1, 4, 4, 2), array("u4", 4), MaxPool(), array("u4", 1, 2, 2, 2)),
        lambda: launches.paper_floats(array("f4", 3, 4), array("f4", 5, 6), array("f4", 3, 6)),
        lambda: launches.paper_signs(array("u4", 3, 4), array("u4", 4, 6), 200, array("i4", 3, 6)),
    ],
)  # fmt: skip
def test_shapes_that_do_not_fit_together(wrong):
    with pytest.raises(ValueError):  # noqa: PT011 - each says which shapes
        wrong()


CONV = Conv(pack(np.ones((5, 3, 3, 7), bool)), 7, 1, 1)


def test_a_view_is_of_the_same_bytes():
    words = array("u8", 3, 2)
    assert words.view("u4").shape == (3, 4)
    assert words.rows(1, 3).address == words.address + 16
    for wrong in (lambda: words.view("u4", (3, 3)), lambda: words.rows(2, 4), lambda: words.rows(2, 1)):
        with pytest.raises(ValueError):  # noqa: PT011
            wrong()
