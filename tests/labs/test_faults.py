"""The faults lab on a small network: every series at every rate, repeatable, as a record and for people."""

import argparse
import json
import threading
from functools import partial

import numpy as np
import pytest

from engine import datasets, threads
from engine import messages as m
from engine.errors import BadInput, Unsupported
from engine.faults import memories, sweep
from engine.faults.cells import Failures
from engine.faults.masks import failing
from engine.faults.programming import SAFE
from engine.inference import modelfile
from engine.inference.backends.naive import BACKEND as ORACLE
from engine.labs.faults import LAB, FaultPoint, FaultSummary, Programming, RunFaults
from engine.streams import stream
from tests.faults.test_memories import broken_by_hand
from tests.inference import builders

RATES = (0.0, 0.01, 0.5)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A binarized network, its twin and a test set of which it has all right."""
    rng = np.random.default_rng(0)
    about = {"shape": (4, 5, 1), "classes": 3}
    networks = {"model": builders.packed(rng, hidden=(30, 9)), "twin": builders.floating(rng)}
    images = rng.integers(0, 256, (1200, 4, 5, 1), np.uint8)
    labels = ORACLE.load(networks["model"]).scores(images).argmax(1)
    tiny = datasets.Dataset("", "tiny", images, labels, images, labels, ("0", "1", "2"), "mnist")
    monkeypatch.setattr(datasets, "load", lambda name: tiny)  # noqa: ARG005 - whatever it is called
    assert about["shape"] == networks["model"].metadata.input_shape
    paths = {name: str(tmp_path / f"{name}.safetensors") for name in networks}
    for name, network in networks.items():
        modelfile.save(paths[name], network)
    return paths | {"network": networks["model"], "data": tiny}


def run(request):
    return [event for event in LAB.run(request) if isinstance(event, m.LabResult)]


def points(results):
    return {(p.series, p.rate): p for p in results if isinstance(p, FaultPoint)}


def test_every_series_is_there_at_every_rate(files):
    results = run(RunFaults(files["model"], files["twin"], files["model"], RATES, draws=2))
    series = ["network", "coded", "hardened", "float32", "int8", "layer 1", "layer 2", "layer 3"]
    found = points(results)
    assert set(found) == {(name, rate) for name in series for rate in RATES}
    assert all(point.accuracies.size == (2 if point.rate else 1) for point in found.values())
    assert found["network", 0.0].accuracies == [1.0]
    assert found["network", 0.01].accuracies.mean() > found["network", 0.5].accuracies.mean()
    assert np.array_equal(found["network", 0.5].accuracies, found["hardened", 0.5].accuracies)
    (summary,) = (each for each in results if isinstance(each, FaultSummary))
    assert (summary.images, summary.bits) == (1200, files["network"].weight_count)
    assert summary.draws_per_second > 0


def test_a_draw_is_the_network_broken_by_its_stream_and_the_seed_repeats_it(files):
    request = RunFaults(files["model"], rates=(0.0, 0.03), draws=3, seed=7, layers=False)
    found = points(run(request))["network", 0.03].accuracies
    assert np.array_equal(found, points(run(request))["network", 0.03].accuracies)
    for draw, accuracy in enumerate(found):
        wrong = []
        for layer, product in enumerate(files["network"].layers()):
            signs = np.zeros(product.outputs * product.inputs, bool)
            signs[failing(stream("faults", 7, draw, layer, 0), signs.size, 0.03)] = True
            wrong.append(signs)
        scores = ORACLE.load(broken_by_hand(files["network"], wrong)).scores(files["data"].test_images)
        assert accuracy == (scores.argmax(1) == files["data"].test_labels).mean()


@pytest.mark.parametrize(("kind", "images", "blocks"), [("write", 1200, 1), ("read", 1200, 2), ("image", 50, 50)])
def test_bits_are_read_wrong_anew_for_every_batch_or_image(files, monkeypatch, kind, images, blocks):
    monkeypatch.setattr(sweep, "MOST_IMAGES", {"image": 50})
    flips = []
    flip = memories.PackedMemory.flip
    monkeypatch.setattr(memories.PackedMemory, "flip", lambda *a: (flips.append(a[1]), flip(*a)))
    request = RunFaults(files["model"], rates=(0.0, 0.2), draws=1, layers=False, failures=Failures(kind))
    results = run(request)
    assert next(each.images for each in results if isinstance(each, FaultSummary)) == images
    assert len(flips) == 2 * 2 * 3 * blocks  # the network and the coded one, timed and drawn, three layers each


def test_threads_share_the_draws_and_change_nothing(files):
    request = RunFaults(files["model"], files["twin"], rates=RATES, draws=5)
    alone = points(run(request))
    with threads.limited(3):
        for key, point in points(run(request)).items():
            assert np.array_equal(point.accuracies, alone[key].accuracies), key
        assert threads.limit() == 3


def test_it_can_be_left_in_the_middle(files):
    events = LAB.run(RunFaults(files["model"], rates=RATES, draws=5))
    next(event for event in events if isinstance(event, FaultPoint) and event.rate)
    events.close()
    assert threads.limit() == 1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("draw")]


def test_where_native_kernels_do_not_run_the_figures_are_the_same(files, monkeypatch):
    request = RunFaults(files["model"], rates=(0.0, 0.1), draws=2, layers=False)
    native = points(run(request))
    monkeypatch.setattr(sweep, "PackedMemory", partial(memories.RebuiltMemory, thresholds=False))
    for key, point in points(run(request)).items():
        assert np.array_equal(point.accuracies, native[key].accuracies), key


def test_a_network_on_bits_reads_the_same_pictures_as_bits(files, tmp_path):
    path = str(tmp_path / "bits.safetensors")
    modelfile.save(path, builders.packed(np.random.default_rng(3), hidden=(30,), source="bits"))
    found = points(run(RunFaults(path, files["twin"], files["model"], rates=(0.0, 0.1), draws=1)))
    assert {name for name, _ in found} >= {"network", "hardened", "float32", "layer 2"}


def test_thresholds_fail_only_where_asked(files):
    request = RunFaults(files["model"], rates=(0.0, 0.1), draws=2, layers=False)
    with_thresholds = RunFaults(files["model"], rates=(0.0, 0.1), draws=2, layers=False, thresholds=True)
    one, other = (points(run(each))["network", 0.1].accuracies for each in (request, with_thresholds))
    assert not np.array_equal(one, other)


def test_programming_is_chosen_by_the_loss(files):
    for loss, least in ((0.0, 1e-3), (0.9, 0.3)):
        results = run(RunFaults(files["model"], rates=RATES, draws=2, layers=False, loss=loss))
        (programming,) = (each for each in results if isinstance(each, Programming))
        assert programming.choices["safe"].rate == SAFE
        assert programming.choices["network"].energy <= programming.choices["safe"].energy
        assert (programming.choices["network"].rate > least) == (loss > 0)


def test_progress_says_which_series_and_only_grows(files):
    events = LAB.run(RunFaults(files["model"], rates=RATES, draws=2))
    said = [event for event in events if isinstance(event, m.Progress)]
    shares = [event.share for event in said if event.share is not None]
    assert shares == sorted(shares)
    assert shares[-1] < 1
    assert said[-1].doing == "layer 3 alone, 0.5 broken"


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"model": "twin"}, Unsupported, "float weights"),
        ({"twin": "model"}, Unsupported, "binary weights"),
        ({"rates": (2.0,)}, BadInput, "probabilities"),
        ({"rates": (0.6,), "failures": Failures("write", 2.0, 1.0)}, BadInput, "probabilities"),
        ({"rates": ()}, BadInput, "all are 0"),
        ({"rates": (0.0,)}, BadInput, "all are 0"),
        ({"draws": 0}, BadInput, "0 draws"),
        ({"loss": -0.1}, BadInput, "points"),
        ({"overdrive": 0.5}, BadInput, "never switches"),
        ({"overdrive": float("nan")}, BadInput, "overdrive of nan"),
        ({"overdrive": 1e308}, BadInput, "overdrive of 1e"),
        ({"seed": -1}, BadInput, "seed is -1"),
    ],
)
def test_what_cannot_be_run_is_refused(files, changes, error, words):
    with pytest.raises(error, match=words):
        run(
            RunFaults(
                **{
                    "model": files["model"],
                    **{
                        key: files.get(value, value) if isinstance(value, str) else value
                        for key, value in changes.items()
                    },
                }
            )
        )


def test_the_command_line_asks_and_tells(files):
    parser = argparse.ArgumentParser()
    LAB.add_arguments(parser)
    arguments = (
        f"{files['model']} --twin {files['twin']} --rates 0 0.1 --draws 2 --kind stuck --up 0 --no-layers --loss 1"
    )
    request = LAB.request(parser.parse_args(arguments.split()))
    assert request == RunFaults(
        files["model"], files["twin"], rates=(0.0, 0.1), draws=2, failures=Failures("stuck", 0.0, 1.0), layers=False,
        loss=0.01,
    )  # fmt: skip
    record = LAB.record(run(request))
    assert json.loads(json.dumps(record)) == record
    assert record["series"]["network"]["rates"] == [0.0, 0.1]
    assert {"choices", "draws_per_second", "seconds", "images", "bits", "model", "kind"} <= set(record)
    lines = list(LAB.lines(record))
    assert lines[0].startswith("random: ")
    assert any("SECDED" in line for line in lines)


def test_cells_that_are_stuck_bear_half_as_many_wrong_bits_as_cells(files):
    """The pulse is chosen by wrong bits, of which half of the stuck cells' are none."""
    rates = (0.0, 0.05, 0.1)
    found = []
    for kind in ("write", "stuck"):
        request = RunFaults(files["model"], rates=rates, draws=2, layers=False, failures=Failures(kind), loss=1.0)
        (programming,) = (each for each in run(request) if isinstance(each, Programming))
        found.append(programming.choices["network"].rate)
    assert found == pytest.approx([0.1, 0.05], rel=0.02)
