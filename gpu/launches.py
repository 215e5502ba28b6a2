"""The launches of every kernel: geometry and arguments out of the shapes of the arrays. They raise ValueError.

Arrays are on the device. Signs are uint32 words, rows of whole 64-bit words; maps are [images, height, width, words].
"""

from __future__ import annotations

import math

from engine.inference.network import Conv, MaxPool
from gpu.launch import Launch, launch
from gpu.memory import DeviceArray, parts, words_of
from gpu.results import WARP, Bits, Result, Scores, Sums, Value, Values, check_result
from gpu.source import PACK, PAPER, PLANES, POOL, Module

THREADS = 256
"""Threads of a block where a kernel leaves it open."""
PLANE_COUNT = 8
MOST_ROWS = 2**31 - 2**16
"""So that a row's number, counted on to the end of a tile, is still an int."""
MOST_PIXELS = (2**31 - 1) // 255
"""So that a sum of pixels is still an int."""
MOST_VALUES = 2**31 - 2**16
"""So that 32 bits count the values, or words, of which each thread, or warp, makes one."""
PAPER_SIDE = 16

# ---------------------------------------------------------------- products


def gemm(module: Module, a: DeviceArray, w: DeviceArray, terms: int, result: Result) -> Launch:
    """Signs a [rows, words] by w [columns, words], `terms` of them in a row."""
    rows, columns = _operands(a, w, terms)
    values: Values = {"a": a, "w": w, "rows": rows, "columns": columns, "words": a.shape[1], "terms": terms}
    return _in_tiles(module, "gemm", rows, columns, result, values)


def few(module: Module, a: DeviceArray, w: DeviceArray, terms: int, result: Result, splits: int = 1) -> Launch:
    """The same for few rows. Sums are added to what `out` holds, by `splits` blocks that share the words of a row."""
    rows, columns = _operands(a, w, terms)
    values: Values = {"a": a, "w": w, "rows": rows, "columns": columns, "words": a.shape[1], "terms": terms}
    return _by_words(module, "few", module["ROWS"], rows, columns, result, splits, values)


def planes(bits: DeviceArray, w: DeviceArray, result: Result, splits: int = 1) -> Launch:
    """Bit planes [rows, 8, words] of pixels by w [columns, words]; sums are added to what `out` holds."""
    (rows, count, words), (columns, w_words) = bits.shape, w.shape
    _check(count == PLANE_COUNT and words == w_words, f"planes {bits.shape} by {w.shape}")
    values: Values = {"planes": bits, "w": w, "rows": rows, "columns": columns, "words": words}
    return _by_words(PLANES, "planes", 1, rows, columns, result, splits, values)


def pixels(module: Module, values: DeviceArray, w: DeviceArray, result: Result) -> Launch:
    """Pixels uint8 [rows, terms] by signs w [columns, words]."""
    (rows, terms), (columns, words) = values.shape, w.shape
    _check(words == words_of(terms) and terms <= MOST_PIXELS, f"pixels {values.shape} by {w.shape}")
    named: Values = {"pixels": values, "w": w, "rows": rows, "columns": columns, "terms": terms}
    return _in_tiles(module, "pixels", rows, columns, result, named)


def conv(module: Module, maps: DeviceArray, w: DeviceArray, layer: Conv, result: Result) -> Launch:
    """Maps of signs by w [columns, kernel * kernel * words], -1 beyond the edge."""
    images, height, width, words = maps.shape
    wanted = (layer.outputs, layer.kernel**2 * words)
    _check(words == words_of(layer.channels) and w.shape == wanted, f"maps {maps.shape} by {w.shape}")
    values: Values = {"maps": maps, "w": w, "words": words, "terms": layer.inputs}
    window = _window(height, width, layer)
    rows = images * window["down"] * window["across"]
    _check(math.prod(maps.shape) <= MOST_VALUES, f"maps {maps.shape}")
    return _in_tiles(module, "conv", rows, layer.outputs, result, {**values, **window})


