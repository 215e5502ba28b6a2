"""Every variant that this processor runs and that has kernels of training."""

import pytest

from engine.jit import target as targets
from engine.jit.target import FORCE, VARIANTS, runnable
from engine.jit.training.shape import shape_for

RUNNABLE = [variant.name for variant in VARIANTS if runnable(variant) and shape_for(variant)]


@pytest.fixture(scope="module", params=RUNNABLE or [pytest.param("", marks=pytest.mark.skip("no AVX2 here"))])
def shape(request):
    """The shape of a variant, which the kernels are held to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FORCE, request.param)
        yield shape_for(targets.host())
