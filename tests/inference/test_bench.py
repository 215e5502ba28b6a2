"""The dashboard's figures: what is timed was compared first, and who cannot take part says why."""

from typing import ClassVar

import numpy as np
import pytest

from engine import messages as m
from engine import turns
from engine.child import ChildLost
from engine.errors import BadInput, Unsupported
from engine.inference import arena, bench, commands, peers
from engine.inference.backend import Backend, backend
from engine.inference.contest import SURE, Contest, Contestant
from engine.inference.operands import Traffic
from engine.inference.standing import against_tensor_cores
from tests.inference.fragile import NAME, WHAT


class Peer:
    """The peers' place, without them: answers at once, and has no oneDNN."""

    opened: ClassVar = []
    alive = True

    def __init__(self, world, name):
        self.world, self.name, self.asked = world, name, []
        Peer.opened.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.asked.append("closed")

    def ask(self, command, answer, timeout):
        assert timeout > 60
        self.asked.append(command)
        if command.method == "onednn":
            raise Unsupported("No oneDNN here.", "None.")
        return answer(0.5, command.method)


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(arena, "QUICK", (2, 0.0))
    monkeypatch.setattr(arena, "Child", Peer)
    monkeypatch.setattr(turns, "WARM", 0.0)
    monkeypatch.setattr(Peer, "opened", [])
    monkeypatch.setattr(peers.importlib.util, "find_spec", lambda name: name == "faiss" or None)


BACKENDS = {"naive", "float-blas", "numpy-xnor", "cpu-xnor"}
ABSENT = {"cupy-xnor", "torch-onednn"}


def rows_of(events):
    return {row.backend: row for row in events if isinstance(row, m.BenchRow)}


def test_product():
    events = list(bench.gemm([(5, 9, 65)], 1, quick=True))
    peak = next(event for event in events if isinstance(event, m.BenchPeak))
    assert peak.popcount_gmacs > 0
    rows = rows_of(events)
    others = {"numpy-float32", "torch", "torch-int8", "faiss"}
    assert set(rows) == BACKENDS | others | ABSENT | {"numkong"}
    for name in BACKENDS:
        row = rows[name]
        assert (row.case, row.exact, row.kind) == ("5x9x65", True, backend(name).kind)
        assert row.low_ms <= row.median_ms <= row.high_ms
        assert row.gmacs == pytest.approx(5 * 9 * 65 / row.median_ms / 1e6)
        assert row.times_torch == pytest.approx(500 / row.median_ms)
    assert rows["torch"].times_torch == 1
    assert {name: rows[name].kind for name in others} == {
        "numpy-float32": "peer", "torch": "peer", "torch-int8": "int8", "faiss": "bits",
    }  # fmt: skip
    for name in ("numpy-xnor", "faiss"):
        assert rows[name].intensity == 5 * 9 * 65 / (8 * 2 * 14 + 4 * 45)
        assert rows[name].fraction_of_peak > 0
    assert rows["torch"].intensity == 5 * 9 * 65 / (4 * 65 * 14 + 4 * 45)
    assert rows["torch-int8"].intensity == 5 * 9 * 65 / (65 * 14 + 4 * 45)
    assert rows["naive"].fraction_of_peak is rows["torch-int8"].fraction_of_peak is None
    for name in (*ABSENT, "numkong"):
        assert rows[name].median_ms is None
        assert rows[name].reason
    assert "flipscope[peers]" in rows["numkong"].remedy


def test_fastest_float_is_a_float():
    events = [event for event in bench.gemm([(64, 64, 64)], 1, quick=True) if isinstance(event, m.BenchRow)]
    floats = [row.median_ms for row in events if row.kind in ("float", "peer") and row.median_ms is not None]
    for row in events:
        if row.median_ms is not None:
            assert row.times_best_float == pytest.approx(min(floats) / row.median_ms)


def test_every_library_has_a_process_and_torch_one_for_all():
    list(bench.gemm([(4, 4, 64), (5, 4, 64)], 1, quick=True))
    assert [(peer.world, peer.name) for peer in Peer.opened] == [("torch", "torch"), ("peers", "faiss")]
    assert all(peer.asked[-1] == "closed" for peer in Peer.opened)
    torch, faiss = ([c for c in peer.asked if c != "closed"] for peer in Peer.opened)
    assert sum(command.method == "onednn" for command in torch) == 1
    assert {command.shape for command in faiss} == {(4, 4, 64), (5, 4, 64)}


