"""The data commands' records: they survive JSON and hold the fields that were promised."""

import json

import numpy as np
import pytest

from engine import datasets
from engine.datasets import catalogue, commands
from engine.errors import BadFile, BadInput, UnknownName
from engine.graph import sources
from tests.graph import made


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("FLIPSCOPE_HOME", str(tmp_path))


def test_every_data_set_is_listed_with_its_state():
    rows = {row["name"]: row for row in json.loads(json.dumps(commands.listed()))["data"]}
    assert set(rows) == {*datasets.names(), "karate", "cora", "citeseer", "pubmed"} >= {"mnist", "cifar10", "svhn"}
    assert (rows["mnist"]["ready"], rows["mnist"]["download"]) == (True, 0)
    assert not rows["cifar10"]["ready"]
    assert "data fetch cifar10" in rows["cifar10"]["note"]
    assert all(row["title"] and row["about"] for row in rows.values())


def test_one_that_is_there_is_told_with_its_place():
    one = catalogue.fetchable("svhn")
    one.path.parent.mkdir(parents=True)
    one.path.write_bytes(b"x")
    row = next(row for row in commands.listed()["data"] if row["name"] == "svhn")
    assert (row["ready"], row["note"]) == (True, str(one.path))


def test_what_a_path_holds_is_shown(tmp_path):
    np.savez(tmp_path / "set.npz", images=np.zeros((12, 3, 4), np.uint8), labels=np.arange(12) % 2, names=["no", "yes"])
    record = json.loads(json.dumps(commands.shown(str(tmp_path / "set.npz"))))
    assert record["classes"] == [{"name": name, "training": 5, "test": 1} for name in ("no", "yes")]
    assert (record["training_images"], record["test_images"], record["input_shape"]) == (10, 2, [3, 4, 1])
    assert "fifth" in record["note"]


def test_what_cannot_be_fetched_needs_no_child_to_say_so(monkeypatch):
    monkeypatch.setattr(commands, "Child", None)
    with pytest.raises(BadInput, match="nothing to fetch"):
        commands.fetched("mnist")
    with pytest.raises(BadInput, match="nothing to fetch"):
        commands.fetched("karate")
    with pytest.raises(UnknownName):
        commands.fetched("cifar11")


def test_a_graph_is_shown_by_name_as_a_file_and_as_a_folder(tmp_path):
    graph = made.small()
    np.savez(tmp_path / "small.npz", **sources.to_npz(graph))
    folder = made.save(tmp_path / "small", made.planetoid(graph, graph.test))
    file, files = (json.loads(json.dumps(commands.shown(str(path)))) for path in (tmp_path / "small.npz", folder))
    assert file == files
    assert (file["kind"], file["nodes"], file["edges"], file["words"]) == ("graph", 40, graph.edges.shape[1], 70)
    for part, nodes in (("nodes", 40), ("training", 6), ("validation", 26), ("test", 8)):
        assert sum(one[part] for one in file["classes"]) == nodes
    assert commands.shown("karate")["classes"][0] == {
        "name": "Mr. Hi", "nodes": 17, "training": 1, "validation": 0, "test": 16,
    }  # fmt: skip


def test_what_is_no_graph_is_told_as_a_data_set(tmp_path):
    (tmp_path / "torn.npz").write_bytes(b"PK no archive")
    with pytest.raises(BadFile, match="not a sound npz"):
        commands.shown(str(tmp_path / "torn.npz"))
    with pytest.raises(UnknownName, match="Did you mean 'cora'"):
        commands.shown("coar")
