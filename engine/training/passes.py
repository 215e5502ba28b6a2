"""What a pass in training has that a deployed one has not: its settings as they are now, and what it draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.config import RunConfig
from engine.faults.masks import failing
from engine.training.parallel import ALONE, World
from engine.training.steppers import Key


@dataclass(frozen=True)
class TrainingPass:
    """One step's forward pass.

    Everything random comes from counter-based streams and is drawn for the whole batch, so that it is the same on every
    device, after a resume, and however many processes share the batch.

    Attributes:
        images: of the whole batch. world: the processes that share it.
    """

    config: RunConfig
    key: Key
    images: int
    world: World = ALONE

    @property
    def share(self) -> slice:
        """Which images of the batch this process has."""
        return self.world.share(self.images)

    def weight_noise(self, layer: int, weights: Tensor) -> Tensor | None:
        """Uniform on [0, 1) for the stochastic signs of a layer's weights; None for deterministic ones."""
        if self.config.weights == "deterministic":
            return None
        return torch.from_numpy(self._drawn("weights", layer, weights.shape)).to(weights.device)

    def activation_noise(self, layer: int, outputs: Tensor) -> Tensor | None:
        """The same for those of its outputs."""
        return None if self.config.activations == "deterministic" else self._shared("activations", layer, outputs)

    def failed_weights(self, layer: int, count: int) -> Tensor | None:
        """Which of a layer's `count` weights read wrong in this step, row by row; None where none can.

        As in Hirtzlin et al. 2019 (arXiv 1904.03652): a network that is trained with errors bears more of them.
        """
        rate = self.config.weight_faults
        return torch.from_numpy(failing(self.key.stream("faults", layer), count, rate)) if rate else None

    def dropped(self, x: Tensor, layer: int) -> Tensor:
        """What layer `layer` takes, each value with its chance set to 0 and the others made up for it.

        Srivastava et al., "Dropout", 2014; never in deployment, whose signs have no 0.
        """
        chance = self.config.dropout_input if layer == 0 else self.config.dropout_hidden
        if not chance:
            return x
        return x * self._shared("dropout", layer, x).ge(chance).to(x.dtype).div_(1 - chance)

    def _shared(self, purpose: str, layer: int, like: Tensor) -> Tensor:
        """Uniform for every value of `like`: of what is drawn for the whole batch, this process's share."""
        drawn = self._drawn(purpose, layer, (self.images, *like.shape[1:]))
        return torch.from_numpy(drawn[self.share]).to(like.device)

    def _drawn(self, purpose: str, layer: int, shape: Sequence[int]) -> NDArray[np.float32]:
        return self.key.stream(purpose, layer).random(tuple(shape), np.float32)
