"""Training steps of a binary MLP, timed: the plain way to write one in torch, and the way in which a run makes them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from torch import Tensor, nn

from engine.config import RunConfig
from engine.messages import PeerParts, StepParts
from engine.training import models, steppers
from engine.training.models import LATENT_SPREAD
from engine.training.native.parts import parts as native_parts
from engine.training.quantize import clipped, sign
from engine.training.steppers import Arrays, Key
from engine.training.steppers.native import NativeStepper
from engine.worker import Run

RATE = 1e-3


class _Sign(torch.autograd.Function):
    """The sign; backward, the straight-through estimator."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return sign(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return gradients[0] * clipped(x)


def plain(widths: tuple[int, ...], batch: int, threads: int) -> Callable[[], object]:  # noqa: ARG001 - torch is told
    """A step as it is usually written: sign, float32 `linear`, `BatchNorm1d`, `torch.optim.Adam`, clamp."""
    generator = torch.Generator().manual_seed(0)
    shapes = [(outputs, inputs) for inputs, outputs in pairwise(widths)]
    latents = [nn.Parameter((2 * torch.rand(shape, generator=generator) - 1) * LATENT_SPREAD) for shape in shapes]
    norms = [nn.BatchNorm1d(outputs) for outputs, _ in shapes]
    optimizer = torch.optim.Adam([*latents, *(p for norm in norms for p in norm.parameters())], lr=RATE)
    images, labels = (torch.from_numpy(array) for array in _data(widths, batch))

    def step() -> None:
        x = images.float()
        for latent, norm in zip(latents, norms, strict=True):
            outputs = norm(F.linear(x, _Sign.apply(latent)))
            x = _Sign.apply(outputs)
        optimizer.zero_grad()
        F.cross_entropy(outputs, labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        with torch.no_grad():
            for latent in latents:
                latent.clamp_(-1, 1)

    return step


def parts(command: PeerParts) -> Run:
    """What a step of ours is made of."""
    run, arrays, images, labels = _run(command.widths, command.batch, 1)
    native = steppers.best(run) is NativeStepper
    yield StepParts(native_parts(run, arrays, images, labels) if native else ())


def ours(widths: tuple[int, ...], batch: int, threads: int) -> Callable[[], object]:
    """The step that a run of the same network makes, by the best stepper of this machine."""
    run, arrays, images, labels = _run(widths, batch, threads)
    stepper = steppers.best(run)(run, arrays)
    return lambda: stepper.step(images, labels, RATE, run, Key(0, 0, 0))


def _run(widths: tuple[int, ...], batch: int, threads: int) -> tuple[RunConfig, Arrays, np.ndarray, np.ndarray]:
    """A run of such a network, the arrays that it begins with, and its data."""
    first, *hidden, classes = widths
    model = "mlp-" + (f"{hidden[0]}x{len(hidden)}" if len(set(hidden)) == 1 else "-".join(map(str, hidden)))
    run = RunConfig(model=model, batch_size=batch, threads=threads)
    images, labels = _data(widths, batch)
    return run, models.initial(run, (1, first, 1), classes), images.reshape(batch, 1, first, 1), labels


METHODS = {"plain": plain, "ours": ours}
"""Widths, batch and threads to one step that is made at every call."""


def _data(widths: tuple[int, ...], batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixels u8 [batch, first width] and labels."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (batch, widths[0]), np.uint8), rng.integers(0, widths[-1], batch)
