"""What all cases of a benchmark share: the ceilings, who is absent and why, and peers in processes of their own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from engine import messages as m
from engine import threads, turns
from engine.child import Child
from engine.errors import BackendLost, BadInput, FlipscopeError, Unsupported
from engine.inference import peers, settling
from engine.inference.backend import Backend, Limits, Ready, Unavailable, backends, leave_out, ready, state_of
from engine.inference.contest import CUDA_TORCH, TORCH, Contest, Contestant
from engine.jit import peak
from engine.worker import Run

ORACLE_MACS = 1 << 31
"""Work up to which the oracle does a case whole and is timed; on more it checks some of it."""
QUICK, FULL = (5, 0.5), (9, 3.0)
"""Rounds at least, and seconds for a case."""
TURN_SECONDS = 600.0
"""How long a peer may take over one turn."""
MAX_THREADS = 1024


@dataclass(frozen=True)
class Peer:
    """Another library's way to do a case. kind: as in messages.BenchRow."""

    name: str
    kind: str
    world: m.World
    method: str

    @property
    def on_gpu(self) -> bool:
        """Whether it computes on a GPU."""
        return self.method.startswith("cuda-")

    @property
    def process(self) -> str:
        """Whose process does it: torch has one for the CPU and one for a GPU, any other library one of its own."""
        if self.world == "torch":
            return "torch-cuda" if self.on_gpu else "torch"
        return self.method


GPU_PEERS = (
    Peer(CUDA_TORCH, "peer", "torch", CUDA_TORCH),
    *(Peer(method, "tensor", "torch", method) for method in ("cuda-tf32", "cuda-float16")),
)
FLOAT_PEERS = (
    Peer(TORCH, "peer", "torch", "torch"), Peer("torch-onednn", "peer", "torch", "onednn"), *GPU_PEERS,
)  # fmt: skip
CONV_PEERS = (*FLOAT_PEERS, Peer("torch-channels-last", "peer", "torch", "channels-last"))
PRODUCT_PEERS = (
    *FLOAT_PEERS,
    Peer("torch-int8", "int8", "torch", "int8"),
    Peer("cuda-int8", "int8", "torch", "cuda-int8"),
    *(Peer(library, "bits", "peers", library) for library in peers.PRODUCTS),
)

Ask = Callable[[str], m.Peer]
"""Makes the command that asks a peer for a turn, of a method."""


