"""torch's products and convolutions on a CUDA device, with and without tensor cores, by the device's clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from engine.errors import Unsupported
from engine.turns import DeviceTurns

CUDA_FLOATS = ("cuda-float32", "cuda-tf32", "cuda-float16")
"""float32 as its units multiply; rounded to TF32, and in half precision, on tensor cores."""
CUDA_INT8 = "cuda-int8"
DEVICE = "cuda"


class CudaClock:
    """See engine.turns.DeviceClock."""

    def mark(self) -> torch.cuda.Event:
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()
        return event

    def seconds(self, first: torch.cuda.Event, last: torch.cuda.Event) -> float:
        last.synchronize()
        return float(first.elapsed_time(last)) / 1e3

    def recorded(self, begin: Callable[[], object], times: int) -> Callable[[], object]:
        """A CUDA graph of so many. Raises Unsupported where torch cannot make one."""
        graph = torch.cuda.CUDAGraph()
        with _explained("record it in a CUDA graph"), torch.cuda.graph(graph):
            for _ in range(times):
                begin()
        return graph.replay


def on_cuda(method: str) -> bool:
    """Whether a method runs on a CUDA device."""
    return method.startswith("cuda-")


def set_precision(method: str) -> None:
    """Let float32 be rounded to TF32 for that method, and for no other."""
    rounded = method == "cuda-tf32"
    torch.set_float32_matmul_precision("high" if rounded else "highest")
    torch.backends.cudnn.allow_tf32 = rounded
    torch.backends.cudnn.benchmark = True


def turns(method: str, make: Callable[[], Callable[[], Tensor]]) -> DeviceTurns:
    """Time what `make` gives by the device's clock. Raises Unsupported where CUDA or torch refuses it."""
    if not torch.cuda.is_available():
        raise Unsupported("This torch sees no CUDA device.", "Install a build of torch that fits the driver.")
    with _explained(f"do this by {method}"):
        call = make()
        call()
        torch.cuda.synchronize()
    return DeviceTurns(call, CudaClock())


@contextmanager
def _explained(doing: str) -> Iterator[None]:
    """Raise Unsupported with what torch says: a size that it does not take, memory that is not there."""
    try:
        yield
    except RuntimeError as error:
        said = str(error).strip().splitlines()[0].rstrip(".")
        raise Unsupported(f"torch does not {doing}: {said}.", "Choose another size.") from error


def layout(method: str) -> Callable[[Tensor], Tensor]:
    """Where tensors lie for a method: maps with their channels together where tensor cores take them."""
    dtype = torch.float16 if method == "cuda-float16" else torch.float32

    def place(tensor: Tensor) -> Tensor:
        maps = tensor.ndim == 4 and method != "cuda-float32"
        order = torch.channels_last if maps else torch.contiguous_format
        return tensor.to(DEVICE, dtype).contiguous(memory_format=order)

    return place
