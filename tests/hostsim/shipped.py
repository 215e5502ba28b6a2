"""Run as a program: every test image by every shipped network on the simulated kernels, against the oracle.

Minutes; the suite does the same with the first images only.
"""

from __future__ import annotations

import sys
import time
from importlib.resources import files

import numpy as np

from engine import datasets
from engine.inference import modelfile
from engine.inference.backend import backend
from engine.inference.network import FloatNetwork
from engine.inference.rules import taken
from tests.hostsim.backend import Simulated

MODELS = files("assets") / "models"
SHIPPED = sorted(
    path.name
    for path in (MODELS.iterdir() if MODELS.is_dir() else ())
    if path.name.endswith(".safetensors") and not isinstance(modelfile.load(path.read_bytes()), FloatNetwork)
)
"""The packed ones: their float twins have no second backend to agree with."""
BLOCK = 500


def differing(model: str, backends, most: int | None = None) -> dict[str, int]:
    """Of the first `most` test images, or of all, how many a backend scores in another way than the oracle, by name."""
    network = modelfile.load((MODELS / model).read_bytes())
    images = datasets.load(network.metadata.dataset).test_images[:most]
    oracle, programs = backend("naive").load(network), {one.name: one.load(network) for one in backends}
    found = dict.fromkeys(programs, 0)
    for start in range(0, len(images), BLOCK):
        block = taken(network, images[start : start + BLOCK])
        expected = oracle.scores(block).view(np.uint32)
        for name, program in programs.items():
            found[name] += int((program.scores(block).view(np.uint32) != expected).any(axis=1).sum())
    return found


def main() -> int:
    """Returns 1 where any image is scored in another way."""
    wrong = 0
    for model in SHIPPED:
        began = time.perf_counter()
        (count,) = differing(model, [Simulated()]).values()
        print(f"{model}: {count} images differ, {time.perf_counter() - began:.0f} s", flush=True)
        wrong += count
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
