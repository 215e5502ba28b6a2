"""Model files: a network, and beside it whatever is needed to train on, as safetensors (no pickle).

The header's metadata hold five texts: `format` (always "flipscope"), `version` (of this format), `network`
(JSON: what the model says of itself and its operations in order), `extra` (JSON, written by whoever saved a
training state) and `digests` (JSON: SHA-256 of the network's record and tensors, and of the state's, so that a flipped
bit is found out). Tensors are named `{operation}.{field}`, those of a training state `state/{name}`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from engine.errors import BadFile, BadInput, reason
from engine.files import checked_size, write_atomically
from engine.inference import modelrecord
from engine.inference.network import (
    Affine,
    Conv,
    Dense,
    FloatConv,
    FloatDense,
    FloatNetwork,
    FloatOperation,
    MaxPool,
    Network,
    Operation,
    PackedNetwork,
    Shortcut,
    Sign,
    Threshold,
)

FORMAT = "flipscope"
VERSION = 2
"""The newest that is read; a file is written as the oldest that has what it holds (modelrecord.version)."""
MAX_BYTES = 4 << 30
MAX_HEADER = 1 << 20

Array = NDArray[np.generic]
T = TypeVar("T")
_STATE = "state/"


def to_bytes(
    network: Network, state: Mapping[str, Array] | None = None, extra: Mapping[str, Any] | None = None
) -> bytes:
    """The bytes of a model file.

    Args:
        state: arrays of a training state, by name; they come back from `load_state`.
        extra: what else resuming needs; must survive JSON.
    """
    own = {name: np.ascontiguousarray(array) for name, array in _tensors(network).items()}
    beside = {_STATE + name: np.ascontiguousarray(array) for name, array in (state or {}).items()}
    tensors = own | beside
    texts = {"format": FORMAT, "version": str(modelrecord.version(network))}
    texts["network"] = json.dumps(modelrecord.record(network))
    if state is not None or extra is not None:
        texts["extra"] = json.dumps(dict(extra or {}))
    digests = {"network": _digest(texts["network"], own), "extra": _digest(texts.get("extra", ""), beside)}
    texts["digests"] = json.dumps(digests)
    return bytes(safetensors.numpy.save(tensors, metadata=texts))


def save(
    path: str | os.PathLike[str],
    network: Network,
    state: Mapping[str, Array] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Write a model file atomically. Raises CannotWrite; an older file is then untouched."""
    write_atomically(path, to_bytes(network, state, extra))


def load(source: str | os.PathLike[str] | bytes) -> Network:
    """Read the network of a model file, or of the bytes of one; a training state beside it is not read.

    Raises BadFile for whatever is not a sound model of this or an older version.
    """
    contents = _open(source)
    record = _json(contents.texts, "network")
    operations = modelrecord.operations(record)
    expected = {f"{i}.{field}" for i, operation in enumerate(operations) for field in operation.fields}
    found = {name for name in contents.names if not name.startswith(_STATE)}
    if found != expected:
        odd = ", ".join(sorted(found ^ expected)[:4])
        raise BadFile(f"The model's tensors are not those of its operations: {odd}.", _REMEDY)
    network = _network(record, operations, contents)
    _check_digest(contents, "network", found)
    return network


def load_state(source: str | os.PathLike[str] | bytes) -> tuple[dict[str, Array], dict[str, Any]]:
    """Read the training state of a model file: its arrays and the `extra` record.

    Raises BadFile where there is none.
    """
    contents = _open(source)
    _check_state(contents)
    names = [name for name in contents.names if name.startswith(_STATE)]
    _check_digest(contents, "extra", names)
    state = {name.removeprefix(_STATE): contents.read(name) for name in names}
    for name, array in state.items():
        _check_finite(name, array)
    return state, _json(contents.texts, "extra")


