"""Binarized networks of other people's making, described as text (TOML) or arrays (npz): docs/verification.md.

What comes in is arrays by name: `block0.weights` [outputs, inputs] of +1 and -1, `block0.bias`, `.gamma`, `.beta`,
`.mean` and `.var` [outputs], and so on for each block; `output.weights` [classes, outputs] and `output.bias`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine import bits, digits
from engine.datasets.readers import npz
from engine.errors import BadFile, FlipscopeError, reason
from engine.files import checked_size, room_for
from engine.inference.network import Affine, Dense, Metadata, Operation, PackedNetwork
from engine.inference.thresholds import BatchNorm, Float64, thresholds
from engine.strict import check_keys, loaded, number, typed

MOST_BYTES, MOST_TEXT = 16 << 20, 1 << 20
"""Of an npz, and of a text, which takes much more memory and time to read."""
MOST_BLOCKS = 100
VECTORS = ("bias", "gamma", "beta", "mean", "var")
"""Of each block, beside its weights: sign(gamma * (w x + bias - mean) / sqrt(var) + beta), with no epsilon."""
_REMEDY = "Save it with numpy.savez: numbers by name, and nothing else."
_SIGNS = {"+": 1.0, "-": -1.0}
_MOST = float(np.finfo(np.float32).max)

Arrays = Mapping[str, Float64]


def read(path: str) -> PackedNetwork:
    """The network that a .toml or .npz file describes. Raises BadFile."""
    checked_size(path, "a network", MOST_BYTES)
    arrays = _npz(path) if Path(path).suffix.lower() == ".npz" else None
    try:
        if arrays is not None:
            return network(Path(path).stem, arrays)
        checked_size(path, "a network", MOST_TEXT)
        return _from_text(Path(path))
    except OSError as error:
        raise BadFile(f"'{path}' cannot be read: {reason(error)}.", "Write it again, or choose another.") from error
    except FlipscopeError as error:
        raise BadFile(f"'{path}' describes no network. {error.what}", error.remedy) from error


def network(
    name: str, arrays: Arrays, shape: tuple[int, int] | None = None, data: str = "", classes: tuple[str, ...] = ()
) -> PackedNetwork:
    """The network of arrays by name. shape: height and width; None for a row, or a square where it is one.

    Raises BadFile where one is missing, unknown or does not fit.
    """
    blocks = sum(key.endswith(".gamma") for key in arrays)
    keys = [f"block{i}.{key}" for i in range(blocks) for key in ("weights", *VECTORS)]
    check_keys(arrays, "array", [*keys, "output.weights", "output.bias"], [*keys, "output.weights", "output.bias"])
    inputs = _matrix(arrays, "block0.weights" if blocks else "output.weights").shape[1]
    operations: list[Operation] = []
    width = inputs
    for index in range(blocks):
        dense = _dense(arrays, f"block{index}.weights", width)
        operations += [dense, thresholds(_norm(arrays, index, dense.outputs), -width, width)]
        width = dense.outputs
    last = _dense(arrays, "output.weights", width)
    bias = _vector(arrays, "output.bias", last.outputs).astype(np.float32)
    operations += [last, Affine(np.ones(last.outputs, np.float32), bias)]
    height, across = shape or _shape_of(inputs)
    if height * across != inputs:
        raise BadFile(f"{height} x {across} is not its {inputs} inputs.", "Mend its 'shape'.")
    names = classes or tuple(map(str, range(last.outputs)))
    layers = "-".join(map(str, [inputs, *(o.outputs for o in operations if isinstance(o, Dense))]))
    about = Metadata(name, layers, (height, across, 1), names, preparation=digits.BITS, dataset=data)
    return PackedNetwork(about, tuple(operations), source="bits")


def _from_text(path: Path) -> PackedNetwork:
    table = loaded(path.read_bytes())
    check_keys(table, "part", ("name", "shape", "classes", "data", "block", "output"), ("block", "output"))
    blocks = typed("block", table["block"], list)
    if len(blocks) > MOST_BLOCKS:
        raise BadFile(f"It has {len(blocks)} blocks; {MOST_BLOCKS} is the limit.", "Choose a smaller network.")
    arrays: dict[str, Float64] = {}
    for prefix, part, known in [(f"block{i}", b, VECTORS) for i, b in enumerate(blocks)] + [
        ("output", table["output"], ("bias",))
    ]:
        part = typed(prefix, part, dict)
        check_keys(part, "array", ("weights", *known), ("weights", *known))
        arrays[f"{prefix}.weights"] = _written(f"{prefix}.weights", typed("weights", part["weights"], list))
        arrays |= {f"{prefix}.{key}": _numbers(f"{prefix}.{key}", part[key]) for key in known}
    height, width = _pair(table["shape"]) if "shape" in table else (0, 0)
    classes = tuple(typed("A class", name, str) for name in typed("classes", table.get("classes", []), list))
    name, data = typed("name", table.get("name", path.stem), str), typed("data", table.get("data", ""), str)
    return network(name, arrays, (height, width) if height else None, data, classes)


def _written(key: str, rows: list[Any]) -> Float64:
    """Rows of + and -."""
    texts = [typed(key, row, str) for row in rows]
    if not texts or len(set(map(len, texts))) != 1 or set("".join(texts)) - set(_SIGNS):
        raise BadFile(f"{key} are no rows of + and - of one length.", "Write a text for each output, e.g. '+--+'.")
    return np.array([[_SIGNS[sign] for sign in text] for text in texts])


def _numbers(key: str, values: Any) -> Float64:
    return np.array([number(key, value) for value in typed(key, values, list)])


def _pair(value: Any) -> tuple[int, int]:
    sides = [typed("shape", side, int) for side in typed("shape", value, list)]
    if len(sides) != 2 or min(sides) < 1:
        raise BadFile(f"shape is {value}.", "Give it as [height, width].")
    return sides[0], sides[1]


def _shape_of(inputs: int) -> tuple[int, int]:
    side = math.isqrt(inputs)
    return (side, side) if side * side == inputs else (1, inputs)


def _npz(path: str) -> dict[str, Float64]:
    """The arrays of an npz file; as float64, they may take no more than any packed file may. Raises BadFile."""
    arrays = npz.load(Path(path), _REMEDY)
    if 8 * sum(array.size for array in arrays.values()) > room_for(Path(path).stat().st_size):
        raise BadFile(f"'{path}' holds arrays that are too large.", "Choose a smaller network.")
    if any(array.dtype.kind not in "biuf" for array in arrays.values()):
        raise BadFile(f"'{path}' holds arrays that are no numbers.", _REMEDY)
    return {name: array.astype(np.float64) for name, array in arrays.items()}


def _dense(arrays: Arrays, key: str, inputs: int) -> Dense:
    weights = _matrix(arrays, key)
    if weights.shape[1] != inputs:
        raise BadFile(f"{key} takes {weights.shape[1]} values of {inputs}.", "Mend its shape: [outputs, inputs].")
    return Dense(bits.pack(weights > 0), inputs)


def _matrix(arrays: Arrays, key: str) -> Float64:
    weights = arrays[key]
    if weights.ndim != 2 or 0 in weights.shape or not np.all(np.abs(weights) == 1):
        raise BadFile(f"{key} is no matrix of +1 and -1.", "Give the signs of the weights, [outputs, inputs].")
    return weights


def _vector(arrays: Arrays, key: str, size: int) -> Float64:
    vector = arrays[key]
    if vector.shape != (size,) or not np.all(np.abs(vector) <= _MOST):
        raise BadFile(f"{key} is no list of {size} ordinary numbers.", "Give one for each output.")
    return vector


def _norm(arrays: Arrays, index: int, outputs: int) -> BatchNorm:
    bias, gamma, beta, mean, var = (_vector(arrays, f"block{index}.{key}", outputs) for key in VECTORS)
    if np.any(var <= 0):
        raise BadFile(f"block{index}.var is not above 0.", "Add batch-norm's epsilon to it.")
    return BatchNorm(mean - bias, np.sqrt(var), gamma, beta)
