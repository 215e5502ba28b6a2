"""The (72,64) code against its definition, bit by bit: every single error corrected, every double one detected."""

from itertools import combinations

import numpy as np
import pytest

from engine.bits import unpack
from engine.faults import secded

WORDS = np.array([0, 2**64 - 1, 0x0123456789ABCDEF, 1 << 63], np.uint64)


def slow_checks(word):
    """The check bits by the parity-check matrix: the sum of the columns of the bits that are 1."""
    checks = 0
    for bit, column in zip(unpack(np.array([word]), 64), secded.columns(), strict=False):
        checks ^= int(column) * int(bit)
    return checks


def read_with(word, checks, bits):
    """A code word with some of its 72 bits wrong, as it reads after decoding: data, whether it was only detected."""
    for bit in bits:
        if bit < 64:
            word ^= 1 << bit
        else:
            checks ^= 1 << (bit - 64)
    data, detected = secded.decode(np.array([word], np.uint64), np.array([checks], np.uint8))
    return int(data[0]), bool(detected[0])


def test_columns_are_hsiaos():
    columns = secded.columns()
    assert len(set(columns.tolist())) == secded.CODE
    assert set(np.bitwise_count(columns).tolist()) == {1, 3, 5}
    assert [int(count) for count in np.bitwise_count(columns[64:])] == [1] * 8
    rows = (columns[:64, np.newaxis] >> np.arange(8)) & 1
    assert set(rows.sum(0).tolist()) == {26}  # every check bit guards as many data bits


def test_check_bits_are_the_definitions():
    words = np.random.default_rng(0).integers(0, 2**64, 200, np.uint64)
    assert secded.encode(words).tolist() == [slow_checks(word) for word in words]


@pytest.mark.parametrize("word", WORDS.tolist())
def test_every_single_error_is_corrected(word):
    checks = slow_checks(np.uint64(word))
    assert read_with(word, checks, ()) == (word, False)
    for bit in range(secded.CODE):
        assert read_with(word, checks, (bit,)) == (word, False)


def test_every_double_error_is_detected_and_left_as_it_reads():
    word = int(WORDS[2])
    checks = slow_checks(np.uint64(word))
    for pair in combinations(range(secded.CODE), 2):
        expected = word
        for bit in pair:
            expected ^= (1 << bit) if bit < 64 else 0
        assert read_with(word, checks, pair) == (expected, True)


def test_three_errors_are_never_taken_for_none():
    rng = np.random.default_rng(1)
    word = int(WORDS[2])
    checks = slow_checks(np.uint64(word))
    for _ in range(300):
        bits = rng.choice(secded.CODE, 3, replace=False).tolist()
        data, detected = read_with(word, checks, bits)
        assert detected or data != word or all(bit >= 64 for bit in bits)
