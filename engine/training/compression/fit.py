"""How a compressed network is trained: the engine's data order, augmentation, schedules, losses and optimizers."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.config import RunConfig
from engine.datasets import Dataset
from engine.errors import BadInput
from engine.training import augment, optim, schedules
from engine.training.layers import loss
from engine.training.steppers import Key

SCORED = 1000
"""Images that are scored together."""


class Trainee(Protocol):
    """What can be trained: a network, whole or in one layer.

    latents: by name, what the optimizer moves. leaves: by the same names, what gradients are taken of.
    """

    @property
    def latents(self) -> Mapping[str, Tensor]: ...

    @property
    def leaves(self) -> Mapping[str, Tensor]: ...

    def refresh(self) -> None:
        """Take over the latents as they are, before a step."""

    def settle(self) -> None:
        """Keep the latents within their bounds, after one."""

    def scores(self, images: NDArray[np.uint8], *, training: bool = False) -> Tensor:
        """Scores [B, classes] of images u8 [B, H, W, C]; differentiable by the leaves in training."""


def fit(trainee: Trainee, config: RunConfig, data: Dataset) -> Generator[float, None, None]:
    """Train for the epochs of a run; yields the share that is done after each step.

    Of the settings of a run it takes seed, epochs, batch size, optimizer, learning rate and schedule, loss and
    augmentation. Closing it at any yield leaves the trainee as it is then. Raises BadInput where it diverges.
    """
    latents, leaves = trainee.latents, trainee.leaves
    names = list(latents)
    state = optim.initial(config, {name: latents[name].numpy() for name in names})
    optimizer = optim.optimizer(config, latents, state, {})
    steps = math.ceil(len(data.train_images) / config.batch_size)
    for epoch in range(config.epochs):
        order = Key(config.seed, epoch, 0).stream("shuffle").permutation(len(data.train_images))
        for step, chosen in enumerate(np.array_split(order, steps)):
            spent = (epoch + step / steps) / config.epochs
            trainee.refresh()
            images = _images(data.train_images[chosen], config, spent, Key(config.seed, epoch, epoch * steps + step))
            scores = trainee.scores(images, training=True)
            error = loss(scores, torch.from_numpy(data.train_labels[chosen]), config, len(chosen))
            if not math.isfinite(error.item()):
                raise BadInput("Training diverged: its numbers are no longer numbers.", "Lower the learning rate.")
            gradients = torch.autograd.grad(error, [leaves[name] for name in names])
            with torch.no_grad():
                rate = schedules.rate(config, spent, epoch / config.epochs, epoch)
                optimizer.step(dict(zip(names, gradients, strict=True)), rate, config)
            trainee.settle()
            yield (epoch + (step + 1) / steps) / config.epochs
    trainee.refresh()


def accuracy(trainee: Trainee, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Generator[None, None, float]:
    """Share of images that are read right, 0 to 1; yields after each batch."""
    right = 0
    for start in range(0, len(images), SCORED):
        with torch.no_grad():
            predicted = trainee.scores(images[start : start + SCORED]).argmax(1).numpy()
        right += int((predicted == labels[start : start + SCORED]).sum())
        yield
    return right / len(images)


def _images(images: NDArray[np.uint8], config: RunConfig, spent: float, key: Key) -> NDArray[np.uint8]:
    if config.augmentation == "none" or spent >= config.augment_until:
        return images
    return augment.augment(config.augmentation, images, key.stream("augmentation"))