def pixel_conv(module: Module, images: DeviceArray, w: DeviceArray, layer: Conv, result: Result) -> Launch:
    """Images uint8 [images, height, width, channels] by w [columns, words of kernel * kernel * channels bits]."""
    count, height, width, channels = images.shape
    wanted = (layer.outputs, words_of(layer.inputs))
    _check(channels == layer.channels and w.shape == wanted, f"images {images.shape} by {w.shape}")
    _check(layer.inputs <= MOST_PIXELS and width * channels < MOST_ROWS, f"images {images.shape}")
    values: Values = {"images": images, "w": w, "channels": channels}
    window = _window(height, width, layer)
    rows = count * window["down"] * window["across"]
    return _in_tiles(module, "pixel_conv", rows, layer.outputs, result, {**values, **window})


def _operands(a: DeviceArray, w: DeviceArray, terms: int) -> tuple[int, int]:
    """Rows and columns."""
    (rows, words), (columns, w_words) = a.shape, w.shape
    _check(words == w_words and words % 2 == 0 and 0 < terms <= WARP * words, f"{terms} signs in {a} by {w}")
    return rows, columns


def _window(height: int, width: int, layer: Conv) -> dict[str, int]:
    down, across, _ = layer.gives((height, width, layer.channels))
    return {
        "height": height, "width": width, "kernel": layer.kernel, "stride": layer.stride, "padding": layer.padding,
        "down": down, "across": across,
    }  # fmt: skip


def _in_tiles(module: Module, product: str, rows: int, columns: int, result: Result, values: Values) -> Launch:
    """Rows go along x, the one side of a grid that is as long as there can be rows.

    Columns as the result counts them: signs end with whole words, which some block has to write.
    """
    check_result(result, rows, columns)
    _check(rows <= MOST_ROWS, f"{rows} rows")
    grid = (parts(rows, module["BM"]), parts(result.wanted(columns), module["BN"]), 1)
    named: Values = {**values, "rows": rows, "columns": columns, **result.values()}
    return launch(module, f"{product}_{result.suffix}", grid, (module["THREADS"], 1, 1), named)


def _by_words(
    module: Module, product: str, group: int, rows: int, columns: int, result: Result, splits: int, values: Values
) -> Launch:
    """Rows along x in groups, columns along y by the word, and along z the blocks that share a row's words."""
    check_result(result, rows, columns)
    _check(splits == 1 or isinstance(result, Sums), "only sums are added up by several blocks")
    grid = (parts(rows, group), parts(result.wanted(columns), WARP), splits)
    return launch(module, f"{product}_{result.suffix}", grid, (THREADS, 1, 1), {**values, **result.values()})


# ---------------------------------------------------------------- signs, sums and pools


def pack_floats(values: DeviceArray, words: DeviceArray) -> Launch:
    """Signs of float32 [rows, columns] into words [rows, row_words]; +1 iff the value is 0 or more."""
    return _pack("pack_floats", values, words, {"values": values, "words": words})


def pack_bytes(values: DeviceArray, words: DeviceArray, level: int) -> Launch:
    """Signs of uint8 [rows, columns], +1 from `level` on, into words [rows, row_words]."""
    return _pack("pack_bytes", values, words, {"values": values, "words": words, "level": level})


def pack_planes(values: DeviceArray, words: DeviceArray) -> Launch:
    """The bit planes of uint8 [rows, columns] into words [rows, 8, row_words]."""
    _check(words.shape[1] == PLANE_COUNT, f"planes into {words.shape}")
    return _pack("pack_planes", values, words, {"values": values, "words": words})


def finish(sums: DeviceArray, result: Bits | Scores | Value) -> Launch:
    """What is made of sums int32 [..., columns] by themselves."""
    columns = sums.shape[-1]
    rows = math.prod(sums.shape[:-1])
    check_result(result, rows, columns)
    if isinstance(result, Scores):
        named: Values = {"sums": sums, "rows": rows, "columns": columns, **result.values()}
        _check(rows * columns <= MOST_VALUES, f"scores of {sums.shape}")
        return launch(PACK, "score_sums", (parts(rows * columns, THREADS), 1, 1), (THREADS, 1, 1), named)
    kernel = "pack_sums" if isinstance(result, Bits) else "value_sums"
    words = DeviceArray(result.out.address, result.out.dtype, (rows, result.out.shape[-1]), result.out.owner)
    return _pack(kernel, sums, words, {"sums": sums, **result.values()})


