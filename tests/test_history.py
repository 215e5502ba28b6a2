"""The history: exact reconstruction, thinning that adds flips up, and a bound of memory that holds."""

import tracemalloc
from bisect import bisect_right
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import messages as m
from engine.bits import pack, unpack, words_for
from engine.curves import Curves
from engine.errors import BadInput, UnknownName
from engine.history import History

SHAPES = ((40, 70), (10, 40))


def scalars(first, last, layers=2, loss=1.0):
    step = np.arange(first, last + 1)
    n = step.size
    return m.Scalars(
        step,
        np.full(n, loss, np.float32),
        np.full(n, 0.5, np.float32),
        np.full((n, layers), 0.25, np.float32),
    )


def layer_frame(rng, bits, flips):
    outputs, inputs = bits.shape
    tiles = rng.integers(0, 9, (-(-outputs // 8), words_for(inputs)), dtype=np.uint32)
    histogram = rng.integers(0, 1000, (2, m.BINS))
    return m.LayerFrame(
        f"{inputs}->{outputs}", outputs, inputs, pack(bits), tiles, int(tiles.sum()), flips, histogram[0], 0.1,
        histogram[1], 0.5,
    )  # fmt: skip


def frames(count, shapes=SHAPES, flips=0.02, seed=0, every=3):
    """A run of heavy frames, one every `every` steps."""
    rng = np.random.default_rng(seed)
    bits = [rng.random(shape) < 0.5 for shape in shapes]
    for seq in range(count):
        bits = [b ^ (rng.random(b.shape) < flips) for b in bits]
        step = (seq + 1) * every
        yield m.Frame(
            "run", seq, step, step / 100, step / 10, scalars(step - every + 1, step, len(shapes)),
            tuple(layer_frame(rng, b, flips) for b in bits), None, 10.0, 30.0, 0.01,
        )  # fmt: skip


@pytest.fixture
def history():
    made = History()
    yield made
    made.close()


def same_layer(a, b):
    return (
        (a.name, a.outputs, a.inputs, a.flips, a.clipped, a.positive)
        == (b.name, b.outputs, b.inputs, b.flips, b.clipped, b.positive)
        and np.array_equal(a.signs, b.signs)
        and np.array_equal(a.tile_flips, b.tile_flips)
        and np.array_equal(a.latent_histogram, b.latent_histogram)
        and np.array_equal(a.preactivation_histogram, b.preactivation_histogram)
    )


def test_empty(history):
    assert len(history) == 0
    assert history.steps().tolist() == []
    assert history.nearest(5) == 0
    assert history.curve("loss", 0, 10, 5)[0].size == 0
    assert history.scores().accuracy.size == 0
    with pytest.raises(IndexError):
        history.moment(0)


@given(
    count=st.integers(1, 40),
    shape=st.tuples(st.integers(1, 20), st.integers(1, 140)),
    flips=st.sampled_from([0.0, 0.01, 0.5, 1.0]),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=40, deadline=None)
def test_every_moment_comes_back_exactly(count, shape, flips, seed):
    history = History()
    given_frames = []
    for frame in frames(count, (shape, (3, shape[0])), flips, seed):
        history.add(frame)
        history.flush()
        given_frames.append(frame)
    history.close()
    assert history.steps().tolist() == [f.step for f in given_frames]
    for index in range(count):
        moment = history.moment(index)
        assert (moment.step, moment.epoch, moment.time) == (
            given_frames[index].step,
            given_frames[index].epoch,
            given_frames[index].time,
        )
        assert all(map(same_layer, moment.layers, given_frames[index].layers))
        assert np.array_equal(history.signs(index, 0), given_frames[index].layers[0].signs)


def test_newest_is_in_reach_at_once_and_nothing_is_lost_in_the_queue(history):
    """Without waiting for the recorder: what is joined in the queue keeps its flips."""
    total = 0
    for frame in frames(200):
        history.add(frame)
        total += frame.layers[0].flips
        assert history.moment(len(history) - 1).step == frame.step
    history.flush()
    moments = [history.moment(i) for i in range(len(history))]
    assert sum(x.layers[0].flips for x in moments) == total


def test_thinning_keeps_the_whole_run_in_reach_and_the_newest_dense():
    history = History(limit_bytes=900_000)
    by_step, flips, tiles = {}, 0, 0
    for frame in frames(1500):
        history.add(frame)
        history.flush()
        by_step[frame.step] = frame
        flips += frame.layers[0].flips
        tiles = tiles + frame.layers[0].tile_flips
        assert history.bytes <= history.limit_bytes
    history.close()
    steps = history.steps()
    assert 60 < steps.size < 1000
    assert steps[0] == 3
    assert steps[-1] == 4500
    gaps = np.diff(steps)
    assert gaps[-8:].max() == 3
    assert gaps[: gaps.size // 2].mean() > 2 * gaps[-gaps.size // 4 :].mean()
    moments = [history.moment(i) for i in range(steps.size)]
    for moment in moments:
        assert np.array_equal(moment.layers[1].signs, by_step[moment.step].layers[1].signs)
    assert sum(x.layers[0].flips for x in moments) == flips
    assert np.array_equal(sum(x.layers[0].tile_flips for x in moments), tiles)
    assert moments[5].layers[0].flip_rate == pytest.approx(0.02)


def test_declared_memory_is_an_upper_bound_of_the_real():
    """Thousands of frames: what Python really holds stays under the limit, and the account does not flatter."""
    limit = 1_500_000
    tracemalloc.start()
    try:
        history = History(limit)
        for frame in frames(3000, ((64, 64), (10, 64)), every=2):
            history.add(frame)
            history.add_score(scored(frame.step))
            history.flush()
        del frame
        held, _ = tracemalloc.get_traced_memory()
        declared = history.bytes
        history.close()
    finally:
        tracemalloc.stop()
    assert held <= declared <= limit


def test_closed_history_can_still_be_read():
    history = History()
    for frame in frames(20):
        history.add(frame)
    history.close()
    history.close()
    assert history.moment(len(history) - 1).step == 60
    assert history._thread is None


def test_light_frames_feed_curves_only(history):
    light = m.Frame("run", 0, 5, 0.1, 1.0, scalars(1, 5), (), None, 10.0, 30.0, 0.01)
    history.add(light)
    assert len(history) == 0
    assert history.curve("flips/1", 0, 10, 100)[0].tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("name", ["flop", "flips", "flips/x", ""])
def test_unknown_curve(history, name):
    with pytest.raises(UnknownName):
        history.curve(name, 0, 1, 10)


def scored(step, accuracy=0.9):
    return m.Scored("run", step, step / 100, step / 10, accuracy, 0.3, np.eye(3, dtype=np.int64) * step, "naive")


def test_moment_carries_the_score_known_by_then(history):
    for frame in frames(4):
        history.add(frame)
        history.flush()
    for step, accuracy in ((6, 0.5), (10, 0.75)):
        history.add_score(scored(step, accuracy))
    assert [history.moment(i).accuracy for i in range(4)] == [None, 0.5, 0.5, 0.75]
    assert history.moment(1).confusion.trace() == 18
    assert history.scores().steps.tolist() == [6, 10]
    assert history.scores().accuracy.tolist() == [0.5, 0.75]


@given(st.lists(st.integers(0, 60), min_size=1, unique=True).map(sorted), st.integers(-5, 70))
@settings(max_examples=60, deadline=None)
def test_nearest_against_the_obvious(steps, wanted):
    history = History()
    history._steps = np.array(steps)
    assert history.nearest(wanted) == min(range(len(steps)), key=lambda i: abs(steps[i] - wanted))


@given(
    values=st.lists(st.floats(-10, 10, width=32) | st.just(float("nan")), max_size=300),
    cuts=st.lists(st.integers(0, 300)),
    window=st.tuples(st.integers(0, 320), st.integers(0, 320)).map(sorted),
    points=st.integers(1, 40),
)
@settings(max_examples=80, deadline=None)
def test_curves_against_the_obvious(values, cuts, window, points):
    """Every stretch holds the minimum and maximum of exactly its own steps, whatever the pieces it came in."""
    curves = Curves(capacity=16)
    data = np.array(values, np.float32)
    edges = sorted({0, len(values), *(c for c in cuts if c < len(values))})
    for begin, end in pairwise(edges):
        part = data[begin:end]
        nothing = np.zeros((part.size, 0), np.float32)
        curves.add(m.Scalars(np.arange(begin, end), part, part, nothing))
    steps, low, high = curves.get(0, *window, points)
    assert steps.size <= points
    everything = [*curves.get(0, 0, len(values), 10_000)[0].tolist(), len(values)]
    for i, step in enumerate(steps.tolist()):
        if i + 1 < steps.size:
            end = int(steps[i + 1])
        else:
            end = everything[bisect_right(everything, min(window[1], len(values) - 1))]
        own = data[step:end]
        expected = (np.nan, np.nan) if np.isnan(own).all() else (np.nanmin(own), np.nanmax(own))
        assert np.array_equal([low[i], high[i]], expected, equal_nan=True)


def test_bits_of_a_moment_read_as_bits(history):
    frame = next(frames(1))
    history.add(frame)
    bits = unpack(history.moment(0).layers[0].signs, 70)
    assert bits.shape == (40, 70)


@pytest.mark.parametrize("kept", [0, 1, 7, 16, 17, 40])
def test_a_rewound_history_goes_on_as_if_the_rest_had_never_been(history, kept):
    """From any place, in the middle of a chunk or at its edge: every later moment reads as it came."""
    sent = list(frames(40))
    for frame in sent:
        history.add(frame)
        history.flush()
        history.add_score(m.Scored("run", frame.step, 0.1, 1.0, 0.9, 0.3, np.eye(2, dtype=np.int64), "naive"))
    history.rewind(3 * kept)
    assert history.steps().tolist() == [frame.step for frame in sent[:kept]]
    assert history.scores().steps.tolist() == [frame.step for frame in sent[:kept]]
    again = [*sent[:kept], *frames(3, seed=9)]
    for index, frame in enumerate(again[kept:]):
        again[kept + index] = replace(frame, step=3 * (kept + index + 1))
        history.add(again[kept + index])
        history.flush()
    for index, frame in enumerate(again):
        np.testing.assert_array_equal(history.moment(index).layers[0].signs, frame.layers[0].signs)


def test_rewound_curves_end_where_the_run_goes_on():
    curves = Curves(capacity=8)
    curves.add(scalars(1, 30))
    curves.rewind(10)
    steps, low, _ = curves.get(0, 0, 100, 100)
    assert steps.max() <= 10
    assert np.isfinite(low).all()
    curves.add(scalars(11, 13, loss=7.0))
    assert curves.get(0, 0, 100, 100)[2].max() == 7.0


@given(st.integers(1, 200), st.integers(1, 60), st.integers(0, 200))
@settings(max_examples=60, deadline=None)
def test_means_are_those_of_the_steps(count, points, back):
    rng = np.random.default_rng(count)
    rows = rng.random((count, 3), np.float32)
    curves = Curves(capacity=16, weights=(5,))
    for first in range(0, count, 7):
        part = rows[first : first + 7]
        curves.add(m.Scalars(np.arange(first + 1, first + len(part) + 1), part[:, 0], part[:, 1], part[:, 2:]))
    curves.rewind(max(1, count - back))
    for kept in (curves, Curves.from_arrays(curves.to_arrays(), 16)):
        steps, means = kept.means(points)
        assert 0 < steps.size <= points
        ends = np.append(steps[1:] - 1, kept.get(0, 0, count, 16)[0][-1] + kept._stride - 1)
        for first, last, mean in zip(steps, np.minimum(ends, kept._count), means, strict=True):
            np.testing.assert_allclose(mean, rows[first - 1 : last].mean(axis=0, dtype=np.float64), rtol=1e-5)


def test_kept_curves_go_on_in_another_capacity():
    whole, half = Curves(64, (5,)), Curves(64, (5,))
    whole.add(scalars(1, 100, 1))
    half.add(scalars(1, 50, 1))
    for capacity in (16, 256):
        again = Curves.from_arrays(half.to_arrays(), capacity)
        again.add(scalars(51, 100, 1))
        assert (again._count, again.weights) == (100, (5,))
        assert again.means(5)[1] == pytest.approx(whole.means(5)[1])


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.pop("low"),
        lambda a: a.update(size=np.array([10, 3])),
        lambda a: a.update(size=np.array([1 << 62, 1])),
        lambda a: a.update(size=np.array([-1, 1])),
        lambda a: a.update(step=a["step"][::-1].copy()),
        lambda a: a.update(high=a["high"][:-1]),
        lambda a: a.update(sum=a["sum"].astype(np.float32)),
        lambda a: a.update(low=a["low"].ravel()),
        lambda a: a.update(weights=0 * a["weights"]),
    ],
)
def test_curves_that_do_not_hold_together_are_refused(change):
    curves = Curves(64, (5,))
    curves.add(scalars(1, 50, 1))
    arrays = curves.to_arrays()
    change(arrays)
    with pytest.raises(BadInput):
        Curves.from_arrays(arrays)


def test_a_past_is_taken_over_and_gone_on_with(history):
    curves = Curves(2048, (5, 5))
    curves.add(scalars(1, 40))
    scores = (m.Scored("run", 20, 0.2, 1.0, 0.9, 0.3, None, ""), m.Scored("run", 40, 0.4, 2.0, 0.95, 0.2, None, ""))
    history.take_past(m.RunPast("run", curves.to_arrays(), scores))
    history.add(replace(next(frames(1)), step=43, scalars=scalars(41, 43)))
    assert history.curve("loss", 0, 99, 99)[0].tolist() == list(range(1, 44))
    assert history.scores().accuracy.tolist() == [0.9, 0.95]
    moment = history.moment(0)
    assert (moment.accuracy, moment.confusion) == (0.95, None)
    trace = history.trace((5, 5), (43, 0.43, 2.2))
    assert trace.steps[-1] == 43
    assert trace.over("epoch", np.array([0, 20, 43])) == pytest.approx([0, 0.2, 0.43])
    assert trace.over("second", np.array([10, 30])) == pytest.approx([0.5, 1.5])
