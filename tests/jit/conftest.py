"""Every variant of the kernels that this processor can run, one after the other."""

import pytest

from engine.jit.target import FORCE, VARIANTS, runnable

RUNNABLE = [variant.name for variant in VARIANTS if runnable(variant)]


@pytest.fixture(scope="module", params=RUNNABLE)
def variant(request):
    """The kernels are held to one variant, compiled for its own processor and no better one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FORCE, request.param)
        yield request.param