def load_extra(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The `extra` record that a file's header claims, for a list of many: no tensor is read, no digest compared.

    Raises BadFile where there is none.
    """
    contents = _open(path)
    _check_state(contents)
    return _json(contents.texts, "extra")


# ---------------------------------------------------------------- writing


def _tensors(network: Network) -> dict[str, Array]:
    fields = modelrecord.TENSORS
    return {
        f"{i}.{field}": getattr(operation, field)
        for i, operation in enumerate(network.operations)
        for field in fields[type(operation)]
    }


def _digest(text: str, tensors: Mapping[str, Array]) -> str:
    """SHA-256 over a record's text, and the names and bytes of the tensors that go with it, in order of their names."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].tobytes())
    return digest.hexdigest()


# ---------------------------------------------------------------- reading

_REMEDY = "The file is damaged or was written by another program; save or download it again."


@dataclass(frozen=True)
class _Contents:
    """An opened file: the texts of its header, the names of its tensors, and the way to read one."""

    texts: dict[str, str]
    names: list[str]
    read: Callable[[str], Array]


def _open(source: str | os.PathLike[str] | bytes) -> _Contents:
    """Check the header of a file and let the safetensors library check the rest against the real length."""
    if isinstance(source, bytes):
        if not source:
            raise BadFile("The model has no bytes at all.", _REMEDY)
        texts = _header_texts(source[:8], len(source), lambda length: source[8 : 8 + length])
        tensors = _guarded(lambda: safetensors.numpy.load(source))
        return _Contents(texts, list(tensors), tensors.__getitem__)
    path = Path(source)
    size = checked_size(path, "a model", MAX_BYTES)
    try:
        with path.open("rb") as file:
            texts = _header_texts(file.read(8), size, file.read)
    except OSError as error:
        raise BadFile(f"'{path}' cannot be read: {reason(error)}.", "Check your permissions.") from error
    opened: Any = _guarded(lambda: safetensors.safe_open(str(path), framework="numpy"))
    return _Contents(texts, list(opened.keys()), lambda name: _guarded(lambda: opened.get_tensor(name)))


def _header_texts(prefix: bytes, size: int, read: Callable[[int], bytes]) -> dict[str, str]:
    """The metadata texts of a safetensors header, checked before anything is allocated for what it claims."""
    length = int.from_bytes(prefix, "little")
    if len(prefix) < 8 or length > size - 8:
        raise BadFile("This is not a model file, or it was cut short.", _REMEDY)
    if length > MAX_HEADER:
        raise BadFile(f"The file's header claims {length:,} bytes; at most {MAX_HEADER:,} are read.", _REMEDY)
    try:
        header = json.loads(read(length))
    except (ValueError, RecursionError):
        raise BadFile("This is not a model file: its header cannot be read.", _REMEDY) from None
    texts = header.get("__metadata__") if isinstance(header, dict) else None
    if not isinstance(texts, dict) or texts.get("format") != FORMAT:
        raise BadFile("This is a safetensors file of another program, not a Flipscope model.", "Choose another file.")
    _check_version(str(texts.get("version")))
    return {key: value for key, value in texts.items() if isinstance(value, str)}


def _check_version(text: str) -> None:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) >= 1):
        raise BadFile("The model does not say which version of the format it has.", _REMEDY)
    if int(text) > VERSION:
        raise BadFile(
            f"The model has format version {text}; this Flipscope reads versions up to {VERSION}.",
            "Update Flipscope, or save the model with an older one.",
        )


def _check_state(contents: _Contents) -> None:
    if "extra" not in contents.texts:
        raise BadFile(
            "This model file holds no training state.",
            "It can be run but not resumed; choose a file from a run folder.",
        )


def _guarded(read: Callable[[], T]) -> T:
    """Call into the safetensors library, turning what it says of a bad file into BadFile."""
    try:
        return read()
    except Exception as error:  # it raises many kinds on damaged data
        raise BadFile(f"The model file cannot be read: {reason(error)}.", _REMEDY) from error


def _json(texts: dict[str, str], key: str) -> dict[str, Any]:
    try:
        value = json.loads(texts.get(key, ""))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise BadFile(f"The model's '{key}' record cannot be read.", _REMEDY)
    return value


def _check_digest(contents: _Contents, part: str, names: Iterable[str]) -> None:
    tensors = {name: contents.read(name) for name in names}
    if _json(contents.texts, "digests").get(part) != _digest(contents.texts.get(part, ""), tensors):
        raise BadFile("The model's contents are not those that were saved: bits of it have changed.", _REMEDY)


def _network(record: dict[str, Any], entries: list[modelrecord.Entry], contents: _Contents) -> Network:
    metadata = modelrecord.metadata(record)
    try:
        if record.get("form") == "float":
            return FloatNetwork(metadata, tuple(_float_layer(i, entry, contents) for i, entry in enumerate(entries)))
        operations = tuple(_operation(i, entry, contents) for i, entry in enumerate(entries))
        return PackedNetwork(metadata, operations, modelrecord.source(record))
    except BadInput as error:
        raise BadFile(f"The model does not hold together: {error.what}", _REMEDY) from error


def _operation(index: int, entry: modelrecord.Entry, contents: _Contents) -> Operation:
    def take(field: str, dtype: type, dimensions: int = 1) -> Any:
        return _array(contents, f"{index}.{field}", dtype, dimensions)

    match entry.kind:
        case "dense":
            return Dense(take("weights", np.uint64, 2), entry.inputs)
        case "conv":
            return Conv(take("weights", np.uint64, 4), entry.channels, entry.stride, entry.padding)
        case "max-pool":
            return entry.pool or MaxPool()
        case "threshold":
            return Threshold(take("threshold", np.int32), take("at_least", np.bool_))
        case "sign":
            return Sign()
        case _:
            affine = Shortcut if entry.kind == "shortcut" else Affine
            return affine(take("scale", np.float32), take("shift", np.float32))


def _float_layer(index: int, entry: modelrecord.Entry, contents: _Contents) -> FloatOperation:
    def take(field: str, dimensions: int = 1) -> Any:
        return _array(contents, f"{index}.{field}", np.float32, dimensions)

    if entry.kind == "float-dense":
        return FloatDense(take("weight", 2), take("bias"), entry.relu, entry.shortcut)
    shape = (entry.stride, entry.padding, entry.pool, entry.shortcut)
    return FloatConv(take("weight", 4), take("scale"), take("bias"), entry.relu, *shape)


def _array(contents: _Contents, name: str, dtype: type, dimensions: int) -> Any:
    array = contents.read(name)
    if array.dtype != dtype or array.ndim != dimensions or 0 in array.shape:
        raise BadFile(f"Tensor '{name}' is {array.dtype} {array.shape}; {np.dtype(dtype)} was expected.", _REMEDY)
    _check_finite(name, array)
    return array


def _check_finite(name: str, array: Array) -> None:
    if np.issubdtype(array.dtype, np.floating) and not np.all(np.isfinite(array)):
        raise BadFile(f"Tensor '{name}' holds values that are not finite numbers.", _REMEDY)
