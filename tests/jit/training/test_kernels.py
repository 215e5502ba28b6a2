"""Every kernel of training is compiled for its processors, with the instructions that it is there for and no spills."""

import re
from functools import cache

import pytest

from engine.jit.compile import assembly
from engine.jit.target import VARIANTS
from engine.jit.training import inputs, kernels
from engine.jit.training.shape import SHAPES

NAMED = {variant.name: variant for variant in VARIANTS}
BYTES, WORDS = "vpdpbusd", "vpmaddwd"
MULTIPLIES = {
    "amx": ("tdpbsud", BYTES, BYTES, "zmm"),
    "avx512": (BYTES, BYTES, BYTES, "zmm"),
    "avx512-256": (BYTES, BYTES, BYTES, "ymm"),
    "avx2": ("vpmaddubsw", "vpmaddubsw", WORDS, "ymm"),
}
"""By what gradients of inputs, and of weights that met signs and pixels, are made, in which registers."""
PRODUCTS = ("inputs", "update-adam-signs", "update-adam-pixels")


@cache
def listing(variant, name):
    return assembly(kernels.text(NAMED[variant], name), NAMED[variant])


def products(variant, name, instruction):
    return re.findall(rf"^\t{instruction}\t.*$", listing(variant, name), re.M)


def spilled(variant, name, instruction, least):
    """Vectors on the stack in a loop that multiplies: a block without a label inside that many products are made in."""
    blocks = re.split(r"^\.LBB\w+:.*$", listing(variant, name), flags=re.M)
    inner = [block for block in blocks if len(re.findall(rf"^\t{instruction}\t", block, re.M)) >= least]
    assert inner, name
    return [
        line for block in inner for line in block.splitlines() if re.search(r"%[xyz]mm.*\(%rsp|\(%rsp.*%[xyz]mm", line)
    ]


def test_there_are_none_for_processors_without_a_shape():
    assert set(MULTIPLIES) == set(SHAPES)
    assert kernels.variants(NAMED["popcnt"]) == {}


@pytest.mark.parametrize("variant", SHAPES)
def test_products_are_made_in_registers_by_the_instructions_there_are_for_them(variant):
    *instructions, vectors = MULTIPLIES[variant]
    for name, instruction in zip(PRODUCTS, instructions, strict=True):
        in_tiles = instruction == "tdpbsud"
        least = inputs.PAIR**2 if in_tiles else SHAPES[variant].rows * SHAPES[variant].vectors
        found = products(variant, name, instruction)
        assert len(found) >= least, name
        assert sum(("tmm" if in_tiles else vectors) in each for each in found) >= least, name
        assert not spilled(variant, name, instruction, least), name


@pytest.mark.parametrize("variant", SHAPES)
def test_products_under_pooling_stay_in_registers_too(variant):
    words = WORDS if variant == "avx2" else "vpdpwssd"
    for name in ("map-weights-pooled-3", "map-weights-pooled-5", "map-inputs-listed-1", "map-inputs-listed-4"):
        kept = spilled(variant, name, words, 1)
        assert not kept or (variant, name) == ("avx2", "map-weights-pooled-5"), name  # ten totals and what they are of
    assert products(variant, "map-weights-pooled-3", "vpshufb")


def test_nothing_beyond_avx2():
    for name in kernels.variants(NAMED["avx2"]):
        beyond = r"%zmm|%k[0-7]|vpdpbusd|%[xy]mm(1[6-9]|2\d|3[01])"
        assert not re.search(beyond, listing("avx2", name)), name