def test_network():
    rows = rows_of(bench.net([("20-70x2-3", 5)], 1, quick=True))
    assert set(rows) == BACKENDS | ABSENT | {"torch"}
    assert all(rows[name].exact for name in BACKENDS)
    assert rows["numpy-xnor"].case == "20-70x2-3@5"
    weights, images = 20 * 70 + 70 * 70 + 70 * 3, 5 * 20
    assert rows["torch"].intensity == 5 * weights / (4 * (weights + images) + 4 * 15)
    assert rows["cpu-xnor"].intensity == 5 * weights / (8 * (70 + 2 * 70 + 2 * 3) + images + 4 * 15)


def test_convolution():
    rows = rows_of(bench.conv([("70@5x6", 3)], 1, quick=True))
    assert set(rows) == BACKENDS | ABSENT | {"torch", "torch-channels-last"}
    assert all(rows[name].exact for name in BACKENDS)
    macs = 3 * 5 * 6 * 70 * 9 * 70
    assert rows["cpu-xnor"].case == "70@5x6@3"
    assert rows["cpu-xnor"].gmacs == pytest.approx(macs / rows["cpu-xnor"].median_ms / 1e6)
    assert rows["cpu-xnor"].intensity == macs / (8 * 2 * (2 * 3 * 30 + 70 * 9))
    assert rows["torch"].intensity == macs / (4 * (2 * 3 * 30 * 70 + 70 * 9 * 70))


def test_a_backend_without_convolutions_is_listed(monkeypatch):
    monkeypatch.setattr(type(backend("numpy-xnor")), "convolver", Backend.convolver)
    row = rows_of(bench.conv([("9@4x4", 1)], 1, quick=True))["numpy-xnor"]
    assert (row.median_ms, row.kind) == (None, "xnor")
    assert "no convolution" in row.reason


def test_wrong_convolutions_are_not_exact(monkeypatch):
    right = type(backend("numpy-xnor")).convolver

    def wrong(self, conv, after, shape):
        convolve = right(self, conv, after, shape)
        return lambda maps, out=None: convolve(maps, out) ^ np.uint64(1)

    monkeypatch.setattr(type(backend("numpy-xnor")), "convolver", wrong)
    rows = rows_of(bench.conv([("9@4x4", 2)], 1, quick=True))
    assert rows["numpy-xnor"].exact is False
    assert rows["cpu-xnor"].exact is True


def test_wrong_results_are_not_exact(monkeypatch):
    right = type(backend("numpy-xnor")).multiplier

    def wrong(self, w, k):
        multiply = right(self, w, k)
        return lambda a, out=None: multiply(a, out) + 2

    monkeypatch.setattr(type(backend("numpy-xnor")), "multiplier", wrong)
    rows = rows_of(bench.gemm([(4, 4, 64)], 1, quick=True))
    assert rows["numpy-xnor"].exact is False
    assert rows["float-blas"].exact is True


@pytest.mark.parametrize("calls", [0, 1, 5])
def test_a_backend_that_is_lost_has_a_reason_and_the_contest_goes_on(fragile, calls):
    fragile(calls=calls)
    events = list(bench.gemm([(4, 4, 64), (5, 4, 64)], 1, quick=True))
    rows = [row for row in events if isinstance(row, m.BenchRow) and row.backend == NAME]
    assert [row.case for row in rows] == ["4x4x64", "5x4x64"]
    assert all((row.reason, row.median_ms) == (WHAT, None) for row in rows)
    assert rows_of(events)["cpu-xnor"].exact is True


def test_a_peer_that_is_lost_in_the_middle_has_a_reason_and_the_contest_goes_on(monkeypatch):
    def ask(self, command, answer, timeout):  # noqa: ARG001 - the peer's
        self.asked.append(command)
        if len(self.asked) > 2:
            raise ChildLost("A helper process ended with exit code 1.", "Its log.")
        return answer(0.5, command.method)

    monkeypatch.setattr(Peer, "ask", ask)
    rows = rows_of(bench.gemm([(4, 4, 64)], 1, quick=True))
    assert rows["torch"].reason == "A helper process ended with exit code 1."
    assert rows["cpu-xnor"].median_ms > 0


def test_a_device_is_timed_by_the_time_that_passes(fragile):
    fragile()
    contest = Contest("c", 10, Traffic(1, 2), 1)
    with arena.Arena(1, quick=True) as opened:
        for name in ("cpu-xnor", NAME):
            bench._enter(opened, contest, backend(name), lambda: None, True)
    ours, devices = (one.turn._clock for one in contest.contestants)
    assert devices is turns.WALL
    assert ours is turns.clock(1)


