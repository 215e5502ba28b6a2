"""The loops of the ceilings do the arithmetic that they are timed for."""

import ctypes

import numpy as np
import pytest

from engine.jit import peak
from engine.jit.compile import Library, host_name
from engine.jit.target import host_features


def run(ir, rounds):
    return Library(ir).function("peak", ctypes.c_double, ctypes.c_int64)(rounds)


@pytest.mark.parametrize("lanes", peak.POPCOUNT_LANES)
def test_popcount_loop_counts(lanes):
    sums = np.array([[97 * chain + lane for lane in range(lanes)] for chain in range(peak.CHAINS)], np.uint64)
    mask = np.array([0x5555_AAAA_0F0F_3C3C + lane for lane in range(lanes)], np.uint64)
    for rounds in range(1, 5):
        sums += np.bitwise_count(sums ^ mask)
        # all chains together, the first once more
        expected = np.bitwise_xor.reduce(sums, axis=0) ^ sums[0]
        assert run(peak._popcount_ir(lanes), rounds) == float(expected[0])


@pytest.mark.parametrize("lanes", peak.FLOAT_LANES)
def test_multiply_add_loop_adds(lanes):
    sums = np.arange(peak.CHAINS, dtype=np.float32)
    for rounds in range(1, 5):
        sums = sums * np.float32(0.5) + np.float32(1)
        assert run(peak._fma_ir(lanes), rounds) == pytest.approx(float(sums.sum() + sums[0]), rel=1e-6)


@pytest.mark.parametrize("rounds", [1, 3])
def test_read_loop_reads_everything(rounds):
    read = Library(peak._read_ir()).function("read", ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
    lines = np.arange(4 * peak.STREAMS * 8 + 8, dtype=np.int64)
    first = lines.ctypes.data + -lines.ctypes.data % peak.LINE
    skipped = (first - lines.ctypes.data) // 8
    heads = lines[skipped::8][: 4 * peak.STREAMS]
    chains = heads.reshape(4, peak.STREAMS).sum(axis=0) * rounds
    # all chains together, the first once more
    assert read(first, len(heads), rounds) == chains.sum() + chains[0]


def test_rates_are_measured_by_level(monkeypatch):
    monkeypatch.setattr(peak, "LEVELS", (("near", 1 << 14), ("far", 1 << 25)))
    peak.read_rates.cache_clear()
    rates = dict(peak.read_rates())
    peak.read_rates.cache_clear()
    assert list(rates) == ["near", "far"]
    assert min(rates.values()) > 0


def test_ceilings_are_measured():
    assert peak.popcount().sample() > 0
    assert peak.fma().sample() > 0
    assert host_name() in peak.machine()
    assert any(host_features().values())


def test_functions_that_are_not_there_and_text_that_is_not_ir():
    library = Library("define i64 @one() {\n ret i64 1\n}\n")
    assert library.function("one", ctypes.c_int64)() == 1
    with pytest.raises(KeyError):
        library.function("two", ctypes.c_int64)
    with pytest.raises(RuntimeError):
        Library("this is no IR")


@pytest.mark.skipif(not host_features().get("avx2"), reason="no AVX2 here")
def test_byte_loop_multiplies():
    vnni = host_features().get("avx512vnni", False)
    lanes = 16 if vnni else 8
    kind, count, factors = (np.int32, lanes, [-1, 1, -1, 1]) if vnni else (np.int16, 2 * lanes, [1, -1])
    sums = np.array([[97 * chain + lane for lane in range(count)] for chain in range(peak.CHAINS)], kind)
    for rounds in range(1, 5):
        products = sums.view(np.uint8).reshape(peak.CHAINS, count, -1).astype(kind) * np.array(factors, kind)
        sums = sums + products.sum(2, dtype=kind)
        expected = np.bitwise_xor.reduce(sums, axis=0) ^ sums[0]
        assert run(peak._bytes_ir(lanes, vnni=vnni), rounds) == float(expected[0])


def test_move_loop_changes_every_line():
    move = Library(peak._move_ir()).function("move", None, ctypes.c_void_p, ctypes.c_int64)
    lines = np.arange(5 * 16 + 16, dtype=np.float32)
    first = -lines.ctypes.data % peak.LINE // 4
    move(lines[first:].ctypes.data, 5)
    changed = np.arange(96, dtype=np.float32)
    changed[first : first + 80] *= -1
    np.testing.assert_array_equal(lines, changed)
