"""Every variant is compiled for its processor with the instructions it is there for and none beyond; one is chosen."""

import re
from functools import cache

import llvmlite.binding as llvm
import numpy as np
import pytest

from engine.errors import UnknownName
from engine.inference.backend import Ready, Unavailable, backend, ready
from engine.jit import target as targets
from engine.jit.compile import assembly, compile_object
from engine.jit.kernels import text, variants
from engine.jit.target import FORCE, VARIANTS, host, runnable
from tests.jit.cases import DOTS
from tests.jit.conftest import RUNNABLE

NAMED = {variant.name: variant for variant in VARIANTS}
ELF = {"x86_64": 62, "aarch64": 183}
SIGNS = [name for name in DOTS if not name.startswith("pixel")]
PIXELS = [name for name in DOTS if name.startswith("pixel")]

each = pytest.mark.parametrize("name", NAMED)


@cache
def listing(variant, kernel):
    return assembly(text(NAMED[variant], kernel), NAMED[variant])


def mnemonics(variant, kernel):
    return set(re.findall(r"^\t([a-z][a-z0-9.]*)", listing(variant, kernel), re.M))


def with_operands(variant, kernel, mnemonic):
    """Every use of an instruction, as it is written."""
    return re.findall(rf"^\t{mnemonic}\t.*$", listing(variant, kernel), re.M)


@each
def test_every_kernel_is_compiled_for_every_variant(name):
    variant = NAMED[name]
    for kernel in variants(variant):
        body = compile_object(text(variant, kernel), variant)
        assert body[:4] == b"\x7fELF"
        assert int.from_bytes(body[18:20], "little") == ELF[variant.triple.split("-")[0]]


@each
def test_no_kernel_calls_what_it_does_not_bring(name):
    """Only a copy calls: memcpy, which every process has; and the driver, which calls what its records say."""
    for kernel in variants(NAMED[name]):
        calls = re.findall(r"^\t(?:callq?|blr?)\t(.*)$", listing(name, kernel), re.M)
        assert bool(calls) == (kernel in ("copy", "run"))
        assert ("memcpy" in listing(name, kernel)) == (kernel == "copy")
        assert all(re.fullmatch(r"\*.*|x\d+|memcpy.*", call) for call in calls)


@pytest.mark.parametrize(("name", "register"), [("amx", "zmm"), ("avx512", "zmm"), ("avx512-256", "ymm")])
def test_avx512_counts_and_multiplies_in_vectors_of_its_width(name, register):
    for kernel in SIGNS:
        counts = with_operands(name, kernel, "vpopcntq")
        assert counts
        assert all(register in each for each in counts)
        assert "popcntq" not in mnemonics(name, kernel)
    for kernel in PIXELS:
        products = with_operands(name, kernel, "vpdpbusd")
        assert products
        assert all(register in each for each in products)


def test_avx2_counts_by_table_and_never_one_word_at_a_time():
    for kernel in SIGNS:
        looked_up = with_operands("avx2", kernel, "vpshufb")
        assert looked_up
        assert any("ymm" in each for each in looked_up)
        assert any("ymm" in each for each in with_operands("avx2", kernel, "vpsadbw"))
        assert "popcntq" not in mnemonics("avx2", kernel)
    for kernel in PIXELS:
        assert {"vpmaddubsw", "vpmaddwd"} <= mnemonics("avx2", kernel)


def test_what_the_other_variants_count_and_multiply_with():
    for kernel in PIXELS:
        assert {"pmaddubsw", "pmaddwd"} <= mnemonics("popcnt", kernel)
        assert "pmaddwd" in mnemonics("x86-64", kernel)
        assert "mla" in mnemonics("aarch64", kernel)
    for kernel in SIGNS:
        assert "popcntq" in mnemonics("popcnt", kernel)
        assert any(".16b" in each for each in with_operands("aarch64", kernel, "cnt"))


