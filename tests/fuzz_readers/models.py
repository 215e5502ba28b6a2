"""Model files and checkpoints: sound ones whose record, tensors, header or bytes are bent, digests set right again."""

from __future__ import annotations

import functools
import hashlib
import json

import numpy as np
import safetensors.numpy

from engine.checkpoint import Checkpoint, Standing
from engine.config import RunConfig
from engine.inference import modelfile
from tests.inference import builders

_KINDS = {
    "uint64": "U64", "int64": "I64", "uint32": "U32", "int32": "I32", "uint8": "U8", "int8": "I8", "bool": "BOOL",
    "float64": "F64", "float32": "F32", "float16": "F16",
}  # fmt: skip


def make_model(draw, folder):
    return _made(draw, folder / "m.safetensors", _network(draw))


def make_checkpoint(draw, folder):
    network = _network(draw)
    state = {f"{i}.latents": draw.rng.standard_normal((3, 4)).astype(np.float32) for i in range(2)}
    config = RunConfig().to_json()
    extra = {"config": config, "step": 7, "epoch": 1, "position": 3, "seconds": 1.5, "run": "r"}
    return _made(draw, folder / "m.safetensors", network, state, extra)


@functools.cache
def sound_checkpoint():
    """The bytes of a small one."""
    network = builders.packed(np.random.default_rng(0))
    extra = {"config": RunConfig().to_json(), "step": 8, "epoch": 1, "position": 3, "seconds": 1.5, "run": "r"}
    return modelfile.to_bytes(network, {"0.latents": np.ones((3, 4), np.float32)}, extra)


def read_model(path):
    network = modelfile.load(path)
    assert modelfile.load(path.read_bytes()).metadata == network.metadata
    assert network.weight_count >= 0


def read_checkpoint(path):
    Checkpoint.load(path)
    Standing.of(path)


def _network(draw):
    makers = (
        builders.packed, builders.convolutional, builders.residual, builders.floating, builders.floating_convolutional,
    )  # fmt: skip
    return draw.choice(makers)(draw.rng)


def _made(draw, path, network, state=None, extra=None):
    whole = modelfile.to_bytes(network, state, extra)
    length = int.from_bytes(whole[:8], "little")
    texts = json.loads(whole[8 : 8 + length])["__metadata__"]
    tensors = dict(safetensors.numpy.load(whole))
    for _ in range(draw.choice([0, 0, 1, 2])):
        _bend_tensor(draw, tensors)
    for part, prefixed in (("network", False), ("extra", True)):
        if part in texts:
            texts[part] = json.dumps(draw.bent(json.loads(texts[part])))
        digests = json.loads(texts["digests"])
        beside = {name: array for name, array in tensors.items() if name.startswith("state/") == prefixed}
        texts["digests"] = json.dumps(digests | {part: _digest(texts.get(part, ""), beside)})
    path.write_bytes(draw.torn(_safetensors(draw, texts, tensors)) if draw.chance(0.4) else _written(texts, tensors))
    return path


def _bend_tensor(draw, tensors):
    name = draw.choice(sorted(tensors))
    array = tensors[name]
    match draw.integer(0, 5):
        case 0:
            del tensors[name]
        case 1:
            with np.errstate(all="ignore"):
                tensors[name] = array.astype(draw.choice(list(_KINDS)))
        case 2:
            tensors[name] = array.reshape(draw.choice([(-1,), (1, -1), (-1, 1), (1, 1, -1, 1)]))
        case 3:
            tensors[name] = array[:0]
        case 4:
            extreme = draw.choice([np.nan, np.inf]) if array.dtype.kind == "f" else -1
            tensors[name] = np.full_like(array, extreme) if array.dtype.kind in "fi" else ~array
        case _:
            tensors[draw.choice(["0.unknown", "state/x", "", "\0", f"{name} "])] = array


def _digest(text, tensors):
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].tobytes())
    return digest.hexdigest()


def _written(texts, tensors):
    sound = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    return safetensors.numpy.save(sound, metadata=texts)


def _safetensors(draw, texts, tensors):
    """The same by hand, its header bent too."""
    header, data = {"__metadata__": texts}, b""
    for name, array in tensors.items():
        content = array.tobytes()
        shape, ends = list(array.shape), [len(data), len(data) + len(content)]
        header[name] = {"dtype": _KINDS[array.dtype.name], "shape": shape, "data_offsets": ends}
        data += content
    text = json.dumps(draw.bent(header)).encode()
    length = len(text) if draw.chance(0.8) else draw.choice([0, 1, len(text) + 1, 2**20, 2**40, 2**63])
    return length.to_bytes(8, "little") + text + data
