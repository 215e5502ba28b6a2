"""The citation graphs that have a name: what is known of them before they are fetched. Without scipy, for the window.

Z. Yang, W. Cohen and R. Salakhutdinov, "Revisiting Semi-Supervised Learning with Graph Embeddings" (Planetoid), 2016,
whose split everybody uses; data of P. Sen et al., "Collective Classification in Network Data", 2008.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from engine.datasets.fetched import Download, Fetchable

KARATE = "karate"
ABOUT_KARATE = "34 people and 78 friendships; who follows whom when the club splits?"
TITLES = {KARATE: "Karate club", "cora": "Cora", "citeseer": "CiteSeer", "pubmed": "PubMed"}
PARTS = ("x", "y", "tx", "ty", "allx", "ally", "graph", "test.index")
"""The files of a graph, ind.NAME.PART each."""

_FROM = "https://raw.githubusercontent.com/kimiyoung/planetoid/master/data/"


@dataclass(frozen=True)
class PublishedGraph(Fetchable):
    """A citation graph in eight files.

    Attributes:
        about: what it is, in half a sentence. counts: nodes, words, edges.
        checksum: SHA-256 of its files, all eight combined by exclusive or, as MLDatasets.jl publishes it.
    """

    about: str
    counts: tuple[int, int, int]
    checksum: str

    def is_it(self, contents: Iterable[bytes]) -> bool:
        """Whether these are its files, in any order."""
        digests = (int.from_bytes(hashlib.sha256(content).digest()) for content in contents)
        return f"{reduce(int.__xor__, digests, 0):064x}" == self.checksum


def _published(
    name: str, about: str, class_names: tuple[str, ...], counts: tuple[int, int, int], size: int, checksum: str
) -> PublishedGraph:
    """size: of all files together, about, in bytes; none of them is known exactly before it has come."""
    files = [f"ind.{name}.{part}" for part in PARTS]
    downloads = tuple(Download(file, size // len(files), f"{_FROM}{file}") for file in files)
    return PublishedGraph(name, TITLES[name], class_names, downloads, about, counts, checksum)


GRAPHS = {
    one.name: one
    for one in (
        _published(
            "cora",
            "2,708 papers on machine learning and their 5,278 citations; what is each about?",
            (
                "Theory",
                "Reinforcement learning",
                "Genetic algorithms",
                "Neural networks",
                "Probabilistic methods",
                "Case-based",
                "Rule learning",
            ),
            (2708, 1433, 5278),
            600_000,
            "81de017067dc045ebdb8ffd5c0e69a209973ffdb1fe2d5b434e94d3614f3f5c7",
        ),
        _published(
            "citeseer",
            "3,327 papers of computer science and their 4,552 citations; what is each about?",
            ("Artificial intelligence", "Machine learning", "Retrieval", "Databases", "Agents", "Interaction"),
            (3327, 3703, 4552),
            1_200_000,
            "7f7ec4df97215c573eee316de35754d89382011dfd9fb2b954a4a491057e3eb3",
        ),
        _published(
            "pubmed",
            "19,717 papers on diabetes and their 44,324 citations; on which kind of it is each?",
            ("Class 0", "Class 1", "Class 2"),
            (19_717, 500, 44_324),
            9_000_000,
            "0b8bf8e80564611b540655e9cbb8c5900dd3728d4ababe0b990b6f27144bd76c",
        ),
    )
}
"""By name. Edges are counted without loops, each once."""
