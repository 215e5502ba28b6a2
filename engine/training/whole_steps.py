"""Training steps of a binary network, timed: as they are usually written in torch, and as a run makes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from torch import Tensor, nn

from engine.config import RunConfig
from engine.inference.operations import Shape
from engine.messages import PeerParts, PeerTraining, StepParts
from engine.training import models, steppers
from engine.training.models import LATENT_SPREAD
from engine.training.native.parts import parts as native_parts
from engine.training.plan import ConvLayer, LayerPlan
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


def plain(command: PeerTraining) -> Callable[[], object]:
    """A step as it is usually written: sign, float32 `linear` or `conv2d`, batch-norm, `torch.optim.Adam`, clamp."""
    layers = [_Layer(plan, takes, index > 0) for index, (plan, takes) in enumerate(_planned(command))]
    optimizer = torch.optim.Adam([p for layer in layers for p in (layer.latent, *layer.norm.parameters())], lr=RATE)
    images, labels = (torch.from_numpy(array) for array in _data(command))

    def step() -> None:
        x, before = images.float().permute(0, 3, 1, 2), None
        for layer in layers:
            before = layer.outputs(x, before)
            x = _Sign.apply(before)
        optimizer.zero_grad()
        F.cross_entropy(before, labels).backward()  # type: ignore[arg-type,no-untyped-call]
        optimizer.step()
        with torch.no_grad():
            for layer in layers:
                layer.latent.clamp_(-1, 1)

    return step


class _Layer:
    """A dense layer or a convolution, channels first; beyond a map of signs is -1."""

    def __init__(self, plan: LayerPlan, takes: Shape, on_signs: bool) -> None:
        self._plan, self._beyond = plan, -1.0 if on_signs else 0.0
        shape: tuple[int, ...] = (plan.outputs, plan.inputs(takes))
        self.norm: nn.Module = nn.BatchNorm1d(plan.outputs)
        if isinstance(plan, ConvLayer):
            shape = (plan.outputs, takes[-1], plan.kernel, plan.kernel)
            self.norm = nn.BatchNorm2d(plan.outputs)
        self.latent = nn.Parameter((2 * torch.rand(shape) - 1) * LATENT_SPREAD)

    def outputs(self, x: Tensor, before: Tensor | None) -> Tensor:
        plan, signs = self._plan, _Sign.apply(self.latent)
        if isinstance(plan, ConvLayer):
            sums = F.conv2d(F.pad(x, (plan.padding,) * 4, value=self._beyond), signs, stride=plan.stride)
            sums = sums if plan.pool is None else F.max_pool2d(sums, plan.pool.size, plan.pool.stride)
        else:
            sums = F.linear(x.flatten(1), signs)
        made: Tensor = self.norm(sums)
        return made if before is None or not plan.shortcut else before + made


def parts(command: PeerParts) -> Run:
    """What a step of ours is made of; nothing of one that is not of dense layers alone."""
    run = _run(command, 1)
    native = steppers.best(run) is NativeStepper
    yield StepParts(native_parts(run, _initial(command, run), *_data(command)) if native else ())


def ours(command: PeerTraining) -> Callable[[], object]:
    """The step that a run of the same network makes, by the best stepper of this machine."""
    run = _run(command, command.threads)
    stepper = steppers.best(run)(run, _initial(command, run))
    images, labels = _data(command)
    return lambda: stepper.step(images, labels, RATE, run, Key(0, 0, 0))


def _run(command: PeerTraining | PeerParts, threads: int) -> RunConfig:
    return RunConfig(model=command.model, batch_size=command.batch, threads=threads)


def _initial(command: PeerTraining | PeerParts, run: RunConfig) -> Arrays:
    return models.initial(run, command.image, command.classes)


def alone(command: PeerTraining) -> Callable[[], object]:
    """The same by one thread, whatever is asked for: to be timed beside that of several by the same clock."""
    return ours(replace(command, threads=1))


METHODS = {"plain": plain, "ours": ours, "alone": alone}
"""What is asked for to one step that is made at every call."""


def _planned(command: PeerTraining) -> list[tuple[LayerPlan, Shape]]:
    """Layers, each with the shape of what it takes."""
    takes: Shape = command.image
    planned: list[tuple[LayerPlan, Shape]] = []
    for plan in models.architecture(command.model).layers(command.classes):
        planned.append((plan, takes))
        takes = plan.gives(takes)
    return planned


def _data(command: PeerTraining | PeerParts) -> tuple[np.ndarray, np.ndarray]:
    """Pixels u8 [batch, H, W, C] and labels."""
    rng = np.random.default_rng(0)
    shape = (command.batch, *command.image)
    return rng.integers(0, 256, shape, np.uint8), rng.integers(0, command.classes, command.batch)
