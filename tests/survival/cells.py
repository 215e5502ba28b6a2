"""Who is harmed, how, and while what is done: every combination, dealt in a random order again and again."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.models_list import shipped
from engine import messages as m
from engine.config import RunConfig
from engine.labs.faults import RunFaults
from engine.labs.verify import RunVerify

HARMS = (signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP)
SHIPPED = {Path(path).stem: path for path in shipped("")}
JOBS = {
    "verifying": RunVerify(SHIPPED["verify-100-50-10"], radius=3, index=0, sweep=50),
    "measuring": m.BenchGemm(((256, 256, 256), (512, 512, 512), (1024, 1024, 1024))),
    "breaking memories": RunFaults(SHIPPED["mnist-mlp-512x2"], draws=3),
}
"""What a job child is started for; each takes longer than it is let."""


@dataclass(frozen=True)
class Cell:
    """One round: what is being done, who is harmed meanwhile, and by which signal."""

    activity: str
    victim: str
    harm: signal.Signals

    def __str__(self):
        return f"{self.activity}, {self.harm.name} to the {self.victim}"


def _children():
    for activity in ("training", "saving", "drawing", "scoring", *JOBS):
        for victim in ("trainer", "inference", *(["job"] if activity in JOBS else [])):
            yield from (Cell(activity, victim, harm) for harm in HARMS)


CHILDREN = tuple(_children())
WINDOWS = tuple(
    Cell(activity, "window", harm) for activity in ("training", "saving", "verifying", "measuring") for harm in HARMS
)


def dealt(cells, rng):
    """Cells without an end: each comes once before one comes again."""
    while True:
        deck = list(cells)
        rng.shuffle(deck)
        yield from deck


def run_config(home):
    """A run that is quickly begun, has megabytes to save, and does not end by itself."""
    path = Path(home, "noise.npz")
    if not path.exists():
        rng = np.random.default_rng(0)
        np.savez(path, images=rng.integers(0, 256, (4000, 8, 8), np.uint8), labels=rng.integers(0, 10, 4000))
    return RunConfig(data=str(path), time_limit=3600.0)
