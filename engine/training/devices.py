"""Where torch computes: whether that is there, how it is set up, and signs packed before they leave it."""

from __future__ import annotations

import os

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from torch import Tensor
from torch.utils import deterministic

from engine.bits import WORD, Words, words_for
from engine.config import RunConfig


def why_not(device: str) -> str | None:
    """None if torch can compute there, else why not and what to do, in a sentence."""
    if device == "cpu" or torch.cuda.is_available():
        return None
    if torch.version.cuda is None:
        return "This torch was built for the CPU only: install one with CUDA, or choose device=cpu."
    return "torch finds no NVIDIA card, or no driver for it: see 'nvidia-smi', or choose device=cpu."


def set_up_torch(config: RunConfig) -> None:
    """Threads, products and determinism of this process, for a run.

    "medium" lets oneDNN make the products, on AMD at twice the speed of torch's default, and where the CPU has units
    for it with bfloat16 factors and float32 sums; on a card with TF32 factors. +-1 and pixels are numbers of either, so
    that every sum of the binary network stays exact; float activations keep float32.
    """
    fast = config.binary_activations
    torch.set_num_threads(config.threads)
    torch.set_float32_matmul_precision("medium" if fast else "highest")
    if config.device == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS does not repeat its sums
        torch.backends.cudnn.allow_tf32 = fast
        torch.backends.cudnn.benchmark = False  # which kernel is fastest differs from run to run
        # Else every new tensor is filled by a kernel of its own, so that who reads it unwritten, as nobody here does,
        # always finds the same.
        deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        # Only warned of: max-pooling's gradient is called indeterminate, and is not where windows lie side by side.
        torch.use_deterministic_algorithms(True, warn_only=True)


def pack(positive: Tensor) -> Words:
    """The packed signs (engine.bits.pack) of bools [outputs, inputs], packed where they are and then copied."""
    outputs, inputs = positive.shape
    bits = F.pad(positive, (0, -inputs % WORD)).view(outputs, words_for(inputs) * 8, 8)
    places = torch.tensor([1, 2, 4, 8, 16, 32, 64, 128], dtype=torch.uint8, device=positive.device)
    octets = bits.to(torch.uint8).mul_(places).sum(-1, dtype=torch.uint8)
    words: Words = octets.numpy(force=True).view("<u8").astype("=u8", copy=False)
    return words
