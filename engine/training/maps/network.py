"""A whole network's step: forward, and back to the gradients of all its parameters."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine import threads
from engine.inference.operations import Shape
from engine.jit.layout import aligned
from engine.training import layers as plain
from engine.training.maps.back import Back
from engine.training.maps.geometry import Geometry
from engine.training.maps.layer import Layer
from engine.training.native.loss import Judge, Judged
from engine.training.norms import EPSILON, MOMENTUM

Float32 = NDArray[np.float32]

SHARE = 2
"""Images that one thread has at least, and a whole multiple of: those whose gradients lie in one lane."""
WORTH_A_THREAD = 60_000_000
"""Multiply-accumulates of a forward pass: some milliseconds of a step."""


class Network:
    """For batches of so many images of a shape [H, W, C]; parameters and running statistics stay those of the layers.

    Args:
        estimator: one of quantize.ESTIMATORS. most: threads at most.
    """

    def __init__(self, layers: list[plain.Layer], image: Shape, images: int, estimator: str, most: int) -> None:
        self._plain, self._images = layers, images
        geometries = _geometries(layers, image)
        parts = _shares(images, threads.worthwhile(most, images * sum(g.macs for g in geometries), WORTH_A_THREAD))
        unpooled = aligned((images * max(g.sums[0] * g.sums[1] * g.wide for g in geometries),), np.int32)
        gradients = aligned((images * max(g.places * g.wide for g in geometries),), np.float32)
        given = aligned((images * max(g.height * g.width * g.deep for g in geometries),), np.int32)
        self._layers = [Layer(g, images, parts, unpooled) for g in geometries]
        self._backs = [Back(layer, gradients) for layer in self._layers]
        following = [*self._layers[1:], Layer(_beyond(geometries[-1]), images, parts, unpooled)]
        self._held = (given, following)  # calls have only their addresses
        self._forward = [
            (layer.summing(), layer.signing(after)) for layer, after in zip(self._layers, following, strict=True)
        ]
        pairs = zip(self._backs, self._backs[1:], strict=False)
        self._through = [back.through(given, above, estimator) for back, above in pairs]
        self._normalising = [back.normalising() for back in self._backs]
        self._returning = [back.returning.calls(given) for back in self._backs if back.returning]
        self._weighing = [back.weighing.calls() for back in self._backs]
        self._judge = Judge(self._layers[-1].values[:, 0], geometries[-1].outputs)
        self._spreads = [(np.ones(0), np.ones(0))] * len(layers)

    @property
    def finite(self) -> bool:
        """Whether what makes values of the sums is numbers, in all layers."""
        return all(np.isfinite(part).all() for layer in self._layers for part in (layer.scale, layer.shift))

    def values(self, index: int) -> Float32:
        """What the sign of a layer was taken of in the last step, float32 [rows, outputs]."""
        layer = self._layers[index]
        return layer.values.reshape(-1, layer.g.wide)[:, : layer.g.outputs]

    # ------------------------------------------------------------ forward

    def forward(self, images: NDArray[np.uint8]) -> None:
        """Up to the scores of images u8 [B, H, W, C], by the signs of the latents and the batch's statistics."""
        self._layers[0].put(images)
        for index, layer in enumerate(self._layers):
            layer.weights.take(self._plain[index].latent.detach().numpy())
            layer.moments.fill(0)
            summing, signing = self._forward[index]
            self._aim(index)
            summing()
            self._normalise(index)
            if layer.g.shortcut:
                np.copyto(layer.values, self._layers[index - 1].values)
            signing()

    def judge(self, labels: NDArray[np.int64], loss: str) -> Judged:
        """What a loss makes of the scores, whose gradients go back from here."""
        return self._judge(labels, loss)

    def _aim(self, index: int) -> None:
        """Take the running mean as the pivot of the sums' moments."""
        statistics, layer = self._plain[index].statistics, self._layers[index]
        if statistics:
            layer.pivots[: layer.g.outputs] = statistics["mean"].numpy()

    def _normalise(self, index: int) -> None:
        """What makes values of a layer's sums; the running statistics are moved."""
        layer, known, back = self._layers[index], self._plain[index], self._backs[index]
        outputs, count = layer.g.outputs, self._images * layer.g.places
        if "bias" in known.parameters:
            layer.scale[:outputs] = plain.common_scale(layer.g.inputs)
            layer.shift[:outputs] = known.parameters["bias"].detach().numpy()
            return
        above, squares = layer.moments.sum(0)[:, :outputs] / count
        mean = layer.pivots[:outputs] + above
        variance = np.maximum(squares - above * above, 0)
        for name, value in (("mean", mean), ("var", variance * (count / (count - 1)))):
            running = known.statistics[name].numpy()
            running += np.float32(MOMENTUM) * (value - running).astype(np.float32)
        gamma, beta = (known.parameters[name].detach().numpy() for name in ("gamma", "beta"))
        inverse = 1 / np.sqrt(variance + EPSILON)
        self._spreads[index] = mean, inverse
        back.means[:outputs] = mean
        layer.scale[:outputs] = gamma * inverse
        # in the kernel's own roundings: of a sum that is the mean the value is beta exactly, and the sign of 0 is +1
        layer.shift[:outputs] = beta - layer.scale[:outputs] * back.means[:outputs]

    # ------------------------------------------------------------ back

    def backward(self) -> dict[str, Float32]:
        """Gradients of all parameters by canonical name, from those of the scores on."""
        found: dict[str, Float32] = {}
        for index in reversed(range(len(self._layers))):
            back = self._backs[index]
            back.begin()
            if back is self._backs[-1]:
                self._begin(self._judge.gradients)
            else:
                self._through[index]()
            found |= self._of_norm(index)
            self._normalising[index]()
            back.scale()
            if index:
                self._returning[index - 1]()
            self._weighing[index]()
            found[f"layer{index}.latent"] = back.of_weights()
        return found

    def _begin(self, gradients: Float32) -> None:
        back = self._backs[-1]
        outputs = back.layer.g.outputs
        back.slopes[:, 0, :outputs] = gradients
        centred = back.layer.sums[:, 0, :outputs] - back.means[:outputs]
        back.along[0, :, :outputs] = gradients.sum(0), (gradients * centred).sum(0)

    def _of_norm(self, index: int) -> dict[str, Float32]:
        """Gradients of batch-norm's parameters; sets what its way back is made with."""
        back, known, name = self._backs[index], self._plain[index], f"layer{index}."
        outputs, count = back.layer.g.outputs, self._images * back.layer.g.places
        total, along = back.along.sum(0)[:, :outputs]
        if "bias" in known.parameters:
            back.factors[0, :outputs] = back.layer.scale[:outputs]
            return {name + "bias": total.astype(np.float32)}
        mean, inverse = self._spreads[index]
        scale = known.parameters["gamma"].detach().numpy() * inverse
        of_sum = -scale * inverse**2 * along / count
        beside = mean - back.means[:outputs]  # what the means lack as float32
        back.factors[:, :outputs] = scale, -scale * total / count - of_sum * beside, of_sum
        return {name + "gamma": (along * inverse).astype(np.float32), name + "beta": total.astype(np.float32)}


def _shares(count: int, workers: int) -> list[slice]:
    """`count` images in a part for each worker, each but the last a whole multiple of SHARE; none is empty."""
    ends = [min(count, -(-count * part // (workers * SHARE)) * SHARE) for part in range(workers + 1)]
    return [slice(first, last) for first, last in pairwise(ends) if last > first]


def _geometries(layers: list[plain.Layer], image: Shape) -> list[Geometry]:
    made: list[Geometry] = []
    takes = image
    for layer in layers:
        made.append(Geometry.of(layer.plan, takes, on_pixels=not made))
        takes = layer.plan.gives(takes)
    return made


def _beyond(last: Geometry) -> Geometry:
    """What takes the signs of the scores, which nobody looks at."""
    return Geometry(1, 1, last.outputs, 1, 1, 1, 0, 1, 1, True, False, False)
