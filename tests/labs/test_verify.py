"""The verification lab on a small network: every engine agrees with brute force, as a record and for people."""

import argparse
import json

import numpy as np
import pytest

from engine import datasets
from engine import messages as m
from engine.errors import BadInput, UnknownName, Unsupported
from engine.inference import modelfile
from engine.labs.verify import ENGINES, LAB, RunVerify, Verdict
from engine.verify import queries
from engine.verify.region import Region
from tests.inference import builders
from tests.verify.builders import brute_force, classes_of, network


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Networks on 9 bits and a test set of which the first has all but one right."""
    rng = np.random.default_rng(4)
    images = np.where(rng.random((12, 1, 9, 1)) < 0.5, np.uint8(255), np.uint8(0))
    paths = {name: str(tmp_path / f"{name}.safetensors") for name in ("model", "other", "pixels")}
    nets = [network(rng, [9, 8, 3]), network(rng, [9, 5, 4, 3]), builders.packed(rng)]
    for path, net in zip(paths.values(), nets, strict=True):
        modelfile.save(path, net)
    labels = classes_of(nets[0], images.reshape(12, 9) > 0)
    labels[0] = (labels[0] + 1) % 3
    tiny = datasets.Dataset("tiny", "tiny", images, labels, images, labels, ("0", "1", "2"), "mnist-bits")
    monkeypatch.setattr(datasets, "load", lambda name: tiny)  # noqa: ARG005 - whatever it is called
    monkeypatch.setattr("engine.verify.asked._dataset", lambda network: tiny)  # noqa: ARG005
    return paths | {"network": nets[0], "images": images, "labels": labels}


def run(request):
    return [event for event in LAB.run(request) if isinstance(event, m.LabResult)]


def asked(*arguments):
    parser = argparse.ArgumentParser()
    LAB.add_arguments(parser)
    return LAB.request(parser.parse_args(arguments))


def test_the_engines_are_those_there_are():
    assert set(ENGINES) == set(queries.ENGINES)


@pytest.mark.parametrize("engine", ["enumerate", "bdd", "auto", "sat"])
@pytest.mark.parametrize("index", [1, 5])
def test_counts_are_those_of_brute_force(files, engine, index):
    record = LAB.record(run(asked(files["model"], "--index", str(index), "--radius", "3", "--engine", engine)))
    centre = files["images"][index].ravel() > 0
    counts = brute_force(files["network"], Region.ball(centre, 3))
    label = int(record["label"])
    assert record["region_size"] == sum(counts) == 130
    assert record["status"] == ("proved" if counts[label] == 130 else "refuted")
    assert record["engine"] == ("enumerate" if engine == "auto" else engine)
    if engine != "sat":
        assert tuple(record["per_class"]) == counts
        assert record["robust"] == counts[label]
    if record["counterexample"] is not None:
        found = np.ravel(record["counterexample"]).astype(bool)
        assert 1 <= np.count_nonzero(found != centre) <= 3
        assert classes_of(files["network"], found[np.newaxis])[0] == int(record["counterclass"]) != label
    assert json.loads(json.dumps(record)) == record
    assert record["status"] in next(LAB.lines(record))


def test_explanations_and_the_largest_radius(files):
    arguments = ("--index", "2", "--radius", "9", "--explain", "--tolerance", "0")
    record = LAB.record(run(asked(files["model"], *arguments)))
    centre = files["images"][2].ravel() > 0
    forcing, largest = record["explanation"]["forcing"], record["largest"]["largest_radius"]
    free = np.setdiff1d(np.arange(9), forcing)
    counts = brute_force(files["network"], Region.cube(centre, free))
    assert counts[int(record["label"])] == sum(counts)
    assert set(record["explanation"]["essential"]) <= set(forcing)
    holds = [sum(c) == c[int(record["label"])] for c in _balls(files["network"], centre)]
    assert largest == (holds.index(False) if False in holds else 10) - 1
    assert any("force the class within radius 9" in line for line in LAB.lines(record))


def _balls(net, centre):
    return [brute_force(net, Region.ball(centre, radius)) for radius in range(10)]


def test_a_sweep_counts_the_images_that_stay_right(files):
    record = LAB.record(run(asked(files["model"], "--radius", "2", "--sweep", "12", "--other", files["other"])))
    first, second = record["sweep"]
    expected = [0, 0, 0]
    for image, label in zip(files["images"], files["labels"], strict=True):
        for radius in range(3):
            counts = brute_force(files["network"], Region.ball(image.ravel() > 0, radius))
            expected[radius] += counts[label] == sum(counts)
    assert first["robust"] == expected
    assert first["unknown"] == [0, 0, 0]
    assert (first["images"], second["images"], expected[0]) == (12, 12, 11)
    assert any("12 test images" in line for line in LAB.lines(record))


def test_a_sweep_beyond_the_number_of_inputs_is_of_all_there_are(files):
    curves = [
        LAB.record(run(asked(files["model"], "--radius", radius, "--sweep", "12")))["sweep"][0]["robust"]
        for radius in ("9", "12")
    ]
    assert curves[1] == curves[0] + 3 * curves[0][-1:]


def test_a_largest_radius_that_was_not_counted_says_so(files):
    arguments = ("--index", "2", "--radius", "9", "--tolerance", "0.0001", "--engine", "sat")
    found = LAB.record(run(asked(files["model"], *arguments)))["largest"]
    assert found["largest_radius"] < 9
    assert "does not count" in found["note"]


def test_no_time_is_no_answer(files):
    request = RunVerify(files["model"], 9, index=1, engine="enumerate", seconds=0.01)
    (verdict,) = [each for each in run(request) if isinstance(each, Verdict)]
    assert verdict.status in ("out of budget", "proved", "refuted")


@pytest.mark.parametrize(
    ("change", "error", "why"),
    [
        ({"engine": "bbd"}, UnknownName, "Did you mean 'bdd'"),
        ({"radius": -1}, BadInput, "radius"),
        ({"index": None}, BadInput, "No inputs"),
        ({"picture": "a.png"}, BadInput, "2 inputs"),
        ({"sweep": -1}, BadInput, "sweep"),
    ],
)
def test_what_cannot_be_asked_is_refused(change, error, why):
    with pytest.raises(error, match=why):
        RunVerify(**{"model": "m", "radius": 1, "index": 0, **change})


def test_what_cannot_be_verified_is_refused(files):
    with pytest.raises(Unsupported, match="dense layers on bits"):
        run(RunVerify(files["pixels"], 1, index=0))
    with pytest.raises(BadInput, match="no test image 12"):
        run(RunVerify(files["model"], 1, index=12))
    with pytest.raises(BadInput, match="radius is 10"):
        run(RunVerify(files["model"], 10, index=0))
    with pytest.raises(BadInput, match="One network"):
        asked("--index", "1")
