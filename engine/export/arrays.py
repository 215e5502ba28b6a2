"""A network as plain numpy arrays in one .npz file."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.export.layers import Layer, description, layers
from engine.inference.network import PackedNetwork

ABOUT = "network"
"""The array of one text: the description in JSON."""
_QUICK = 1
"""Deflate's quickest level: signs in bytes shrink to little more than bits at any."""


def pieces(network: PackedNetwork) -> Iterator[bytes]:
    """An .npz file; empty pieces while it is made, so that others can go first, then the whole.

    Arrays are named "layer1_weights" and so on, layers from 1:
        weights: int8 +-1 [outputs, terms]; of a convolution [outputs, kernel, kernel, channels].
        threshold: int32 [outputs], rising: bool [outputs]; +1 iff (sum >= threshold) == rising. Add up in int32:
            numpy would multiply uint8 pixels by int8 signs in 16 bits, which wrap round.
        scale, shift: float32 [outputs], in place of thresholds: float32(sum) * scale + shift.
        network: the description of the whole (engine.export.layers), a text in JSON.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=_QUICK) as archive:
        _add(archive, ABOUT, np.array(json.dumps(description(network))))
        for layer in layers(network):
            for kind, array in _arrays(layer).items():
                _add(archive, f"{layer.name}_{kind}", array)
                yield b""
    yield made.getvalue()


def _arrays(layer: Layer) -> dict[str, NDArray[Any]]:
    conv = layer.conv
    window = (conv.kernel, conv.kernel, conv.channels) if conv else (layer.terms,)
    made: dict[str, NDArray[Any]] = {"weights": np.where(layer.signs(), 1, -1).astype(np.int8)}
    made["weights"] = made["weights"].reshape(layer.outputs, *window)
    threshold = layer.threshold()
    if threshold is not None:
        made |= {"threshold": threshold, "rising": layer.rising}
    return made | layer.floats()


def _add(archive: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    encoded = io.BytesIO()
    np.lib.format.write_array(encoded, array, allow_pickle=False)
    archive.writestr(f"{name}.npy", encoded.getbuffer())
