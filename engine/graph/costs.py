"""What a binarized graph network and its float twin cost to keep and to run, measured in turns on this machine."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator

from engine import threads
from engine.graph.networks import BitNetwork, FloatNetwork, Inputs
from engine.inference.backend import Backend
from engine.turns import Turns, clock

ROUNDS = 7
DENSE = 1 << 26
"""Values of dense words at most that are laid out to be timed."""

Figures = dict[str, float]


def memory(network: BitNetwork, twin: FloatNetwork, given: Inputs) -> dict[str, int]:
    """Bytes of weights, of words at the nodes, and of one embedding of every node."""
    nodes, words = given.words.shape
    hidden = network.hidden.factor.size
    sparse = sum(array.nbytes for array in (given.words.data, given.words.indices, given.words.indptr))
    return {
        "network_bits": network.bytes,
        "network_float": twin.bytes,
        "words_bits": given.bits.nbytes + given.signs.scale.nbytes,
        "words_float_dense": 4 * nodes * words,
        "words_float_sparse": sparse,
        "codes_bits": 8 * nodes * network.output.weights.shape[1],
        "codes_float": 4 * nodes * hidden,
    }


def times(network: BitNetwork, twin: FloatNetwork, given: Inputs, backend: Backend) -> Iterator[Figures | None]:
    """Seconds for the scores of all nodes, each the median of ROUNDS turns; yields None between turns."""
    program, multiply = network.program(backend), backend.multiplier(network.hidden.weights, network.hidden.fan)
    calls: dict[str, Callable[[], object]] = {
        "bits": lambda: program.run(given),
        "bits_product": lambda: multiply(given.bits),
        "float_sparse": lambda: twin.run(given),
        "float_sparse_product": lambda: given.words @ twin.hidden.weights,
    }
    if given.words.shape[0] * given.words.shape[1] <= DENSE:
        dense = given.words.toarray()
        calls["float_dense"] = lambda: twin.run(given, dense)
        calls["float_dense_product"] = lambda: dense @ twin.hidden.weights
    turns = {name: Turns(call, clock(threads.limit())) for name, call in calls.items()}
    taken: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(ROUNDS):
        for name, turn in turns.items():
            taken[name].append(turn())
            yield None
    yield {name: statistics.median(seconds) for name, seconds in taken.items()}
