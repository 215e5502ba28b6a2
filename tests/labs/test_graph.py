"""The graph lab on the karate club: every result, the command's record and words, and what cannot be asked."""

import argparse
import json

import numpy as np
import pytest
import torch

import main
from engine import messages as m
from engine.bits import words_for
from engine.errors import BadInput, UnknownName
from engine.labs.graph import (
    LAB,
    GraphCosts,
    GraphEpoch,
    GraphLength,
    GraphPlaces,
    GraphRetrieval,
    GraphSeed,
    GraphShape,
    RunGraph,
)


@pytest.fixture(scope="module")
def results():
    request = RunGraph(bits=8, seeds=2, lengths=(2, 70), epochs=20, layout=True)
    events = list(LAB.run(request))
    shares = [event.share for event in events if isinstance(event, m.Progress) and event.share is not None]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    return [event for event in events if isinstance(event, m.LabResult)]


def of(results, kind):
    return [one for one in results if isinstance(one, kind)]


def test_the_same_figures_come_of_any_number_of_threads():
    """Of many, sums of floats come in another order, and after a thousand epochs other networks."""
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        list(LAB.run(RunGraph(bits=4, seeds=1, epochs=5)))
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_the_graph_comes_first_and_its_nodes_find_their_places(results):
    (shape,), places = of(results, GraphShape), of(results, GraphPlaces)
    assert results[0] is shape
    assert (shape.edges.shape, shape.part.tolist().count(3)) == ((2, 78), 32)
    assert [one.final for one in places] == [False] * (len(places) - 1) + [True]
    assert places[-1].places.shape == (34, 2)


def test_the_first_seed_is_seen_live_and_every_seed_is_told(results):
    for series, binary in (("network", True), ("twin", False)):
        seen = [one for one in of(results, GraphEpoch) if one.series == series]
        assert [one.final for one in seen][-1]
        assert all((one.code is not None) == binary for one in seen)
        assert all(one.predictions.shape == (34,) for one in seen)
        seeds = [one for one in of(results, GraphSeed) if one.series == series]
        assert [one.seed for one in seeds] == [0, 1]
        assert seeds[0].test == seen[-1].accuracies["test"]
    assert seen[0].epochs == 20


def test_codes_of_other_lengths_costs_and_retrieval(results):
    lengths = {one.bits: one for one in of(results, GraphLength)}
    assert set(lengths) == {2, 70}
    assert all(one.accuracies.shape == (2,) and 0 <= one.precision <= 1 for one in lengths.values())
    (costs,), (retrieval,) = of(results, GraphCosts), of(results, GraphRetrieval)
    assert costs.memory["codes_bits"] == 34 * 8 * words_for(8)
    assert costs.memory["codes_float"] == 34 * 8 * 4
    assert all(seconds > 0 for seconds in costs.seconds.values())
    assert set(retrieval.precision) == {"bags of words", "codes of 8 bits", "8 floats"}


def test_the_record_survives_json_and_is_put_in_words(results):
    record = json.loads(json.dumps(LAB.record(results)))
    assert record["network"]["model"] == "bi-gcn"
    assert record["network"]["mean"] == pytest.approx(np.mean(record["network"]["test"]))
    assert [one["bits"] for one in record["lengths"]] == [2, 70]
    assert {"memory", "seconds", "precision", "twin", "nodes"} <= record.keys()
    said = "\n".join(LAB.lines(record))
    assert "34 nodes, 78 edges" in said
    assert "Bi-GCN" in said
    assert "kB" in said


def test_a_float_network_alone_has_no_codes_and_no_costs():
    results = of(LAB.run(RunGraph(model="sage", bits=4, seeds=1, epochs=5)), m.LabResult)
    assert {type(one) for one in results} == {GraphShape, GraphEpoch, GraphSeed, GraphRetrieval}
    assert list(LAB.lines(LAB.record(results)))


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"model": "bi-gnc"}, UnknownName),
        ({"bits": 0}, BadInput),
        ({"lengths": (4, 2000)}, BadInput),
        ({"seeds": 0}, BadInput),
        ({"epochs": -1}, BadInput),
        ({"model": "gcn", "lengths": (4,)}, BadInput),
    ],
)
def test_what_cannot_be_asked(asked, error):
    with pytest.raises(error):
        RunGraph(**asked)


def test_the_command_asks_for_what_it_is_given():
    parser = argparse.ArgumentParser()
    LAB.add_arguments(parser)
    plain = LAB.request(parser.parse_args([]))
    assert plain == RunGraph()
    asked = ["--data", "cora", "--model", "bi-sage", "--bits", "32", "--seeds", "3", "--no-twin", "--lengths", "4"]
    assert LAB.request(parser.parse_args(asked)) == RunGraph("cora", "bi-sage", 32, 3, False, (4,))
    assert LAB.request(parser.parse_args(["--lengths"])).lengths[0] == 2


def test_a_malformed_file_is_refused_with_code_2(tmp_path, capsys):
    (tmp_path / "bad.npz").write_bytes(b"no zip at all")
    assert main.main(["graph", "--data", str(tmp_path / "bad.npz"), "--json"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "bad.npz" in told.err
    assert "docs/graph.md" in told.err
    assert main.main(["graph", "--data", "coar"]) == 2
    assert "cora" in capsys.readouterr().err
