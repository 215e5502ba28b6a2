"""The dashboard's figures: what is timed was compared first, and who cannot take part says why."""

import numpy as np
import pytest

from engine import messages as m
from engine.errors import BadInput, Unsupported
from engine.inference import bench, commands
from engine.inference.backend import backend
from engine.inference.contest import Contest, Contestant, repeated


class Peer:
    """torch's place, without torch: answers at once, and has no oneDNN."""

    def __init__(self, world):
        assert world == "torch"
        self.asked = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.asked.append("closed")

    def ask(self, command, answer):
        self.asked.append(command)
        if command.method == "onednn":
            raise Unsupported("No oneDNN here.", "None.")
        return answer((0.5,) * command.samples, command.method)


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(bench, "QUICK", (2, 0.0))
    monkeypatch.setattr(bench, "Child", Peer)


BACKENDS = ("naive", "float-blas", "numpy-xnor", "cpu-xnor")
EVERYBODY = {*BACKENDS, "cupy-xnor", "numpy-float32", "torch", "torch-onednn"}


def rows_of(events):
    return {row.backend: row for row in events if isinstance(row, m.BenchRow)}


def test_product():
    events = list(bench.gemm([(5, 9, 65)], 1, quick=True))
    peak = next(event for event in events if isinstance(event, m.BenchPeak))
    assert peak.popcount_gmacs > 0
    rows = rows_of(events)
    assert set(rows) == EVERYBODY
    for name in BACKENDS:
        row = rows[name]
        assert (row.case, row.exact, row.kind) == ("5x9x65", True, backend(name).kind)
        assert row.low_ms <= row.median_ms <= row.high_ms
        assert row.gmacs == pytest.approx(5 * 9 * 65 / row.median_ms / 1e6)
        assert row.times_torch == pytest.approx(500 / row.median_ms)
    assert rows["torch"].times_torch == 1
    assert rows["numpy-xnor"].fraction_of_peak > 0
    assert rows["naive"].fraction_of_peak is None
    for name in ("cupy-xnor", "torch-onednn"):
        assert rows[name].median_ms is None
        assert rows[name].reason


def test_network():
    rows = rows_of(bench.net([("20-70x2-3", 5)], 1, quick=True))
    assert all(rows[name].exact for name in BACKENDS)
    assert rows["numpy-xnor"].case == "20-70x2-3@5"


def test_wrong_results_are_not_exact(monkeypatch):
    right = type(backend("numpy-xnor")).multiplier

    def wrong(self, w, k):
        multiply = right(self, w, k)
        return lambda a, out=None: multiply(a, out) + 2

    monkeypatch.setattr(type(backend("numpy-xnor")), "multiplier", wrong)
    rows = rows_of(bench.gemm([(4, 4, 64)], 1, quick=True))
    assert rows["numpy-xnor"].exact is False
    assert rows["float-blas"].exact is True


def test_oracle_only_where_it_is_bearable(monkeypatch):
    monkeypatch.setattr(bench, "ORACLE_MACS", 1000)
    rows = rows_of(bench.gemm([(40, 40, 64)], 1, quick=True))
    assert "naive" not in rows
    assert rows["numpy-xnor"].exact is True


def test_torch_that_does_not_start(monkeypatch):
    def broken(_):
        raise Unsupported("torch is not installed.", "Install it.")

    monkeypatch.setattr(bench, "Child", broken)
    rows = rows_of(bench.gemm([(4, 4, 64)], 1, quick=True))
    assert rows["torch"].reason == "torch is not installed."
    assert rows["numpy-xnor"].times_torch is None
    assert rows["numpy-xnor"].times_best_float > 0


def test_ending_early_ends_the_peer(monkeypatch):
    peers = []
    monkeypatch.setattr(bench, "Child", lambda world: peers.append(Peer(world)) or peers[0])
    running = bench.gemm([(4, 4, 64)], 1, quick=True)
    while not peers or len(peers[0].asked) < 3:
        next(running)
    running.close()
    assert peers[0].asked[-1] == "closed"


def test_operands_are_random_and_padded():
    words = bench._random_words(np.random.default_rng(0), 100, 130)
    assert not np.any(words[:, -1] >> np.uint64(2))
    counts = np.bitwise_count(words).sum(axis=1)
    assert counts.min() > 45
    assert counts.max() < 95


@pytest.mark.parametrize(
    ("text", "widths"),
    [("784-1024x3-10", (784, 1024, 1024, 1024, 10)), ("4-2", (4, 2)), ("9x2-3", (9, 9, 3))],
)
def test_architectures(text, widths):
    assert bench.widths_of(text) == widths


@pytest.mark.parametrize("text", ["", "784", "784-", "a-b", "784-1024x-10", "0-5", "-3-4", "784-10²", "9" * 50 + "-1"])
def test_architectures_that_are_none(text):
    with pytest.raises(BadInput):
        bench.widths_of(text)


@pytest.mark.parametrize(
    "run",
    [
        lambda: bench.gemm([(0, 1, 1)], 1, quick=True),
        lambda: bench.gemm([(1, 1, 10**9)], 1, quick=True),
        lambda: bench.gemm([], 1, quick=True),
        lambda: bench.gemm([(1, 1, 1)], 0, quick=True),
        lambda: bench.net([("4-2", 0)], 1, quick=True),
    ],
)
def test_requests_that_are_refused(run):
    with pytest.raises(BadInput):
        list(run())


def test_the_commands_record():
    record = commands.bench_gemm([8], [3], quick=True)
    assert record["machine"]
    assert record["peak"]["popcount_gmacs"] > 0
    assert {row["case"] for row in record["rows"]} == {"3x8x8"}
    promised = "case backend threads median_ms iqr_ms gmacs fraction_of_peak times_torch times_best_float exact"
    assert all(set(promised.split()) <= row.keys() for row in record["rows"])
    assert commands.bench_net(["20-9-3"], [2], quick=True)["rows"][0]["case"] == "20-9-3@2"


def test_everybody_takes_turns():
    turns = []
    contestants = [Contestant(name, "float", lambda name=name: turns.append(name) or (1.0,)) for name in "ab"]
    contest = Contest("c", 10, 1, contestants)
    list(contest.rounds(3, 0.0))
    assert "".join(turns) == "ab" + "ab" * 3
    assert [row.median_ms for row in contest.rows()] == [1000, 1000]


def test_short_calls_are_repeated():
    calls = []
    sample = repeated(lambda: calls.append(1))
    sample()
    first = len(calls)
    sample()
    assert first == 1
    assert len(calls) > 10
