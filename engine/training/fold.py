"""From trained arrays to the deployed network: batch-norm and sign become one exact integer threshold each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
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
    Threshold,
)
from engine.training.layers import EPSILON, common_scale
from engine.training.models import ConvLayer, LayerPlan, depth, layer_name, plans
from engine.training.steppers import Arrays

Float64 = NDArray[np.float64]

NEVER = np.iinfo(np.int32).max
ALWAYS = np.iinfo(np.int32).min


@dataclass(frozen=True)
class BatchNorm:
    """Batch-norm with its statistics, float64 [outputs] each, finite and within float32's range."""

    mean: Float64
    var: Float64
    gamma: Float64
    beta: Float64

    def __call__(self, sums: Float64) -> Float64:
        """The rule that thresholds are folded from, in the operation order of layers.normalise.

        Every operation is correctly rounded, hence monotone, and so is the whole in each sum.
        """
        result: Float64 = (sums - self.mean) / np.sqrt(self.var + EPSILON) * self.gamma + self.beta
        return result

    @property
    def scale(self) -> Float64:
        """What one unit of a sum is worth in the output."""
        factor: Float64 = self.gamma / np.sqrt(self.var + EPSILON)
        return factor

    @property
    def shift(self) -> Float64:
        """The output at sum 0, up to rounding."""
        offset: Float64 = self.beta - self.mean * self.scale
        return offset


def thresholds(norm: BatchNorm, low: int, high: int) -> Threshold:
    """The integer comparison that equals `norm(s) >= 0` at every whole sum s from low to high.

    Found by bisection on the rule itself in float64, for all outputs at once, so that no algebra has to be trusted.
    """
    rising = norm.gamma >= 0
    first = np.full(norm.gamma.shape, low, np.int64)  # the smallest sum on the far side of the change lies in
    last = np.full(norm.gamma.shape, high + 1, np.int64)  # first..last, where high + 1 says that there is none
    while np.any(first < last):
        middle = (first + last) // 2
        beyond = (norm(middle.astype(np.float64)) >= 0) == rising
        last = np.where(beyond, middle, last)
        first = np.where(beyond, first, np.minimum(middle + 1, last))
    threshold = np.where(rising, first, first - 1)
    constant = norm.gamma == 0
    threshold = np.where(constant, np.where(norm.beta >= 0, ALWAYS, NEVER), threshold)
    return Threshold(threshold.astype(np.int32), rising)


def fold(arrays: Arrays, config: RunConfig, metadata: Metadata) -> Network:
    """The network to deploy: packed bits and thresholds, or for the float twin float layers with batch-norm folded.

    Raises BadInput where an array holds what is not a finite float32 number, naming layer and array.
    """
    check_finite(arrays)
    layers = plans(config, arrays)
    return _fold_binary(arrays, layers, metadata) if config.kind == "binary" else _fold_float(arrays, layers, metadata)


def check_finite(arrays: Arrays) -> None:
    """Raise BadInput naming the first array that is not finite in float32, or a variance below 0."""
    layers = depth(arrays)
    for index in range(layers):
        for name in ("latent", "gamma", "beta", "mean", "var", "bias"):
            array = arrays.get(f"layer{index}.{name}")
            if array is None:
                continue
            bad = not np.all(np.abs(array) <= np.finfo(np.float32).max)  # false for not-a-number as well
            if bad or (name == "var" and np.any(array < 0)):
                raise BadInput(
                    f"'{name}' of layer '{layer_name(index, layers)}' is no longer made of ordinary numbers.",
                    "Lower the learning rate and start again from an earlier checkpoint.",
                )


def _fold_binary(arrays: Arrays, layers: tuple[LayerPlan, ...], metadata: Metadata) -> PackedNetwork:
    operations: list[Operation] = []
    for index, layer in enumerate(layers):
        product = _product(arrays[f"layer{index}.latent"], layer)
        operations.append(product)
        if isinstance(layer, ConvLayer) and layer.pool is not None:
            operations.append(layer.pool)
        following = layers[index + 1 : index + 2]
        if not following:
            operations.append(_affine(arrays, index))
        elif layer.shortcut or following[0].shortcut:
            operations += [_affine(arrays, index, Shortcut if layer.shortcut else Affine), Sign()]
        else:
            reach = product.inputs * (255 if index == 0 else 1)
            operations.append(thresholds(batch_norm(arrays, index), -reach, reach))
    return PackedNetwork(metadata, tuple(operations))


def _product(latent: NDArray[np.float32], layer: LayerPlan) -> Product:
    positive = latent >= 0
    if not isinstance(layer, ConvLayer):
        return Dense(bits.pack(positive), latent.shape[1])
    kernels = positive.reshape(len(latent), layer.kernel, layer.kernel, -1)
    return Conv(bits.pack(kernels), kernels.shape[3], layer.stride, layer.padding)


def _fold_float(arrays: Arrays, layers: tuple[LayerPlan, ...], metadata: Metadata) -> FloatNetwork:
    operations: list[FloatOperation] = []
    for index, layer in enumerate(layers):
        latent, (scale, shift) = arrays[f"layer{index}.latent"], _scale_and_shift(arrays, index)
        factors, offsets = scale.astype(np.float32), shift.astype(np.float32)
        relu = index < len(layers) - 1
        if isinstance(layer, ConvLayer):
            kernels = latent.reshape(len(latent), layer.kernel, layer.kernel, -1).astype(np.float32)
            sides = (layer.stride, layer.padding, layer.pool)
            operations.append(FloatConv(kernels, factors, offsets, relu, *sides, layer.shortcut))
        else:
            weight = latent.astype(np.float64) * scale[:, np.newaxis]
            operations.append(FloatDense(weight.astype(np.float32), offsets, relu, layer.shortcut))
    return FloatNetwork(metadata, tuple(operations))


def batch_norm(arrays: Arrays, index: int) -> BatchNorm:
    """Batch-norm of layer `index`, in float64."""
    mean, var, gamma, beta = (
        arrays[f"layer{index}.{name}"].astype(np.float64) for name in ("mean", "var", "gamma", "beta")
    )
    return BatchNorm(mean, var, gamma, beta)


def _scale_and_shift(arrays: Arrays, index: int) -> tuple[Float64, Float64]:
    """Scale and shift [outputs] that turn a layer's sums into its outputs."""
    bias = arrays.get(f"layer{index}.bias")
    if bias is not None:
        inputs = arrays[f"layer{index}.latent"].shape[1]
        return np.full(bias.shape, common_scale(inputs)), bias.astype(np.float64)
    norm = batch_norm(arrays, index)
    return norm.scale, norm.shift


def _affine(arrays: Arrays, index: int, kind: type[Affine] = Affine) -> Affine:
    scale, shift = _scale_and_shift(arrays, index)
    most = float(np.finfo(np.float32).max)
    if np.any(np.abs(scale) > most) or np.any(np.abs(shift) > most):
        name = layer_name(index, depth(arrays))
        raise BadInput(f"The batch-norm of layer '{name}' is too large for float32.", "Lower the learning rate.")
    return kind(scale.astype(np.float32), shift.astype(np.float32))
