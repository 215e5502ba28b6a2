"""What a pass in training has that a deployed one has not: its settings as they are now, and what it draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.config import RunConfig
from engine.faults.masks import failing
from engine.training.steppers import Key


@dataclass(frozen=True)
class TrainingPass:
    """One step's forward pass.

    Everything random comes from counter-based streams, so that it is the same on every device and after a resume.
    """

    config: RunConfig
    key: Key

    def weight_noise(self, layer: int, weights: Tensor) -> Tensor | None:
        """Uniform on [0, 1) for the stochastic signs of a layer's weights; None for deterministic ones."""
        return self._uniform("weights", layer, weights) if self.config.weights == "stochastic" else None

    def activation_noise(self, layer: int, outputs: Tensor) -> Tensor | None:
        """The same for those of its outputs."""
        return self._uniform("activations", layer, outputs) if self.config.activations == "stochastic" else None

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
        return x * self._uniform("dropout", layer, x).ge(chance).to(x.dtype).div_(1 - chance)

    def _uniform(self, purpose: str, layer: int, like: Tensor) -> Tensor:
        noise = self.key.stream(purpose, layer).random(tuple(like.shape), np.float32)
        return torch.from_numpy(noise).to(like.device)