RUNS = {
    "product": (lambda: bench.gemm([(4, 4, 64)], 1, quick=True), {"cuda-int8"}),
    "network": (lambda: bench.net([("20-70-3", 5)], 1, quick=True), set()),
    "convolution": (lambda: bench.conv([("9@4x4", 2)], 1, quick=True), set()),
}
ON_GPU = {"cuda-float32", "cuda-tf32", "cuda-float16"}


@pytest.mark.parametrize("what", RUNS)
def test_a_gpu_has_rows_of_its_own_beside_what_else_computes_on_it(fragile, what):
    fragile()
    run, more = RUNS[what]
    events = [event for event in run() if isinstance(event, m.BenchRow)]
    there = {row.backend: row for row in events if row.device == "Some GPU"}
    assert set(there) == {NAME, "cupy-kernel", "cupy-wrong"} | ON_GPU | more
    assert {row.device for row in events} == {"", "Some GPU"}
    assert NAME in {row.backend for row in events if not row.device}
    assert (there["cupy-kernel"].exact, there["cupy-wrong"].exact, there["cuda-tf32"].exact) == (True, False, None)
    assert there["cupy-kernel"].times_torch == pytest.approx(500)
    assert there["cupy-kernel"].times_best_float == pytest.approx(500)
    assert all(row.fraction_of_peak is None for row in there.values())
    assert {peer.name for peer in Peer.opened} >= {"torch", "torch-cuda"}


def test_a_peer_whose_process_dies_costs_nobody_else_who_shares_it(monkeypatch):
    def ask(self, command, answer, _):
        self.alive = command.method != "torch"
        if not self.alive:
            raise ChildLost("A helper process did not answer.")
        return answer(0.5, command.method)

    monkeypatch.setattr(Peer, "ask", ask)
    rows = rows_of(bench.gemm([(4, 4, 64)], 1, quick=True))
    assert rows["torch"].reason == "A helper process did not answer."
    assert rows["torch-onednn"].median_ms == rows["torch-int8"].median_ms == 500
    assert [peer.name for peer in Peer.opened].count("torch") == 2


def test_without_a_gpu_nobody_is_asked_to_compute_on_one():
    rows = rows_of(bench.gemm([(4, 4, 64)], 1, quick=True))
    assert not [row for row in rows.values() if row.device or row.backend.startswith("cuda")]
    assert "torch-cuda" not in {peer.name for peer in Peer.opened}


def row(name, kind, ms, device="Some GPU"):
    return m.BenchRow("c", name, kind, 1, median_ms=ms, device=device)


def test_where_tensor_cores_win_that_is_said():
    ours, half, byte = (
        row("cupy-kernel", "xnor", 2.0),
        row("cuda-float16", "tensor", 1.0),
        row("cuda-int8", "int8", 0.5),
    )
    said = against_tensor_cores([ours, half, byte])
    assert said == "torch on tensor cores wins here: cuda-int8 is 4 times as fast as cupy-kernel."
    quick = row("cupy-kernel", "xnor", 0.25)
    assert against_tensor_cores([quick, half, byte]) == (
        "cupy-kernel is 2 times as fast as the fastest of torch on tensor cores, cuda-int8."
    )
    for nothing in ([ours], [half], [row("cpu-xnor", "xnor", 1.0, ""), row("torch-int8", "int8", 1.0, "")]):
        assert against_tensor_cores(nothing) == ""


def test_backends_are_settled_before_they_are_timed(fragile):
    fragile(chore=lambda: None)
    assert rows_of(bench.gemm([(4, 4, 64)], 1, quick=True))[NAME].exact is True


def test_oracle_only_where_it_is_bearable(monkeypatch):
    monkeypatch.setattr(arena, "ORACLE_MACS", 1000)
    rows = rows_of(bench.gemm([(40, 40, 64)], 1, quick=True))
    assert "naive" not in rows
    assert rows["numpy-xnor"].exact is True


def test_torch_that_does_not_start(monkeypatch):
    def broken(*_):
        raise Unsupported("torch is not installed.", "Install it.")

    monkeypatch.setattr(arena, "Child", broken)
    rows = rows_of(bench.gemm([(4, 4, 64)], 1, quick=True))
    assert rows["torch"].reason == "torch is not installed."
    assert rows["numpy-xnor"].times_torch is None
    assert rows["numpy-xnor"].times_best_float > 0


