"""The peers' world: other libraries' products of packed signs, each timed in a process of its own."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from engine import messages as m
from engine import threads
from engine.bits import Words
from engine.errors import BadInput, UnknownName, Unsupported
from engine.inference.operands import random_words
from engine.turns import Turns, clock
from engine.worker import Run

INSTALL = "Install it with: pip install 'flipscope[peers]'."


class PeerService:
    """See worker.Service. A library is imported by the first command that asks for it."""

    def versions(self) -> dict[str, str]:
        return {"numpy": np.__version__}

    def carry_out(self, command: m.Command) -> Run:
        """Take a turn. Raises BadInput for what is no product, UnknownName, Unsupported."""
        if not isinstance(command, m.PeerProduct):
            raise BadInput(f"No {type(command).__name__} is timed here.", "Ask another process.")
        return _take_turn(command)

    def at_rest(self, lane: str) -> Iterator[m.Event]:  # noqa: ARG002 - the contract
        return iter(())

    def close(self) -> None:
        return


def open_service() -> PeerService:
    """What engine.worker runs in the peers' world."""
    return PeerService()


def check_installed(method: str) -> None:
    """Raise Unsupported where a method's library is not installed, UnknownName where there is no such method."""
    if method not in PRODUCTS:
        raise UnknownName("method", method, PRODUCTS)
    if importlib.util.find_spec(method) is None:
        raise Unsupported(f"{method} is not installed.", INSTALL)


def _take_turn(command: m.PeerProduct) -> Run:
    yield m.PeerTime(_turns(command)(), command.method)


@lru_cache(1)
def _turns(command: m.PeerProduct) -> Turns:
    check_installed(command.method)
    rows, columns, k = command.shape
    rng = np.random.default_rng(0)
    a, w = random_words(rng, rows, k), random_words(rng, columns, k)
    return Turns(PRODUCTS[command.method](a, w, command.threads), clock(command.threads))


def faiss_product(a: Words, w: Words, workers: int) -> Callable[[], Any]:
    """Hamming distances int32 of all pairs of rows, as faiss's binary indices compute them (utils/hamming.h)."""
    faiss = importlib.import_module("faiss")
    faiss.omp_set_num_threads(workers)
    out = np.empty((len(a), len(w)), np.int32)
    octets = [each.view(np.uint8) for each in (a, w)]
    pointers = [faiss.swig_ptr(each) for each in (*octets, out)]

    def once() -> Any:
        faiss.hammings(pointers[0], pointers[1], len(a), len(w), octets[0].shape[1], pointers[2])
        return out

    return once


def numkong_product(a: Words, w: Words, workers: int) -> Callable[[], Any]:
    """Hamming distances uint32 of all pairs, by weights that NumKong laid out; rows are shared among threads."""
    numkong = importlib.import_module("numkong")
    octets, laid_out = a.view(np.uint8), numkong.hammings_pack(w.view(np.uint8))
    out = numkong.zeros((len(a), len(w)), dtype="uint32")

    def rows(part: slice) -> None:
        numkong.hammings_packed(octets, laid_out, out=out, start_row=part.start, end_row=part.stop)

    def once() -> Any:
        threads.shared(min(workers, len(a)), len(a), rows)
        return out

    return once


PRODUCTS: dict[str, Callable[[Words, Words, int], Callable[[], Any]]] = {
    "faiss": faiss_product,
    "numkong": numkong_product,
}
"""By the name of the library, as it is imported."""
