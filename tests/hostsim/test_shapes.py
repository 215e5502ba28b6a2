"""Kernels of any shape: whatever hypothesis draws is held against plain arithmetic, in whatever order."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gpu import checks
from gpu.checks.sizes import SMALL
from gpu.source import CONVS, FEW, GEMMS, PACK, PIXELS, PLANES, TENSOR_CONVS, TENSOR_PIXELS
from tests.hostsim.device import SimulatedDevice

ORDER = st.integers(0, 99)
PRODUCT = st.tuples(st.integers(1, 140), st.integers(1, 140), st.integers(1, 1100))
FEW_ROWS = st.tuples(st.integers(1, 12), st.integers(1, 70), st.integers(1, 2200))


@st.composite
def convolution(draw):
    """images, height, width, channels, outputs, kernel, stride, padding"""
    kernel = draw(st.sampled_from([1, 3, 5]))
    padding = draw(st.integers(0, kernel // 2))
    height, width = (draw(st.integers(max(1, kernel - 2 * padding), 9)) for _ in range(2))
    images, channels, outputs = draw(st.integers(1, 3)), draw(st.integers(1, 140)), draw(st.integers(1, 140))
    return images, height, width, channels, outputs, kernel, draw(st.integers(1, 2)), padding


def one_of(*modules):
    """Any kernel of them, of any variant."""
    every = [(module, kernel) for module in modules for kernel in module.kernels]
    return st.sampled_from(every)


@settings(deadline=None, max_examples=20)
@given(kernel=one_of(*GEMMS), size=PRODUCT, order=ORDER)
def test_products(kernel, size, order):
    hold(kernel, order, products=(size,))


@settings(deadline=None, max_examples=20)
@given(kernel=one_of(*FEW, PLANES), size=FEW_ROWS, order=ORDER)
def test_few_rows(kernel, size, order):
    hold(kernel, order, few=(size,))


@settings(deadline=None, max_examples=20)
@given(kernel=one_of(*PIXELS, *TENSOR_PIXELS, *CONVS, *TENSOR_CONVS), product=PRODUCT, size=convolution(), order=ORDER)
def test_pixels_and_convolutions(kernel, product, size, order):
    hold(kernel, order, products=(product,), convolutions=(size,))


@settings(deadline=None, max_examples=20)
@given(kernel=one_of(PACK), size=st.tuples(st.integers(1, 20), st.integers(1, 300)), order=ORDER)
def test_matrices(kernel, size, order):
    hold(kernel, order, matrices=(size,))


def hold(kernel, order, **sizes):
    module, name = kernel
    checks.check(SimulatedDevice(order), module, name, replace(SMALL, **sizes))