BEYOND = {
    "avx2": r"%zmm|%k[0-7]|vpopcnt|vpdpbusd|%[xy]mm(1[6-9]|2\d|3[01])",
    "popcnt": r"%zmm|%ymm|%k[0-7]|^\tv[a-z]|^\t(andn|bextr|bls[a-z]+|[sz]?[ah]r?xl?|tzcnt|lzcnt|mulx|rorx|pdep)[lq]?\t",
    "x86-64": r"%zmm|%ymm|%k[0-7]|^\tv[a-z]|popcnt|pshufb|pmulld|pblend|blendv|pinsr[bdq]|pextr[bdq]|pmov[sz]x|ptest",
    "aarch64": r"\bz\d+\.|\bp\d+/|[us]dot|^\tsmstart",
}  # fmt: skip


@pytest.mark.parametrize("name", BEYOND)
def test_no_instruction_beyond_the_variant(name):
    for kernel in variants(NAMED[name]):
        assert re.findall(BEYOND[name], listing(name, kernel), re.M) == [], kernel


def test_the_best_that_runs_here_is_chosen(monkeypatch):
    for none in (None, ""):
        monkeypatch.delenv(FORCE, raising=False)
        if none is not None:
            monkeypatch.setenv(FORCE, none)
        assert host() is next(variant for variant in VARIANTS if runnable(variant))


@pytest.mark.parametrize("name", RUNNABLE)
def test_one_is_forced_by_name(monkeypatch, name):
    monkeypatch.setenv(FORCE, name)
    assert host().name == name
    assert backend("cpu-xnor").probe() == Ready(f"CPU, {name}")


@pytest.mark.parametrize("name", ["sse9", *sorted(set(NAMED) - set(RUNNABLE))])
def test_a_variant_that_does_not_run_here_takes_only_the_native_backend_away(monkeypatch, name):
    monkeypatch.setenv(FORCE, name)
    found = backend("cpu-xnor").probe()
    assert isinstance(found, Unavailable)
    assert name in found.reason
    assert RUNNABLE[0] in found.remedy
    assert {"naive", "numpy-xnor", "float-blas"} <= {b.name for b in ready()}
    assert "cpu-xnor" not in {b.name for b in ready()}
    with pytest.raises(UnknownName):
        backend("cpu-xnor").multiplier(np.ones((3, 1), np.uint64), 5)


@pytest.mark.parametrize(
    ("triple", "features", "best"),
    [
        ("x86_64-unknown-linux-gnu", "avx512vpopcntdq avx512vnni avx512bw avx512vl avx2 popcnt sse4.2", "avx512"),
        ("x86_64-pc-windows-msvc", "avx512bw avx512vl avx512vnni avx2 popcnt sse4.2", "avx2"),
        ("x86_64-apple-darwin22", "popcnt sse4.2", "popcnt"),
        ("x86_64-unknown-linux-gnu", "", "x86-64"),
        ("aarch64-unknown-linux-gnu", "neon", "aarch64"),
        ("arm64-apple-darwin24", "", "aarch64"),
    ],
)
def test_the_variant_of_other_machines(monkeypatch, triple, features, best):
    monkeypatch.delenv(FORCE, raising=False)
    monkeypatch.setattr(llvm, "get_process_triple", lambda: triple)
    monkeypatch.setattr(targets, "host_features", lambda: dict.fromkeys(features.split(), True))
    assert host().name == best


@pytest.mark.parametrize(("granted", "best"), [(True, "amx"), (False, "avx512")])
def test_tile_registers_are_used_where_the_system_grants_them(monkeypatch, granted, best):
    monkeypatch.delenv(FORCE, raising=False)
    monkeypatch.setattr(llvm, "get_process_triple", lambda: NAMED["amx"].triple)
    monkeypatch.setattr(targets, "host_features", lambda: dict.fromkeys(NAMED["amx"].needs, True))
    monkeypatch.setattr(targets, "tiles_granted", lambda: granted)
    assert host().name == best


def test_elsewhere_than_on_linux_none_are_asked_for(monkeypatch):
    monkeypatch.setattr(targets.sys, "platform", "win32")
    assert not targets.tiles_granted.__wrapped__()


def test_a_machine_without_a_variant(monkeypatch):
    monkeypatch.delenv(FORCE, raising=False)
    monkeypatch.setattr(llvm, "get_process_triple", lambda: "riscv64-unknown-linux-gnu")
    found = backend("cpu-xnor").probe()
    assert isinstance(found, Unavailable)
    assert "riscv64" in found.reason
