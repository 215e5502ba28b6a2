"""What the self-test and the tuning found on one GPU: kept between runs, told to people, and what chooses kernels."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from engine import __version__
from engine.jit import cache
from gpu.choice import Chooser, Work, able, usual
from gpu.device import Device
from gpu.driver import Gpu, Version
from gpu.nvrtc import Nvrtc
from gpu.source import CONVS, GEMMS, MODULES, PACK, PIXELS, POOL, TENSOR_CONVS, TENSORS, Module

JOBS: Mapping[str, Sequence[Module]] = {
    "products of signs": (*TENSORS, *GEMMS),
    "convolutions": (*TENSOR_CONVS, *CONVS),
    "products of pixels": PIXELS,
    "packing": (PACK,),
    "pooling": (POOL,),
}
"""What a network may need, each with the modules that do it at any size: one of them must be right."""
NEAR = 2.0
"""Doublings between two products within which the fastest kernel of one is used for the other."""


@dataclass(frozen=True)
class Tuned:
    """The fastest module for a product on this card, and the seconds of every one that was timed. All by name."""

    work: Work
    module: str
    seconds: dict[str, float]


@dataclass(frozen=True)
class Verdict:
    """faults: by module, what it did wrong, or "" where it was right to the bit; others were not tried."""

    faults: dict[str, str] = field(default_factory=dict)
    tuned: list[Tuned] = field(default_factory=list)

    def passed(self, module: Module) -> bool:
        """Whether a module was tried, and right to the bit."""
        return self.faults.get(str(module)) == ""

    def undone(self) -> str:
        """Why something that a network may need cannot be done here, a sentence; "" where all can."""
        for job, modules in JOBS.items():
            if not any(map(self.passed, modules)):
                faults = [self.faults[str(module)] for module in modules if self.faults.get(str(module))]
                return f"No kernel for {job} passed the self-test: {faults[-1] if faults else 'none was tried'}"
        return ""

    def note(self) -> str:
        """Which modules failed, and the first fault of each job, in a sentence; "" where none did."""
        failed = [name for name, fault in self.faults.items() if fault]
        if not failed:
            return ""
        first = self.faults[failed[0]].rstrip(".")
        others = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        return f"{failed[0]}{others} failed the self-test ({first}) and others run in its place"

    def chooser(self, device: Device) -> Chooser:
        """What chooses among the modules that passed: what was fastest on a product of about that size, else a rule."""
        passed = frozenset(filter(self.passed, MODULES))

        def choose(work: Work) -> Module:
            fastest = self._fastest_near(work)
            able_ = able(work, device.capability, passed)
            return next((module for module in able_ if str(module) == fastest), None) or usual(work, device, passed)

        return choose

    def _fastest_near(self, work: Work) -> str:
        near = min((each for each in self.tuned), key=lambda each: _doublings(each.work, work), default=None)
        return near.module if near is not None and _doublings(near.work, work) <= NEAR else ""


def _doublings(a: Work, b: Work) -> float:
    """How far two products lie apart, summed over their sides."""
    if a.kind != b.kind:
        return math.inf
    sides = ((a.rows, b.rows), (a.columns, b.columns), (a.words, b.words))
    return sum(abs(math.log2(max(x, 1) / max(y, 1))) for x, y in sides)


def runnable(capability: Version) -> list[Module]:
    """The modules that an architecture can run."""
    architecture = 10 * capability[0] + capability[1]
    return [module for module in MODULES if module.oldest <= architecture <= module.newest]


def key(gpu: Gpu, nvrtc: Nvrtc | None) -> str:
    """Names all that a verdict depends on: the card, its driver, the compiler, the sources and what launches them."""
    compiler = "system" if nvrtc is None else f"{nvrtc.version}"
    return cache.key("verdict", gpu.name, gpu.architecture, f"{gpu.cuda}", gpu.driver, compiler, sources(), __version__)


def sources() -> str:
    """Names every module's source."""
    whole = hashlib.sha256()
    for module in MODULES:
        whole.update(f"{module}\0{module.digest}\0".encode())
    return whole.hexdigest()


def load(name: str) -> Verdict | None:
    """The verdict of that name, or None where there is none that is whole."""
    kept = cache.load(name)
    if kept is None:
        return None
    record = json.loads(kept)
    try:
        tuned = [Tuned(Work(**each["work"]), each["module"], each["seconds"]) for each in record["tuned"]]
        return Verdict(record["faults"], tuned)
    except (KeyError, TypeError):  # of another form
        return None


def store(name: str, verdict: Verdict) -> None:
    """Keep a verdict."""
    cache.store(name, json.dumps(asdict(verdict)).encode())
