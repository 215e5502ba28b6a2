"""What a model file says in JSON: metadata and the list of operations, read field by field with every range checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from engine.errors import BadFile
from engine.inference.network import (
    Affine,
    Conv,
    Dense,
    FloatConv,
    FloatDense,
    FloatNetwork,
    FloatOperation,
    MaxPool,
    Metadata,
    Network,
    Operation,
    Shortcut,
    Sign,
    Threshold,
)
from engine.inference.operations import KERNELS

TENSORS: dict[type, tuple[str, ...]] = {
    Dense: ("weights",),
    Conv: ("weights",),
    MaxPool: (),
    Threshold: ("threshold", "at_least"),
    Affine: ("scale", "shift"),
    Shortcut: ("scale", "shift"),
    Sign: (),
    FloatDense: ("weight", "bias"),
    FloatConv: ("weight", "scale", "bias"),
}
"""The arrays of each operation, by their field's name."""

_KINDS: dict[str, type] = {
    "dense": Dense,
    "conv": Conv,
    "max-pool": MaxPool,
    "threshold": Threshold,
    "affine": Affine,
    "shortcut": Shortcut,
    "sign": Sign,
    "float-dense": FloatDense,
    "float-conv": FloatConv,
}
_NAMES = {cls: name for name, cls in _KINDS.items()}
_FLOATS = {"float-dense", "float-conv"}
_REMEDY = "The file is damaged or was written by another program; save or download it again."

LONGEST_TEXT = 8192
"""Characters; a data set of one's own is called by its absolute path."""
MAX_OPERATIONS = 1000
MAX_CLASSES = 4096
MAX_INPUTS = 1 << 22
"""Inputs of one layer: keeps every sum of +-1 times a byte inside int32."""
MAX_CHANNELS = MAX_INPUTS // max(KERNELS) ** 2
MAX_SIDE = 64
"""Of what is counted in pixels: strides, padding, windows. What a network cannot have, it refuses itself."""


@dataclass(frozen=True)
class Entry:
    """One operation of the record: what it is, and what its tensors do not say."""

    kind: str
    inputs: int = 0
    channels: int = 0
    relu: bool = False
    shortcut: bool = False
    stride: int = 1
    padding: int = 0
    pool: MaxPool | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        return TENSORS[_KINDS[self.kind]]


def version(network: Network) -> int:
    """The oldest version of the format that has a network's operations: 2 where it has shortcuts or values, else 1."""
    newer = (
        operation.shortcut if isinstance(operation, FloatDense | FloatConv) else isinstance(operation, Sign)
        for operation in network.operations
    )
    return 2 if any(newer) else 1


def record(network: Network) -> dict[str, Any]:
    """The JSON record of a network."""
    about = network.metadata
    form = "float" if isinstance(network, FloatNetwork) else "packed"
    return {
        "form": form,
        "source": "u8" if isinstance(network, FloatNetwork) else network.source,
        "name": about.name,
        "architecture": about.architecture,
        "input_shape": list(about.input_shape),
        "class_names": list(about.class_names),
        "preparation": about.preparation,
        "dataset": about.dataset,
        "seed": about.seed,
        "epochs": about.epochs,
        "accuracy": about.accuracy,
        "versions": dict(about.versions),
        "operations": [_entry(operation) for operation in network.operations],
    }


def _entry(operation: Operation | FloatOperation) -> dict[str, Any]:
    kind = _NAMES[type(operation)]
    match operation:
        case Dense(inputs=inputs):
            return {"kind": kind, "inputs": inputs}
        case Conv(channels=channels, stride=stride, padding=padding):
            return {"kind": kind, "channels": channels, "stride": stride, "padding": padding}
        case MaxPool():
            return {"kind": kind, "pool": _windows(operation)}
        case FloatDense(relu=relu, shortcut=shortcut):
            return {"kind": kind, "relu": relu, "shortcut": shortcut}
        case FloatConv(relu=relu, stride=stride, padding=padding, pool=pool, shortcut=shortcut):
            sides = {"stride": stride, "padding": padding, "pool": _windows(pool)}
            return {"kind": kind, "relu": relu, "shortcut": shortcut, **sides}
        case _:
            return {"kind": kind}


def _windows(pool: MaxPool | None) -> list[int] | None:
    return None if pool is None else [pool.size, pool.stride]


