"""Several processes that make each training step together, as torchrun starts them: every one a share of the batch."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from engine.errors import FlipscopeError

PATIENCE = datetime.timedelta(minutes=30)
"""How long a process waits for the others, the first of which also evaluates and saves."""


class PeerLost(FlipscopeError):
    """Another process of the job has ended, or is silent, in the middle of a step."""


@dataclass(frozen=True)
class World:
    """The processes of this job. All of them ask for the same things in the same order.

    rank: which of them this is, 0 the one that evaluates, saves and speaks. size: how many there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def share(self, count: int) -> slice:
        """Which of `count` things are this process's."""
        return slice(self.rank * count // self.size, (self.rank + 1) * count // self.size)

    def sum(self, tensor: Tensor) -> Tensor:
        """Those of all processes added up, the same to the bit for each; may be in place. Raises PeerLost."""
        if self.size == 1:
            return tensor
        total = tensor.contiguous()
        try:
            dist.all_reduce(total)
        except RuntimeError as error:
            raise PeerLost(
                f"Process {self.rank} of {self.size} lost another one, which has ended or is silent.",
                "Look above for why, and go on from the last save with --resume.",
            ) from error
        return total

    def of_first(self, value: float) -> float:
        """What process 0 gave. Raises PeerLost."""
        return float(self.sum(torch.tensor(value if self.leads else 0.0, dtype=torch.float64)))

    def any(self, value: bool) -> bool:
        """Whether one of them said so. Raises PeerLost."""
        return float(self.sum(torch.tensor(float(value)))) > 0


ALONE = World()


@contextmanager
def joined(device: str) -> Iterator[World]:
    """The job that torchrun started this process for, while it lasts; ALONE without one. Raises FlipscopeError."""
    if not {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys():
        yield ALONE
        return
    if device == "cuda":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    try:
        dist.init_process_group("nccl" if device == "cuda" else "gloo", timeout=PATIENCE)
    except (RuntimeError, ValueError) as error:
        raise FlipscopeError(f"The processes of this job do not find each other: {error}", "Start it anew.") from error
    try:
        yield World(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()
