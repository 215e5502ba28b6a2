"""Every variant of the kernels that this processor can run, one after the other."""

from dataclasses import replace

import pytest

from engine.jit import target as targets
from engine.jit.target import FORCE, VARIANTS, runnable

RUNNABLE = [variant.name for variant in VARIANTS if runnable(variant)]
AARCH64 = next(variant for variant in VARIANTS if variant.name == "aarch64")
STAND_IN = "aarch64's kernels"
"""Vectors, tiles and arithmetic of aarch64, which are in no processor's own words, compiled for this one."""


@pytest.fixture(scope="module", params=RUNNABLE if "aarch64" in RUNNABLE else [*RUNNABLE, STAND_IN])
def variant(request):
    """The kernels are held to one variant, compiled for its own processor and no better one."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == STAND_IN:
            host = targets.host()
            there = replace(AARCH64, name=STAND_IN, triple=host.triple, cpu=host.cpu, features=host.features)
            patch.setattr(targets, "VARIANTS", (there,))
        patch.setenv(FORCE, request.param)
        yield request.param