def metadata(values: dict[str, Any]) -> Metadata:
    """The metadata of a record. Raises BadFile where a field is missing, of another type or out of range."""
    height, width, channels = _shape(values.get("input_shape"))
    return Metadata(
        name=_text(values, "name"),
        architecture=_text(values, "architecture"),
        input_shape=(height, width, channels),
        class_names=_class_names(values.get("class_names")),
        preparation=_text(values, "preparation"),
        dataset=_text(values, "dataset"),
        seed=_seed(values.get("seed")),
        epochs=_number(values, "epochs", 1e9),
        accuracy=_number(values, "accuracy", 1.0),
        versions=_versions(values.get("versions")),
    )


def source(values: dict[str, Any]) -> Literal["u8", "bits"]:
    """What a packed network takes. Raises BadFile."""
    match values.get("source"):
        case "u8":
            return "u8"
        case "bits":
            return "bits"
        case _:
            raise _bad("source")


def operations(values: dict[str, Any]) -> list[Entry]:
    """The operations of a record, in order. Raises BadFile."""
    entries = values.get("operations")
    form = values.get("form")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_OPERATIONS or form not in ("packed", "float"):
        raise _bad("operations")
    allowed = _FLOATS if form == "float" else set(_KINDS) - _FLOATS
    return [_read_entry(entry, allowed) for entry in entries]


def _read_entry(entry: Any, allowed: set[str]) -> Entry:
    if not isinstance(entry, dict) or not isinstance(entry.get("kind"), str) or entry["kind"] not in allowed:
        raise _bad("operations")
    kind, relu, shortcut = entry["kind"], entry.get("relu", False), entry.get("shortcut", False)
    if not isinstance(relu, bool) or not isinstance(shortcut, bool):
        raise _bad("operations")
    return Entry(
        kind,
        inputs=_count(entry, "inputs", 1, MAX_INPUTS) if kind == "dense" else 0,
        channels=_count(entry, "channels", 1, MAX_CHANNELS) if kind == "conv" else 0,
        relu=relu,
        shortcut=shortcut,
        stride=_count(entry, "stride", 1, MAX_SIDE) if kind in ("conv", "float-conv") else 1,
        padding=_count(entry, "padding", 0, MAX_SIDE) if kind in ("conv", "float-conv") else 0,
        pool=_pool(entry.get("pool"), required=kind == "max-pool"),
    )


def _count(entry: dict[str, Any], key: str, low: int, high: int) -> int:
    value = entry.get(key)
    if not _is_integer(value, low, high):
        raise _bad("operations")
    return int(value)  # type: ignore[arg-type]


def _pool(value: Any, required: bool) -> MaxPool | None:
    if value is None and not required:
        return None
    if not isinstance(value, list) or len(value) != 2 or not all(_is_integer(side, 1, MAX_SIDE) for side in value):
        raise _bad("operations")
    return MaxPool(*value)


def _bad(key: str) -> BadFile:
    return BadFile(f"The model's '{key}' is missing or not as it must be.", _REMEDY)


def _is_integer(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _text(values: dict[str, Any], key: str) -> str:
    value = values.get(key)
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise _bad(key)
    return value


def _number(values: dict[str, Any], key: str, high: float) -> float | None:
    value = values.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= high or math.isnan(value):
        raise _bad(key)
    return float(value)


def _seed(value: Any) -> int | None:
    if value is not None and not _is_integer(value, 0, 2**63 - 1):
        raise _bad("seed")
    return value  # type: ignore[no-any-return]


def _shape(value: Any) -> tuple[int, int, int]:
    if not isinstance(value, list) or len(value) != 3 or not all(_is_integer(side, 1, MAX_INPUTS) for side in value):
        raise _bad("input_shape")
    if math.prod(value) > MAX_INPUTS:
        raise _bad("input_shape")
    return (value[0], value[1], value[2])


def _class_names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_CLASSES:
        raise _bad("class_names")
    if not all(isinstance(name, str) and len(name) <= 1000 for name in value):
        raise _bad("class_names")
    return tuple(value)


def _versions(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > 100:
        raise _bad("versions")
    if not all(isinstance(text, str) and len(text) <= 1000 for text in value.values()):
        raise _bad("versions")
    return dict(value)
