"""A reader of exported arrays that knows what docs/export.md says and nothing else: plain numpy, a place at a time."""

import json

import numpy as np


def scores(about, memory, fires, images):
    """Scores float32 [N, classes] of images u8. Sums are float64 here, in which they are as exact and come sooner.

    about: the description. memory(layer, kind): its array; "weights" are +-1 [outputs, terms].
    fires(layer, sums): which outputs are +1.
    """
    values = images.astype(np.float64) if about["input"] == "pixels" else np.where(images >= 128, 1.0, -1.0)
    beyond, value = (0 if about["input"] == "pixels" else -1), None
    for layer in about["layers"]:
        sums = _sums(layer, values, memory(layer, "weights"), beyond)
        assert list(sums.shape[1:]) == layer["gives"]
        if layer["makes"] == "signs":
            positive = fires(layer, sums)
        else:
            with np.errstate(over="ignore", invalid="ignore"):
                own = sums.astype(np.float32) * memory(layer, "scale") + memory(layer, "shift")
                value = value + own if layer["adds"] else own
                positive = value >= 0
        values, beyond = np.where(positive, 1.0, -1.0), -1
    return value


def _sums(layer, values, weights, beyond):
    if layer["kind"] == "dense":
        return values.reshape(len(values), -1) @ weights.T
    kernel, stride, padding = layer["kernel"], layer["stride"], layer["padding"]
    around = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(values, around, constant_values=beyond), (kernel, kernel), axis=(1, 2)
    )[:, ::stride, ::stride]  # [N, H', W', C, row, column]
    seen = windows.transpose(0, 1, 2, 4, 5, 3)
    sums = seen.reshape(*seen.shape[:3], -1) @ weights.T
    if layer["pool"]:
        size, step = layer["pool"]
        pooled = np.lib.stride_tricks.sliding_window_view(sums, (size, size), axis=(1, 2))[:, ::step, ::step]
        sums = pooled.max(axis=(-1, -2))
    return sums


def npz(path):
    """The description, memory and rule of an .npz file."""
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)

    def memory(layer, kind):
        array = arrays[f"{layer['name']}_{kind}"]
        return array.reshape(len(array), -1) if kind == "weights" else array

    def fires(layer, sums):
        return (sums >= memory(layer, "threshold")) == memory(layer, "rising")

    return json.loads(str(arrays["network"])), memory, fires


def memories(folder):
    """The description, memory and rule of a folder of memory files."""
    about = json.loads((folder / "manifest.json").read_text())

    def words(layer, kind):
        entry = layer["memories"][kind]
        lines = (folder / entry["file"]).read_text().split()
        assert len(lines) == entry["words"] == layer["outputs"]
        numbers = [int(line, 16) for line in lines]
        assert max(numbers) < 1 << entry["bits"]
        assert {len(line) for line in lines} == {-(-entry["bits"] // 4)}
        return numbers, entry["bits"]

    def memory(layer, kind):
        numbers, bits = words(layer, kind)
        if kind == "weights":
            return np.array([[1 if number >> term & 1 else -1 for term in range(bits)] for number in numbers])
        if kind in ("scale", "shift"):
            return np.array(numbers, np.uint32).view(np.float32)
        signed = kind == "threshold" and layer["compares"] == "sums"
        return np.array([number - (1 << bits) if signed and number >> (bits - 1) else number for number in numbers])

    def fires(layer, sums):
        compared = sums if layer["compares"] == "sums" else (sums + layer["terms"]) / 2
        return (compared >= memory(layer, "threshold")) == memory(layer, "rising")

    return about, memory, fires