def clear(sums: DeviceArray) -> Launch:
    """Make sums int32 0."""
    count = math.prod(sums.shape)
    return launch(PACK, "clear_sums", (parts(count, THREADS), 1, 1), (THREADS, 1, 1), {"sums": sums, "count": count})


def pool_bits(maps: DeviceArray, falling: DeviceArray, pool: MaxPool, out: DeviceArray) -> Launch:
    """Signs of maps to those after pooling; falling uint32 [words], as in Bits."""
    wide = [array.view("u8") for array in (maps, falling, out)]
    named: Values = {"maps": wide[0], "falling": wide[1], "out": wide[2], "words": wide[0].shape[-1]}
    _check(falling.shape == maps.shape[-1:], f"pooling of {maps.shape} with {falling.shape}")
    return _pool("pool_bits", wide[0], pool, wide[2], named)


def pool_sums(maps: DeviceArray, pool: MaxPool, out: DeviceArray) -> Launch:
    """Sums int32 [images, height, width, channels] to those after pooling."""
    return _pool("pool_sums", maps, pool, out, {"maps": maps, "out": out, "channels": maps.shape[-1]})


def _pack(kernel: str, source: DeviceArray, words: DeviceArray, values: Values) -> Launch:
    """A warp for each word of a row, [rows, …, row_words], that is made of source [..., columns]."""
    rows, row_words, columns = words.shape[0], words.shape[-1], source.shape[-1]
    fits = row_words == words_of(columns) and math.prod(source.shape) == rows * columns
    _check(fits, f"{source.shape} into words {words.shape}")
    _check(rows * row_words <= MOST_VALUES, f"signs of {source.shape}")
    grid = (parts(rows * row_words, THREADS // WARP), 1, 1)
    named: Values = {**values, "rows": rows, "columns": columns, "row_words": row_words}
    return launch(PACK, kernel, grid, (THREADS, 1, 1), named)


def _pool(kernel: str, maps: DeviceArray, pool: MaxPool, out: DeviceArray, values: Values) -> Launch:
    images, height, width, depth = maps.shape
    down, across, _ = pool.gives((height, width, depth))
    _check(out.shape == (images, down, across, depth), f"{maps.shape} pooled into {out.shape}")
    _check(math.prod(out.shape) <= MOST_VALUES, f"pooling into {out.shape}")
    window = {"height": height, "width": width, "size": pool.size, "stride": pool.stride}
    named: Values = {**values, **window, "down": down, "across": across, "positions": images * down * across}
    return launch(POOL, kernel, (parts(math.prod(out.shape), THREADS), 1, 1), (THREADS, 1, 1), named)


# ---------------------------------------------------------------- what the paper measured


def paper_floats(a: DeviceArray, b: DeviceArray, out: DeviceArray) -> Launch:
    """float32 a [rows, terms] by b [terms, columns]."""
    (rows, terms), columns = a.shape, b.shape[1]
    return _paper("paper_floats", a, b, out, {"terms": terms, "rows": rows, "columns": columns})


def paper_signs(a: DeviceArray, b: DeviceArray, terms: int, out: DeviceArray) -> Launch:
    """Words a [rows, words] by b [words, columns], `terms` signs in a row, into int32."""
    (rows, words), columns = a.shape, b.shape[1]
    _check(words == words_of(terms), f"{terms} signs in {words} words")
    return _paper("paper_signs", a, b, out, {"words": words, "terms": terms, "rows": rows, "columns": columns})


def _paper(kernel: str, a: DeviceArray, b: DeviceArray, out: DeviceArray, values: dict[str, int]) -> Launch:
    rows, columns = a.shape[0], b.shape[1]
    _check(a.shape[1] == b.shape[0] and out.shape == (rows, columns), f"{a.shape} by {b.shape} into {out.shape}")
    grid = (parts(rows, PAPER_SIDE), parts(columns, PAPER_SIDE), 1)
    return launch(PAPER, kernel, grid, (PAPER_SIDE, PAPER_SIDE, 1), {**values, "a": a, "b": b, "out": out})


def _check(right: bool, what: str) -> None:
    if not right:
        raise ValueError(what)
