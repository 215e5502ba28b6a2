"""Convolution in torch on maps [B, H, W, C], with exact sums and a backward pass in the products' own precision."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from torch import Tensor

from engine.inference.operations import MaxPool
from engine.training.plan import ConvLayer


def convolve(maps: Tensor, weights: Tensor, layer: ConvLayer, beyond: float) -> Tensor:
    """Sums [B, H', W', outputs] of maps [B, H, W, C] and weights [outputs, kernel * kernel * C].

    beyond: the value of the padding: -1 among signs, 0 among pixels and floats. Sums of whole numbers are exact, as
    those of a matrix product are.
    """
    sums: Tensor = _Convolution.apply(maps, weights, layer, beyond)
    return sums


def max_pool(maps: Tensor, pool: MaxPool) -> Tensor:
    """The largest value of every window, [B, H', W', C]; the gradient goes to the first of equals."""
    return F.max_pool2d(maps.permute(0, 3, 1, 2), pool.size, pool.stride).permute(0, 2, 3, 1)


class _Convolution(torch.autograd.Function):
    """Channels lie innermost throughout: the layout in which oneDNN needs no copies, and latents are canonical.

    Backward takes bfloat16 factors where the matrix products of this process do (devices.set_up_torch): with padding
    that is not 0, the gradients of maps and weights are two convolutions, one of them without padding.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor, weights: Tensor, layer: ConvLayer, beyond: float) -> Tensor:
        ctx.save_for_backward(maps, weights)
        ctx.layer, ctx.beyond = layer, beyond
        sums = F.conv2d(_padded(maps, layer, beyond), _kernels(weights, layer), stride=layer.stride)
        return sums.permute(0, 2, 3, 1).contiguous()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        layer: ConvLayer = ctx.layer
        dtype = _factors(gradients[0])
        maps, weights = (tensor.to(dtype) for tensor in ctx.saved_tensors)
        kernels, slopes = _kernels(weights, layer), gradients[0].to(dtype).permute(0, 3, 1, 2)
        of_maps = of_weights = None
        if ctx.needs_input_grad[0]:
            found = _backward(slopes, maps.permute(0, 3, 1, 2), kernels, layer, layer.padding, (True, False, False))[0]
            of_maps = found.permute(0, 2, 3, 1).to(gradients[0].dtype)
        if ctx.needs_input_grad[1]:
            padded = _padded(maps, layer, ctx.beyond)
            found = _backward(slopes, padded, kernels, layer, 0, (False, True, False))[1]
            of_weights = found.permute(0, 2, 3, 1).reshape(weights.shape).to(gradients[0].dtype)
        return of_maps, of_weights, None, None


def _padded(maps: Tensor, layer: ConvLayer, beyond: float) -> Tensor:
    """Maps [B, H, W, C] with padding, seen as [B, C, H, W]."""
    sides = (layer.padding,) * 4
    return F.pad(maps, (0, 0, *sides), value=beyond).permute(0, 3, 1, 2)


def _kernels(weights: Tensor, layer: ConvLayer) -> Tensor:
    """Weights [outputs, kernel * kernel * C] seen as [outputs, C, kernel, kernel]."""
    return weights.view(len(weights), layer.kernel, layer.kernel, -1).permute(0, 3, 1, 2)


def _backward(
    slopes: Tensor, maps: Tensor, kernels: Tensor, layer: ConvLayer, padding: int, wanted: tuple[bool, bool, bool]
) -> tuple[Tensor, Tensor, Tensor]:
    """torch's own gradients of a convolution with respect to maps, kernels and bias, those that are wanted."""
    strides, margins = [layer.stride] * 2, [padding] * 2
    found: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.convolution_backward(
        slopes, maps, kernels, None, strides, margins, [1, 1], False, [0, 0], 1, list(wanted)
    )
    return found


def _factors(slopes: Tensor) -> torch.dtype:
    """What gradients are multiplied as: bfloat16 where this process allows it and the processor has units for it.

    A card takes its own shorter factors by itself.
    """
    allowed = slopes.is_cpu and slopes.dtype == torch.float32 and torch.get_float32_matmul_precision() == "medium"
    return torch.bfloat16 if allowed and torch.cpu._is_avx512_bf16_supported() else slopes.dtype
