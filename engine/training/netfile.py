"""A network of one's own as a short TOML file: its hidden layers, input side first (docs/models.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import BadFile, FlipscopeError, reason
from engine.files import checked_size
from engine.inference.operations import KERNELS, MAX_POOL, STRIDES, MaxPool
from engine.strict import check_keys, loaded, typed
from engine.training.plan import ConvLayer, DenseLayer, LayerPlan

MOST_BYTES = 1 << 16
MOST_LAYERS = 200
MOST_OUTPUTS = 99_999

_COMMON = ("kind", "outputs", "shortcut", "repeat")
KEYS = {"dense": _COMMON, "conv": (*_COMMON, "kernel", "stride", "pool", "pool_stride")}
"""What a layer of each kind may say."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


def read(path: Path) -> tuple[str, str]:
    """The network's name, which is the file's, and its layers in one line (`written`). Raises BadFile."""
    checked_size(path, "a network", MOST_BYTES)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadFile(f"'{path}' cannot be read: {reason(error)}.", "Check your permissions.") from error
    return checked_name(path.stem), written(parsed(content, str(path)))


def checked_name(name: str) -> str:
    """The name, if run folders can be called so. Raises BadFile."""
    if not _NAME.fullmatch(name):
        raise BadFile(f"'{name}' cannot be a network's name.", "Use up to 40 letters, digits, '-', '_' and '.'.")
    return name


def parsed(content: bytes | str, source: str = "The network") -> tuple[LayerPlan, ...]:
    """The hidden layers of a TOML text. Raises BadFile, which names the source, and where it can the layer."""
    where = source
    try:
        if len(content) > MOST_BYTES:
            raise BadFile(f"It has {len(content):,} bytes; {MOST_BYTES:,} is the limit.", "Describe it in fewer words.")
        record = loaded(content)
        check_keys(record, "key", ("layer",), ("layer",))
        layers: list[LayerPlan] = []
        for number, table in enumerate(typed("layer", record["layer"], list), 1):
            where = f"{source}, layer {number}"
            layers += _layers(typed("It", table, dict))
            if len(layers) > MOST_LAYERS:
                raise BadFile(f"These are more than {MOST_LAYERS} layers.", "Repeat fewer.")
        if not layers:
            raise BadFile("It has no layers.", "Give one [[layer]] at least; the one that scores is added.")
        return tuple(layers)
    except FlipscopeError as error:
        raise BadFile(f"{where}: {error.what}", error.remedy) from error


def written(hidden: Sequence[LayerPlan]) -> str:
    """Layers as TOML in one line, what is usual left out: the same for all texts that mean the same."""
    tables = (", ".join(f"{key} = {_value(value)}" for key, value in _said(layer).items()) for layer in hidden)
    return f"layer = [{', '.join(f'{{{table}}}' for table in tables)}]"


def _layers(table: Mapping[str, Any]) -> list[LayerPlan]:
    """The layer that a table says, as often as it says."""
    check_keys(table, "key of a layer", KEYS["conv"], ("kind", "outputs"))
    kind = typed("kind", table["kind"], str)
    check_keys({kind: table}, "kind of layer", KEYS)
    check_keys(table, f"key of a {kind} layer", KEYS[kind])
    outputs, shortcut = _whole(table, "outputs", 1, MOST_OUTPUTS), typed("shortcut", table.get("shortcut", False), bool)
    times = _whole(table, "repeat", 1, MOST_LAYERS, 1)
    if kind == "dense":
        return [DenseLayer(outputs, shortcut)] * times
    kernel, stride = _one_of(table, "kernel", KERNELS, 3), _one_of(table, "stride", STRIDES, 1)
    return [ConvLayer(outputs, kernel, stride, _pool(table), shortcut)] * times


def _pool(table: Mapping[str, Any]) -> MaxPool | None:
    if "pool" not in table:
        if "pool_stride" in table:
            raise BadFile("pool_stride stands without pool.", "Give pool, the side of the window, as well.")
        return None
    size = _whole(table, "pool", 2, MAX_POOL)
    return MaxPool(size, _whole(table, "pool_stride", 1, size, size))


def _whole(table: Mapping[str, Any], key: str, low: int, high: int, usual: int | None = None) -> int:
    value: int = typed(key, table.get(key, usual), int)
    if not low <= value <= high:
        raise BadFile(f"{key} is {value}.", f"Choose it between {low} and {high}.")
    return value


def _one_of(table: Mapping[str, Any], key: str, allowed: Sequence[int], usual: int) -> int:
    value: int = typed(key, table.get(key, usual), int)
    if value not in allowed:
        raise BadFile(f"{key} is {value}.", f"Choose {' or '.join(map(str, allowed))}.")
    return value


def _said(layer: LayerPlan) -> dict[str, Any]:
    """What a layer's table says where it is not the usual."""
    said: dict[str, Any] = {"kind": "dense", "outputs": layer.outputs}
    if isinstance(layer, ConvLayer):
        said["kind"] = "conv"
        said |= {key: value for key, value, usual in _sides(layer) if value != usual}
    return said | ({"shortcut": True} if layer.shortcut else {})


def _sides(layer: ConvLayer) -> tuple[tuple[str, int | None, int | None], ...]:
    """Key, value and usual value of what is counted in pixels."""
    size, stride = (None, None) if layer.pool is None else (layer.pool.size, layer.pool.stride)
    return ("kernel", layer.kernel, 3), ("stride", layer.stride, 1), ("pool", size, None), ("pool_stride", stride, size)


def _value(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()
