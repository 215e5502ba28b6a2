"""From trained arrays to the deployed network: batch-norm and sign become one exact integer threshold each."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from engine import bits
from engine.config import RunConfig
from engine.errors import BadInput
from engine.inference.network import (
    Affine,
    Conv,
    Dense,
    FloatConv,
    FloatDense,
    FloatNetwork,
    FloatOperation,
    Metadata,
    Network,
    Operation,
    PackedNetwork,
    Product,
    Shortcut,
    Sign,
)
from engine.inference.thresholds import BatchNorm, Float64, thresholds
from engine.training import norms, quantize
from engine.training.layers import common_scale
from engine.training.models import depth, layer_name, plans
from engine.training.plan import ConvLayer, LayerPlan
from engine.training.steppers import Arrays

TINY = float(np.finfo(np.float32).tiny)
"""The smallest normal number: of a smaller 1/sigma there is no power of two to shift by."""


def fold(arrays: Arrays, config: RunConfig, metadata: Metadata) -> Network:
    """The network to deploy: packed bits and thresholds, or where activations are floats float layers with batch-norm.

    Raises BadInput where an array holds what is not a finite float32 number, naming layer and array.
    """
    check_finite(arrays)
    layers = plans(config, arrays)
    return (
        _fold_binary(arrays, layers, config, metadata)
        if config.binary_activations
        else _fold_float(arrays, layers, config, metadata)
    )


def check_finite(arrays: Arrays) -> None:
    """Raise BadInput naming the first array that is not finite in float32, or a spread that cannot be one."""
    layers = depth(arrays)
    for index in range(layers):
        for name in ("latent", "gamma", "beta", "mean", "var", "inverse_std", "bias", "threshold"):
            array = arrays.get(f"layer{index}.{name}")
            if array is None:
                continue
            bad = not np.all(np.abs(array) <= np.finfo(np.float32).max)  # false for not-a-number as well
            if bad or (name == "var" and np.any(array < 0)) or (name == "inverse_std" and np.any(array < TINY)):
                raise BadInput(
                    f"'{name}' of layer '{layer_name(index, layers)}' is no longer made of ordinary numbers.",
                    "Lower the learning rate and start again from an earlier checkpoint.",
                )


def _fold_binary(arrays: Arrays, layers: tuple[LayerPlan, ...], config: RunConfig, metadata: Metadata) -> PackedNetwork:
    operations: list[Operation] = []
    for index, layer in enumerate(layers):
        product = _product(arrays[f"layer{index}.latent"], layer)
        operations.append(product)
        if isinstance(layer, ConvLayer) and layer.pool is not None:
            operations.append(layer.pool)
        following = layers[index + 1 : index + 2]
        if not following:
            operations.append(_affine(arrays, index, config))
        elif layer.shortcut or following[0].shortcut:
            operations += [_affine(arrays, index, config, Shortcut if layer.shortcut else Affine), Sign()]
        else:
            reach = product.inputs * (255 if index == 0 and config.inputs == "pixels" else 1)
            operations.append(thresholds(batch_norm(arrays, index, config), -reach, reach))
    return PackedNetwork(metadata, tuple(operations), "u8" if config.inputs == "pixels" else "bits")


def _product(latent: NDArray[np.float32], layer: LayerPlan) -> Product:
    positive = latent >= 0
    if not isinstance(layer, ConvLayer):
        return Dense(bits.pack(positive), latent.shape[1])
    kernels = positive.reshape(len(latent), layer.kernel, layer.kernel, -1)
    return Conv(bits.pack(kernels), kernels.shape[3], layer.stride, layer.padding)


def _fold_float(arrays: Arrays, layers: tuple[LayerPlan, ...], config: RunConfig, metadata: Metadata) -> FloatNetwork:
    operations: list[FloatOperation] = []
    for index, layer in enumerate(layers):
        latent, (scale, shift) = arrays[f"layer{index}.latent"], _scale_and_shift(arrays, index, config)
        weights = np.where(latent >= 0, 1.0, -1.0) if config.binary_weights else latent.astype(np.float64)
        factors, offsets = scale.astype(np.float32), shift.astype(np.float32)
        relu = index < len(layers) - 1
        if isinstance(layer, ConvLayer):
            kernels = weights.reshape(len(latent), layer.kernel, layer.kernel, -1).astype(np.float32)
            sides = (layer.stride, layer.padding, layer.pool)
            operations.append(FloatConv(kernels, factors, offsets, relu, *sides, layer.shortcut))
        else:
            weight = weights * scale[:, np.newaxis]
            operations.append(FloatDense(weight.astype(np.float32), offsets, relu, layer.shortcut))
    return FloatNetwork(metadata, tuple(operations))


def batch_norm(arrays: Arrays, index: int, config: RunConfig) -> BatchNorm:
    """What a layer's sums become before their sign, in float64, by the very functions that training uses."""
    norm = norms.norm(config)
    mean, kept, gamma, beta = (
        torch.from_numpy(arrays[f"layer{index}.{name}"]).double() for name in ("mean", norm.statistic, "gamma", "beta")
    )
    alpha = torch.ones((), dtype=torch.float64)
    if config.scaling == "xnor-net":
        alpha = quantize.mean_magnitude(torch.from_numpy(arrays[f"layer{index}.latent"]).double())
    return BatchNorm(
        mean=mean.numpy(),
        divisor=norm.divisor(kept).numpy(),
        factor=norm.factor(gamma).numpy(),
        beta=beta.numpy(),
        alpha=alpha.numpy(),
        threshold=_threshold(arrays, index),
    )


def _threshold(arrays: Arrays, index: int) -> Float64:
    """Where the sign of a layer's outputs changes."""
    return arrays.get(f"layer{index}.threshold", np.zeros(())).astype(np.float64)


def _scale_and_shift(arrays: Arrays, index: int, config: RunConfig) -> tuple[Float64, Float64]:
    """Scale and shift [outputs] that turn a layer's sums into its outputs."""
    bias = arrays.get(f"layer{index}.bias")
    if bias is not None:
        inputs = arrays[f"layer{index}.latent"].shape[1]
        return np.full(bias.shape, common_scale(inputs)), bias.astype(np.float64)
    norm = batch_norm(arrays, index, config)
    return norm.scale, norm.shift


def _affine(arrays: Arrays, index: int, config: RunConfig, kind: type[Affine] = Affine) -> Affine:
    """Scores, or the value that a Sign follows: less the threshold, which a Shortcut takes back and sets anew."""
    scale, shift = _scale_and_shift(arrays, index, config)
    shift = shift - _threshold(arrays, index)
    if kind is Shortcut:
        shift = shift + _threshold(arrays, index - 1)
    most = float(np.finfo(np.float32).max)
    if np.any(np.abs(scale) > most) or np.any(np.abs(shift) > most):
        name = layer_name(index, depth(arrays))
        raise BadInput(f"The batch-norm of layer '{name}' is too large for float32.", "Lower the learning rate.")
    return kind(scale.astype(np.float32), shift.astype(np.float32))
