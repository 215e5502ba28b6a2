"""Training steps in plain torch: autograd and float32 products. For the binary network and its float twin."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.bits import Words
from engine.config import RunConfig
from engine.training import devices, layers, optim
from engine.training.optim.scale import clip
from engine.training.parallel import ALONE, World
from engine.training.passes import TrainingPass
from engine.training.steppers import Arrays, Key, StepResult
from engine.training.steppers.flips import tracker


class TorchStepper:
    """See steppers.Stepper. Where an output is not a number the loss is none either, and the weights stay."""

    rank: ClassVar[int] = 0

    def __init__(
        self, config: RunConfig, arrays: Arrays, world: World = ALONE, dtype: torch.dtype = torch.float32
    ) -> None:
        self._config = config
        self._world = world
        self._dtype = dtype
        self.load(arrays)

    @staticmethod
    def title() -> str:
        return "plain torch"

    @staticmethod
    def supports(config: RunConfig, processes: int = 1) -> str | None:  # noqa: ARG004 - any number can
        return devices.why_not(config.device)

    def load(self, arrays: Arrays) -> None:
        self._network = layers.Network(arrays, self._config, self._dtype)
        parameters = {
            f"layer{layer.index}.{name}": parameter
            for layer in self._network.layers
            for name, parameter in layer.parameters.items()
        }
        fans = {
            f"layer{layer.index}.latent": (layer.latent.shape[1], layer.plan.fan_out)
            for layer in self._network.layers
            if layer.binary
        }
        self._optimizer = optim.optimizer(self._config, parameters, arrays, fans)
        self._leaves = [
            (f"layer{layer.index}.{name}", leaf.requires_grad_())
            for layer in self._network.layers
            for name, leaf in layer.leaves()
        ]
        self._trackers = [tracker(layer.latent) for layer in self._network.layers]
        self._outputs: list[Tensor] = []
        self._loss = torch.zeros(())

    def step(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], rate: float, config: RunConfig, key: Key
    ) -> StepResult:
        self._config = config
        value, correct = self._forward(images, labels, TrainingPass(config, key, len(images), self._world))
        if not math.isfinite(value):
            return StepResult(value, correct, (0,) * len(self._trackers))
        self._update(self._gradients(), rate, config)
        tracked = zip(self._trackers, self._network.layers, strict=True)
        return StepResult(value, correct, tuple(each.update(layer.latent) for each, layer in tracked))

    def _forward(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], training: TrainingPass
    ) -> tuple[float, int]:
        """Loss of a step and how many were right."""
        for layer in self._network.layers:
            layer.refresh(training.weight_noise(layer.index, layer.latent))
            layer.flip(training.failed_weights(layer.index, layer.latent.numel()))
        outputs = list(self._network.forward(images[training.share], training))
        self._outputs = [o.detach() for o in outputs]
        targets = torch.from_numpy(labels[training.share]).to(outputs[-1].device)
        self._loss = layers.loss(outputs[-1], targets, training.config, len(images))
        return self._told(self._loss, targets)

    def _told(self, loss: Tensor, targets: Tensor) -> tuple[float, int]:
        """Loss of a step and how many were right, in one look at the device.

        The loss is not a number where any layer's outputs are none, whose signs would hide that from it.
        """
        correct = (self._outputs[-1].argmax(1) == targets).sum().to(loss.dtype)
        mine = torch.stack([loss.detach(), correct, *(outputs.sum() for outputs in self._outputs)])
        told = self._world.sum(mine).tolist()
        return told[0] if all(map(math.isfinite, told)) else math.nan, int(told[1])

    def _gradients(self) -> dict[str, Tensor]:
        """Those of the last forward pass by the names of the parameters, each the sum of those of its leaves."""
        found: dict[str, Tensor] = {}
        leaves = [leaf for _, leaf in self._leaves]
        for (name, _), gradient in zip(self._leaves, torch.autograd.grad(self._loss, leaves), strict=True):
            found[name] = found[name] + gradient if name in found else gradient
        return {name: self._world.sum(gradient) for name, gradient in found.items()}

    def _update(self, gradients: dict[str, Tensor], rate: float, config: RunConfig) -> None:
        with torch.no_grad():
            self._optimizer.step(gradients, rate, config)
            for layer in self._network.layers:
                if layer.binary:
                    clip(layer.latent)

    def workers(self, images: int) -> int:  # noqa: ARG002 - see steppers.Stepper
        return self._config.threads if self._config.device == "cpu" else 1

    def state(self) -> Arrays:
        arrays = self._optimizer.state()
        for layer in self._network.layers:
            for name, tensor in (layer.parameters | layer.statistics).items():
                arrays[f"layer{layer.index}.{name}"] = tensor.numpy(force=True).copy()
        return arrays

    def signs(self, layer: int) -> Words:
        return self._trackers[layer].words

    def tile_flips(self, layer: int) -> NDArray[np.uint32]:
        return self._trackers[layer].counts

    def reset_flips(self) -> None:
        for each in self._trackers:
            each.reset()

    def shape(self, layer: int) -> tuple[int, int]:
        outputs, inputs = self._network.layers[layer].latent.shape
        return outputs, inputs

    def latents(self, layer: int, rows: slice = slice(None)) -> NDArray[np.float32]:
        view: NDArray[np.float32] = self._network.layers[layer].latent[rows].numpy(force=True)
        return view

    def inertia(self, layer: int, rows: slice = slice(None)) -> NDArray[np.float32]:
        view: NDArray[np.float32] = self._inertia(layer)[rows].numpy(force=True)
        return view

    def look(self, layer: int, row: int, column: int) -> tuple[bool, float]:
        positive = self._network.layers[layer].latent[row, column] >= 0
        return bool(positive), float(self._inertia(layer)[row, column].detach())

    def _inertia(self, layer: int) -> Tensor:
        return self._optimizer.inertia(f"layer{layer}.latent", self._config)

    def places(self, layer: int) -> int:
        return self._outputs[layer].shape[:-1].numel() if self._outputs else 0

    def preactivations(self, layer: int, rows: slice = slice(None)) -> NDArray[np.float32]:
        if not self._outputs:
            return np.empty((0, self.shape(layer)[0]), np.float32)
        outputs = self._outputs[layer]
        view: NDArray[np.float32] = outputs.reshape(-1, outputs.shape[-1])[rows].numpy(force=True)
        return view


STEPPER = TorchStepper
