"""A run that begins with the weights of a model: the settings for it, and the arrays that it begins with.

A file from a run folder has the latents that its weights are the signs of. Of any other only the signs are left: their
latents begin equally far from 0, and batch-norm is found again, up to what folding lost, from the network's thresholds
and the statistics of its sums.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import bits
from engine.checkpoint import Checkpoint, Standing
from engine.config import RunConfig
from engine.errors import BadFile, BadInput
from engine.inference import modelfile
from engine.inference.backend import best
from engine.inference.network import Affine, Conv, Network, PackedNetwork, Threshold
from engine.inference.rules import Stage, stages, taken
from engine.runs import MAX_TITLE
from engine.training.models import LATENT_SPREAD
from engine.training.norms import EPSILON
from engine.training.steppers import Arrays

GENTLER = 5
"""A run that was trained before goes on at this part of the learning rate that it began with."""
RATE = 1e-3
"""Learning rate of one whose settings are not known."""
BATCH = 128
TAIL = 20
"""Characters that the name of what is added has in a title."""

Float64 = NDArray[np.float64]


def settings(path: Path) -> RunConfig:
    """Settings to train a model on with, one epoch, gently: its own where its file tells them.

    Handwriting is augmented, since whoever trains a model on has few images to add. Raises BadFile, BadInput.
    """
    network = modelfile.load(path)
    about = network.metadata
    config = _saved(path)
    if config is None:
        config = replace(
            _shown(_packed(network, path)), data=about.dataset, model=about.architecture, learning_rate=RATE
        )
    else:
        gentler = config.learning_rate / GENTLER
        config = replace(config, learning_rate=gentler, schedule="cosine", time_limit=None, extra="")
    if about.preparation == "mnist" and config.augmentation == "none":
        config = replace(config, augmentation="strong")
    return replace(config, start=str(path.expanduser().resolve()), epochs=1, schedule="cosine", augment_until=1.0)


def beginning(config: RunConfig, initial: Arrays, images: NDArray[np.uint8]) -> Arrays:
    """The arrays of step 0 with the weights of the model `config.start` in place of the drawn ones.

    initial: what the run would begin with else (models.initial). images: u8 [N, H, W, C] to take statistics of.
    Raises BadFile, or BadInput where the model is not of the network that is to be trained.
    """
    path = Path(config.start)
    network = modelfile.load(path)
    found = Checkpoint.load(path).arrays if _saved(path) else unfolded(_packed(network, path), images)
    arrays = dict(initial)
    for name in (name for name in initial if name.startswith("layer") and name.count(".") == 1):
        if name not in found or found[name].shape != initial[name].shape:
            about = network.metadata
            raise BadInput(
                f"'{path}' is {about.architecture} for {about.dataset}: its layers are not those of {config.model} for "
                f"{config.data}, or it takes other images, or tells other classes apart.",
                "Train it on with its own settings: train --from FILE.",
            )
        arrays[name] = found[name].astype(initial[name].dtype)
        if config.optimizer == "bop" and name.endswith(".latent"):  # which has no latents, but the signs themselves
            arrays[name] = np.where(arrays[name] >= 0, 1, -1).astype(initial[name].dtype)
    return arrays


def title(config: RunConfig) -> str:
    """What a run is called that begins with a model: by its name, and by the file of what is added."""
    name, added = modelfile.load(config.start).metadata.name, f" + {Path(config.extra).stem}" if config.extra else ""
    return name.removesuffix(added)[: MAX_TITLE - len(added[:TAIL])] + added[:TAIL]


def unfolded(network: PackedNetwork, images: NDArray[np.uint8]) -> Arrays:
    """Arrays of a run that fold to this network, its scores up to rounding; images: u8 [N, H, W, C]."""
    arrays: Arrays = {}
    for index, (stage, (mean, var)) in enumerate(zip(stages(network), _statistics(network, images), strict=True)):
        norm = {"gamma": np.ones(len(mean)), "beta": np.zeros(len(mean)), "mean": mean, "var": var}
        deviation = np.sqrt(var + EPSILON)
        if isinstance(stage.after, Threshold):
            norm["gamma"] = np.where(stage.rising, 1.0, -1.0)
            norm["beta"] = norm["gamma"] * (mean - _between(stage)) / deviation
        else:
            scale, shift = stage.after.scale.astype(np.float64), stage.after.shift.astype(np.float64)
            norm |= {"gamma": scale * deviation, "beta": shift + scale * mean}
            arrays[f"layer{index}.bias"] = stage.after.shift
        arrays[f"layer{index}.latent"] = _latents(stage)
        arrays |= {f"layer{index}.{name}": values.astype(np.float32) for name, values in norm.items()}
    return arrays


def _saved(path: Path) -> RunConfig | None:
    """The settings of the run that saved a file, if it holds its training state."""
    try:
        return Standing.of(path).config
    except BadFile:
        return None


def _packed(network: Network, path: Path) -> PackedNetwork:
    """A network that can be trained on without its training state. Raises BadInput."""
    if not isinstance(network, PackedNetwork):
        raise BadInput(f"'{path}' has float weights and no training state.", "Choose a binarized model.")
    return network


def _shown(network: PackedNetwork) -> RunConfig:
    """What a network shows of the settings that it was trained with."""
    last = network.operations[-1]
    bias_only = isinstance(last, Affine) and last.bias_only
    return RunConfig(inputs="pixels" if network.source == "u8" else "bits", output="bias" if bias_only else "batchnorm")


def _latents(stage: Stage) -> NDArray[np.float32]:
    """Of each sign a latent weight on its side, float32 [outputs, inputs]."""
    product = stage.product
    columns = product.channels if isinstance(product, Conv) else product.inputs
    positive = bits.unpack(product.weights, columns).reshape(product.outputs, product.inputs)
    return np.where(positive, np.float32(LATENT_SPREAD), np.float32(-LATENT_SPREAD))


def _between(stage: Stage) -> Float64:
    """Half a sum before or after each threshold: what normalises to the point where the sign changes."""
    assert isinstance(stage.after, Threshold)
    reach = stage.product.inputs * 255 + 1.0  # beyond every sum, where an output is constant
    edge = stage.after.threshold.astype(np.float64) + np.where(stage.rising, -0.5, 0.5)
    return np.clip(edge, -reach, reach)


def _statistics(network: PackedNetwork, images: NDArray[np.uint8]) -> list[tuple[Float64, Float64]]:
    """Mean and variance [outputs] of each layer's sums, pooled, over all images and all places of their maps."""
    totals = [np.zeros((3, stage.product.outputs)) for stage in stages(network)]
    for sums in _sums(network, images):
        for total, values in zip(totals, sums, strict=True):
            rows = values.reshape(-1, values.shape[-1]).astype(np.float64)
            total += np.stack([np.full(rows.shape[1], len(rows)), rows.sum(0), np.square(rows).sum(0)])
    means = [total[1] / total[0] for total in totals]
    return [(mean, (total[2] / total[0] - mean**2).clip(0)) for mean, total in zip(means, totals, strict=True)]


def _sums(network: PackedNetwork, images: NDArray[np.uint8]) -> Iterator[list[NDArray[Any]]]:
    """The sums of every layer, batch by batch; those of the last one from the scores."""
    program, last = best("xnor").load(network), network.operations[-1]
    assert isinstance(last, Affine)
    worth = np.where(last.scale == 0, 1, last.scale).astype(np.float64)
    for start in range(0, len(images), BATCH):
        batch = taken(network, images[start : start + BATCH])
        scores = program.scores(batch).astype(np.float64)
        yield [*(layer.sums for layer in program.activations(batch)), (scores - last.shift) / worth]
