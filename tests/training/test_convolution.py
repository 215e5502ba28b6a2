"""Convolution in torch: sums against plain ones, gradients against autograd of the plain operations in float64."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it

from engine.inference.operations import MaxPool
from engine.training.convolution import convolve, max_pool
from engine.training.models import ConvLayer

SHAPES = [
    pytest.param(ConvLayer(32, kernel=5, stride=2), 1, id="5x5/2"),
    pytest.param(ConvLayer(64), 32, id="3x3"),
    pytest.param(ConvLayer(33, stride=2), 65, id="3x3/2"),
    pytest.param(ConvLayer(7, kernel=1), 3, id="1x1"),
]


@pytest.fixture(params=["highest", "medium"])
def precision(request):
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(request.param)
    yield request.param
    torch.set_float32_matmul_precision(before)


def signs(stream, *shape):
    return torch.tensor(stream.choice([-1.0, 1.0], shape), dtype=torch.float32)


def plain(maps, weights, layer, beyond):
    """The same by padding and torch's own convolution, channels first."""
    padded = F.pad(maps, (0, 0, *(layer.padding,) * 4), value=beyond).permute(0, 3, 1, 2)
    kernels = weights.reshape(len(weights), layer.kernel, layer.kernel, -1).permute(0, 3, 1, 2)
    return F.conv2d(padded.contiguous(), kernels.contiguous(), stride=layer.stride).permute(0, 2, 3, 1)


@pytest.mark.usefixtures("precision")
@pytest.mark.parametrize(("layer", "channels"), SHAPES)
@pytest.mark.parametrize("source", ["signs", "pixels"])
def test_sums_are_exact(layer, channels, source):
    stream = np.random.default_rng(channels)
    shape, beyond = (9, 11, 10, channels), -1.0 if source == "signs" else 0.0
    maps = signs(stream, *shape)
    if source == "pixels":
        maps = torch.tensor(stream.choice([0, 1, 127, 253, 254, 255], shape), dtype=torch.float32)
    weights = signs(stream, layer.outputs, layer.inputs(shape))
    sums = convolve(maps, weights, layer, beyond)
    assert sums.shape[1:] == layer.gives(shape[1:])
    assert torch.equal(sums.double(), plain(maps.double(), weights.double(), layer, beyond))


@pytest.mark.parametrize(("layer", "channels"), SHAPES)
def test_gradients_equal_autograd_in_float64(precision, layer, channels):
    stream = np.random.default_rng(channels)
    shape = (5, 8, 9, channels)
    maps, weights = signs(stream, *shape), signs(stream, layer.outputs, layer.inputs(shape))
    slopes = torch.tensor(stream.normal(size=(5, *layer.gives(shape[1:]))), dtype=torch.float32)
    found = gradients(convolve, maps, weights, layer, slopes)
    expected = gradients(plain, maps.double(), weights.double(), layer, slopes.double())
    for ours, theirs in zip(found, expected, strict=True):
        error = (ours.double() - theirs).norm() / theirs.norm()
        assert error < (1e-6 if precision == "highest" else 5e-3)


def gradients(function, maps, weights, layer, slopes):
    leaves = [maps.clone().requires_grad_(), weights.clone().requires_grad_()]
    return torch.autograd.grad(function(*leaves, layer, -1.0), leaves, slopes)


def test_pixels_take_no_gradient():
    layer = ConvLayer(3)
    weights = torch.ones(3, 18, requires_grad=True)
    convolve(torch.ones(2, 4, 4, 2), weights, layer, 0.0).sum().backward()
    assert weights.grad.shape == (3, 18)


@pytest.mark.parametrize("pool", [MaxPool(), MaxPool(2, 1), MaxPool(3, 2)])
def test_pooling_takes_the_largest_and_its_gradient_goes_to_the_first_of_equals(pool):
    maps = torch.tensor(np.random.default_rng(0).integers(-3, 4, (2, 7, 6, 5)), dtype=torch.float32).requires_grad_()
    pooled = max_pool(maps, pool)
    assert pooled.shape[1:] == pool.gives((7, 6, 5))
    windows = maps.detach().unfold(1, pool.size, pool.stride).unfold(2, pool.size, pool.stride)
    assert torch.equal(pooled, windows.amax((-1, -2)))
    (found,) = torch.autograd.grad(pooled.sum(), maps)
    assert found.sum() == pooled.numel()
