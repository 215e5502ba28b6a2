"""Signatures: every kernel's is read, and what no launch could pass is refused."""

import numpy as np
import pytest

from gpu.signature import Parameter, signatures
from gpu.source import MODULES


def kernel(parameters, before='extern "C" __global__ void'):
    return f"{before} name({parameters}) {{}}"


def test_types_pointers_and_what_is_written():
    (found,) = signatures(kernel("const u32* __restrict__ a,\n    f32* b, i32 c, u64 d")).values()
    assert found.kernel == "name"
    assert found.parameters == (
        Parameter("a", np.dtype(np.uint32), pointer=True, written=False),
        Parameter("b", np.dtype(np.float32), pointer=True, written=True),
        Parameter("c", np.dtype(np.int32), pointer=False, written=False),
        Parameter("d", np.dtype(np.uint64), pointer=False, written=False),
    )


def test_bounds_of_registers_are_passed_over():
    assert set(signatures(kernel("i32 a", 'extern "C" __global__ void __launch_bounds__(THREADS, 2)\n'))) == {"name"}


@pytest.mark.parametrize("parameter", ["int a", "double* a", "const i32 a", "i32& a", "i32 a = 1", "i32** a", "i32"])
def test_arguments_that_are_refused(parameter):
    with pytest.raises(ValueError, match="no argument"):
        signatures(kernel(parameter))


def test_kernels_that_cannot_be_read_are_told():
    with pytest.raises(ValueError, match="2 kernels"):
        signatures(kernel("i32 a") + "__global__ void other(i32 a) {}")


def test_every_kernel_writes_something():
    for module in MODULES:
        for found in module.kernels.values():
            assert any(parameter.written for parameter in found.parameters), found.kernel