class Arena:
    """Holds the limit on threads and the peers' processes as long as it is open."""

    def __init__(self, threads: int, quick: bool) -> None:
        """Raises BadInput."""
        if not 1 <= threads <= MAX_THREADS:
            raise BadInput(f"{threads} threads cannot be used.", "Choose 1 or as many as there are cores.")
        self._threads = threads
        self._least, self._budget = QUICK if quick else FULL
        self._open = ExitStack()
        self._children: dict[str, Child] = {}
        self._absent: dict[str, m.BenchRow] = {}

    def __enter__(self) -> Arena:
        self._open.enter_context(threads.limited(self._threads))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def opening(self, cases: int) -> Run:
        """Measure the ceilings, settle the backends, find out which are absent."""
        if not cases:
            raise BadInput("There is nothing to time.", "Name at least one case.")
        chores = settling.begin()
        for one in chores:
            yield m.Progress("job", f"Making {one.name} ready")
        yield from (None for _ in settling.settle(chores))
        popcount, fma = (max(loop.sample() for _ in range(5)) for loop in (peak.popcount(), peak.fma()))
        yield None
        clock = "cpu" if turns.clock(self._threads) is not turns.WALL else "wall"
        yield m.BenchPeak(popcount, fma, _machine(), peak.read_rates(), clock)
        for one in backends().values():
            state = state_of(one)
            if not isinstance(state, Ready):
                self.miss(one.name, one.kind, state.reason, state.remedy)
            elif (limits := one.limits()) is not None:
                yield _device_peak(state.device, limits)

    def able(self, macs: int) -> list[Backend]:
        """The backends that take part in a case of so much work."""
        return [one for one in ready() if one.kind != "oracle" or macs <= ORACLE_MACS]

    @contextmanager
    def attempt(self, one: Backend) -> Iterator[None]:
        """What this backend cannot do, or is lost in, costs it its part in the contest and nobody else."""
        try:
            yield
        except (Unsupported, BackendLost) as error:
            self._drop(one.name, one.kind, error)

    @property
    def gpu(self) -> str:
        """The device of a backend that is ready on one, or ""."""
        states = (state_of(one) for one in ready() if one.offloads)
        return next((state.device for state in states if isinstance(state, Ready)), "")

    def miss(self, name: str, kind: str, reason: str, remedy: str, device: str = "") -> None:
        """Tell in every case from now on who cannot take part, and why."""
        self._absent[name] = m.BenchRow("", name, kind, self._threads, reason=reason, remedy=remedy, device=device)

    def enter_peers(self, contest: Contest, able: Sequence[Peer], ask: Ask) -> Run:
        """Enter those peers that can do a case; their first turn shows it. Those on a GPU where there is one in use."""
        gpu = self.gpu
        for peer in able:
            if peer.name in self._absent or (peer.on_gpu and not gpu):
                continue
            device = gpu if peer.on_gpu else ""
            yield m.Progress("job", f"{contest.case}: asking {peer.name}")
            try:
                child, command = self._child(peer), ask(peer.method)
                contestant = Contestant(peer.name, peer.kind, _turn_of(child, command), devices=(device,))
                contestant.take_turn()
            except FlipscopeError as error:
                self.miss(peer.name, peer.kind, error.what, error.remedy, device)
                continue
            contest.contestants.append(contestant)

    def run(self, contest: Contest) -> Run:
        """Time a contest and tell its results."""
        for dropped in contest.rounds(self._least, self._budget):
            if dropped is not None:
                one = dropped.contestant
                self._drop(one.name, one.kind, dropped.error, one.devices[0])
            yield None
        yield from contest.rows()
        for row in self._absent.values():
            yield replace(row, case=contest.case)

    def _drop(self, name: str, kind: str, error: FlipscopeError, device: str = "") -> None:
        """From now on somebody cannot take part; a backend that was lost is left out wherever it would."""
        if isinstance(error, BackendLost):
            leave_out(error.backend, Unavailable(error.what, error.remedy))
        self.miss(name, kind, error.what, error.remedy, device)

    def _child(self, peer: Peer) -> Child:
        """The process that does it, started at first use, and again where it has died. Raises FlipscopeError."""
        if peer.world == "peers":
            peers.check_installed(peer.method)
        child = self._children.get(peer.process)
        if child is None or not child.alive:
            child = self._children[peer.process] = self._open.enter_context(Child(peer.world, peer.process))
        return child


def bearable(count: int, macs: int) -> int:
    """How many of `count` parts of a case, `macs` each, the oracle checks: all where that is bearable, one at least."""
    return max(1, min(count, ORACLE_MACS // macs))


def _turn_of(child: Child, command: m.Peer) -> Callable[[], float]:
    return lambda: child.ask(command, m.PeerTime, TURN_SECONDS).seconds


def _device_peak(device: str, limits: Limits) -> m.BenchPeak:
    """The ceilings of a device, which are computed."""
    xnor, float32, memory = (rate and rate / 1e9 for rate in (limits.xnor, limits.float32, limits.memory))
    reads = (("memory", memory),) if memory else ()
    return m.BenchPeak(xnor, float32, device, reads, "events", device)


def _machine() -> str:
    """The processor, and what in the environment holds numpy's BLAS back on it."""
    held = os.environ.get("OPENBLAS_CORETYPE")
    return f"{peak.machine()}, numpy held to OPENBLAS_CORETYPE={held}" if held else peak.machine()
