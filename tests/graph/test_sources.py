"""Graphs by name, from .npz files and from Planetoid's pickles, sound and not."""

import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.datasets import catalogue
from engine.datasets.fetched import Download, NotFetched
from engine.errors import BadFile, BadInput, FlipscopeError, UnknownName
from engine.graph import planetoid, published, sources
from engine.messages import DataFetched
from engine.training.fetch import fetch
from tests.graph import made

SHARED = Path(__file__).parents[3] / "shared" / "data" / "graphs"


@pytest.fixture
def graph():
    return made.small()


@pytest.fixture
def files(graph):
    return made.planetoid(graph, np.random.default_rng(1).permutation(graph.test))


def same(one, other):
    assert (one.features != other.features).nnz == 0
    for key in ("edges", "labels", "train", "val", "test"):
        np.testing.assert_array_equal(getattr(one, key), getattr(other, key))


def test_the_karate_club():
    networkx = pytest.importorskip("networkx", reason="knows the club too")
    club, known = sources.load("karate"), networkx.karate_club_graph()
    assert {tuple(edge) for edge in club.edges.T.tolist()} == {tuple(sorted(edge)) for edge in known.edges}
    assert [known.nodes[i]["club"] != "Mr. Hi" for i in range(34)] == (club.labels == 1).tolist()
    assert club.edges.shape == (2, 78)


@pytest.mark.parametrize("numbers", [False, True])
def test_a_graph_is_kept_and_read_again(tmp_path, numbers):
    graph = made.small(numbers=numbers)
    np.savez(tmp_path / "small.npz", **sources.to_npz(graph))
    same(sources.load(str(tmp_path / "small.npz")), graph)


def test_words_are_ones_where_nothing_else_is_said(tmp_path, graph):
    arrays = sources.to_npz(graph)
    del arrays["data"]
    np.savez(tmp_path / "small.npz", **arrays, names=["a", "b", "c"])
    found = sources.load(str(tmp_path / "small.npz"))
    same(found, graph)
    assert found.class_names == ("a", "b", "c")


@pytest.mark.parametrize("numbers", [False, True])  # words that are there, and numbers as PubMed has them
def test_a_folder_of_planetoids_files(tmp_path, numbers):
    graph = made.small(numbers=numbers)
    files = made.planetoid(graph, np.random.default_rng(1).permutation(graph.test))
    same(sources.load(str(made.save(tmp_path / "there", files))), graph)


def test_a_node_that_no_file_has_words_of_is_there_without(files):
    files["test.index"] = files["test.index"].replace(b"39", b"41")  # 39 and 40 are nobody
    found = planetoid.parsed(files, "small")
    assert found.nodes == 42
    assert found.labels[[39, 40]].tolist() == [-1, -1]
    assert found.features[[39, 40]].nnz == 0


def test_a_pickle_that_would_do_something_does_nothing(files, tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "evil"),)

    with pytest.raises(BadFile, match="has no place"):
        planetoid.parsed(files | {"x": pickle.dumps(Evil())}, "small")
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("part", ["x", "ally", "graph"])
def test_damaged_files_are_refused_in_a_sentence(files, part):
    sound, rng = files[part], np.random.default_rng(0)
    refused = 0
    for _ in range(150):
        content = bytearray(sound)
        content[rng.integers(len(content))] = rng.integers(256)
        cut = bytes(content[: rng.integers(1, len(content) + 1)])
        try:
            planetoid.parsed(files | {part: cut}, "small")
        except FlipscopeError as error:
            refused += bool(error.remedy)
    assert refused > 100  # a byte of a word or a label may be another and sound


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"edges": np.array([[0], [99]])}, "edges to nodes"),
        ({"edges": np.array([[0], [-1]])}, "none of a node"),
        ({"edges": np.zeros((3, 2), int)}, r"not \[2, M\]"),
        ({"indices": None}, "lacks indices"),
        ({"indices": np.full(5, 10**6)}, "no sound graph"),
        ({"shape": np.array([40, 10**12])}, "words a node"),
        ({"labels": np.full(40, 10**12)}, "classes"),
        ({"train": np.array([0, 0])}, "twice"),
        ({"train": np.array([], int)}, "no training"),
        ({"labels": np.full(40, -1)}, "classes"),
        ({"train": np.array([0.5])}, "whole numbers"),
    ],
)
def test_an_npz_that_is_no_graph(tmp_path, graph, changed, said):
    arrays = {key: value for key, value in (sources.to_npz(graph) | changed).items() if value is not None}
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises((BadFile, BadInput), match=said):
        sources.load(str(tmp_path / "bad.npz"))


def test_what_is_not_there_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("FLIPSCOPE_HOME", str(tmp_path / "home"))
    with pytest.raises(NotFetched, match="data fetch pubmed"):
        sources.load("pubmed")
    with pytest.raises(UnknownName, match="Did you mean 'cora'"):
        sources.load("coar")
    with pytest.raises(BadFile, match="no Planetoid files"):
        sources.load(str(tmp_path))
    with pytest.raises(BadFile, match="no file"):
        sources.load(str(tmp_path / "none.npz"))


@pytest.fixture
def web(tmp_path, monkeypatch, graph, files):
    """The small graph as if it were Cora, and published on this disk."""
    monkeypatch.setenv("FLIPSCOPE_HOME", str(tmp_path / "home"))
    folder = made.save(tmp_path / "web", files, "cora")
    downloads = tuple(Download(f.path, 10, (folder / f.path).as_uri()) for f in published.GRAPHS["cora"].downloads)
    counts, checksum = (graph.nodes, graph.words, graph.edges.shape[1]), 0
    for content in files.values():
        checksum ^= int.from_bytes(published.hashlib.sha256(content).digest())
    one = replace(published.GRAPHS["cora"], downloads=downloads, counts=counts, checksum=f"{checksum:064x}")
    monkeypatch.setitem(published.GRAPHS, "cora", one)
    return folder


@pytest.mark.usefixtures("web")
def test_a_published_graph_is_fetched_checked_and_kept(graph):
    assert isinstance(list(fetch("cora"))[-1], DataFetched)
    found = sources.load("cora")
    same(found, graph)
    assert found.title == "Cora"
    assert not catalogue.fetchable("cora").folder.exists()
    assert next(state for state in catalogue.graph_states() if state.name == "cora").ready


def test_what_is_not_what_was_published_is_refused_and_fetched_again(web, files):
    (web / "ind.cora.ty").write_bytes(files["ty"] + b" ")
    with pytest.raises(FlipscopeError, match="checksum"):
        list(fetch("cora"))
    (web / "ind.cora.ty").write_bytes(files["ty"])
    assert isinstance(list(fetch("cora"))[-1], DataFetched)


def test_without_the_net_the_files_may_be_brought(web):
    one = catalogue.fetchable("cora")
    moved = (web / "ind.cora.graph").rename(web / "elsewhere")
    with pytest.raises(FlipscopeError) as refused:
        list(fetch("cora"))
    assert str(one.folder) in refused.value.remedy
    moved.rename(one.folder / "ind.cora.graph")
    list(fetch("cora"))
    assert sources.load("cora").title == "Cora"


@pytest.mark.parametrize(("name", "isolated"), [("cora", 0), ("citeseer", 48)])
def test_the_published_counts(name, isolated):
    path = SHARED / f"{name}.npz"
    if not path.exists():
        pytest.skip("the published graphs are not beside this tree")
    graph = sources.load(str(path))
    assert (graph.nodes, graph.words, graph.edges.shape[1]) == published.GRAPHS[name].counts
    assert np.setdiff1d(np.arange(graph.nodes), graph.edges).size == isolated