def test_ending_early_ends_the_peer():
    running = bench.gemm([(4, 4, 64)], 1, quick=True)
    while not Peer.opened or len(Peer.opened[0].asked) < 3:
        next(running)
    running.close()
    assert Peer.opened[0].asked[-1] == "closed"


@pytest.mark.parametrize(
    "run",
    [
        lambda: bench.gemm([(0, 1, 1)], 1, quick=True),
        lambda: bench.gemm([(1, 1, 10**9)], 1, quick=True),
        lambda: bench.gemm([], 1, quick=True),
        lambda: bench.gemm([(1, 1, 1)], 0, quick=True),
        lambda: bench.net([("4-2", 0)], 1, quick=True),
        lambda: bench.conv([("4@2x2", 0)], 1, quick=True),
        lambda: bench.conv([("512@512x512", 10_000)], 1, quick=True),
        lambda: bench.conv([("100000@1x1", 1)], 1, quick=True),
    ],
)
def test_requests_that_are_refused(run):
    with pytest.raises(BadInput):
        list(run())


def test_the_commands_record():
    record = commands.bench_gemm([8], [3], quick=True)
    assert record["machine"]
    assert record["clock"] in ("cpu", "wall")
    assert record["computed_peaks"] == {}
    assert record["peak"]["popcount_gmacs"] > 0
    assert record["peak"]["read_gbs"]["memory"] > 0
    assert {row["case"] for row in record["rows"]} == {"3x8x8"}
    promised = (
        "case backend threads median_ms iqr_ms gmacs intensity fraction_of_peak times_torch times_best_float exact"
    )
    assert all(set(promised.split()) <= row.keys() for row in record["rows"])


def test_the_record_says_where_tensor_cores_win(fragile, monkeypatch):
    fragile()
    monkeypatch.setattr(Peer, "ask", lambda _, command, answer, __: answer(1e-9, command.method))
    record = commands.bench_gemm([8], [3], quick=True)
    (said,) = record["said"]
    assert said.startswith("3x8x8: torch on tensor cores wins here: cuda-tf32 is ")
    assert record["computed_peaks"] == {"Some GPU": {"popcount_gmacs": 8e3, "fp32_gmacs": 2e3, "read_gbs": {}}}
    assert 0 < record["peak"]["popcount_gmacs"] < 8e3


def test_cases_with_their_batch_or_with_each_of_several():
    def cases(record):
        return {row["case"] for row in record["rows"]}

    assert cases(commands.bench_net(["20-9-3", "8-3@4"], [2, 5], quick=True)) == {"20-9-3@2", "20-9-3@5", "8-3@4"}
    assert cases(commands.bench_conv(["9@4x4", "8@3x3@2"], [1], quick=True)) == {"9@4x4@1", "8@3x3@2"}
    for wrong in ("9@4x4@", "9@4x4@x", "9@4x4@1@2"):
        with pytest.raises(BadInput):
            commands.bench_conv([wrong], quick=True)


def test_sweeping_draws_a_roofline(monkeypatch):
    monkeypatch.setattr(commands, "SWEEP", ((2, 2, 64), (1, 8, 64)))
    rows = commands.bench_gemm(quick=True, sweep=True)["rows"]
    assert len({row["intensity"] for row in rows if row["backend"] == "cpu-xnor"}) == 2
    with pytest.raises(BadInput):
        commands.bench_gemm([8], sweep=True)


def test_everybody_takes_turns():
    taken = []
    contestants = [Contestant(name, "float", lambda name=name: taken.append(name) or 1.0) for name in "ab"]
    contest = Contest("c", 10, Traffic(1, 2), 1, contestants)
    list(contest.rounds(3, 0.0))
    assert "".join(taken) == "ab" * 3
    assert [row.median_ms for row in contest.rows()] == [1000, 1000]
    assert [row.intensity for row in contest.rows()] == [5, 5]


def test_the_slow_are_left_alone_once_they_are_sure():
    def slow():
        contestants[0].spent += 100.0
        return 1.0

    contestants = [Contestant("slow", "float", slow), Contestant("quick", "float", lambda: 1e-9)]
    contest = Contest("c", 10, Traffic(1, 2), 1, contestants)
    list(contest.rounds(7, 0.5))
    assert len(contestants[0].seconds) == SURE
    assert len(contestants[1].seconds) >= 7
