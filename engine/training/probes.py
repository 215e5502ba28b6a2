"""What is seen of a layer in training: signs, flips by tile, histograms of a sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.messages import BINS, LATENT_RANGE, PREACTIVATION_RANGE, LayerFrame
from engine.training.steppers import Stepper

TILE_ROWS = 8
"""Outputs in a tile of flips; its inputs are one word."""

SAMPLED = 1 << 14
"""Values that suffice for a histogram, about; whole rows are taken, which reads memory in order."""

LAST_TURN = 32
"""Histograms after which every row was seen, at the latest."""


def layer_frame(stepper: Stepper, index: int, name: str, steps: int, turn: int) -> LayerFrame:
    """One layer as it is now.

    Args:
        steps: steps since flips were last reset, for the flip rate.
        turn: shifts which rows are sampled, so that in time all are seen.
    """
    outputs, inputs = stepper.shape(index)
    tiles = tile_sums(stepper.tile_flips(index))
    flips = int(tiles.sum(dtype=np.int64))
    weights = stepper.inertia(index, _sampled(outputs, inputs, turn))
    before_sign = stepper.preactivations(index, _sampled(stepper.places(index), outputs, turn))
    return LayerFrame(
        name=name,
        outputs=outputs,
        inputs=inputs,
        signs=stepper.signs(index).copy(),
        tile_flips=tiles,
        flips=flips,
        flip_rate=flips / (outputs * inputs * steps) if steps else 0.0,
        latent_histogram=histogram(weights, LATENT_RANGE),
        clipped=_share(np.abs(weights) >= 1),
        preactivation_histogram=histogram(before_sign, PREACTIVATION_RANGE),
        positive=_share(before_sign >= 0),
    )


def tile_sums(flips: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Flips per word [outputs, words] summed over each TILE_ROWS outputs: [ceil(outputs/8), words]."""
    sums: NDArray[np.uint32] = np.add.reduceat(flips, np.arange(0, len(flips), TILE_ROWS), axis=0, dtype=np.uint32)
    return sums


def histogram(values: NDArray[np.float32], bounds: tuple[float, float]) -> NDArray[np.int64]:
    """Counts int64 [BINS] of equal bins over `bounds`; what lies outside is counted in the outer bins.

    Values that are not numbers are left out.
    """
    low, high = bounds
    places = (values.ravel() - np.float32(low)) * np.float32(BINS / (high - low))
    if not np.isfinite(places.sum()):
        places = places[~np.isnan(places)]
    np.clip(places, 0, BINS - 1, out=places)
    return np.bincount(places.astype(np.intp), minlength=BINS)


def _sampled(rows: int, columns: int, turn: int) -> slice:
    """Every so manieth row, at least SAMPLED values where there are as many."""
    stride = max(1, min(LAST_TURN, rows * columns // SAMPLED))
    return slice(turn % stride, None, stride)


def _share(mask: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(mask) / mask.size) if mask.size else 0.0
