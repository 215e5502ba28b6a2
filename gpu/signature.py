"""What a kernel takes, read out of its source: no launch can pass anything else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

DTYPES = {
    name: np.dtype(dtype)
    for name, dtype in {"u8": np.uint8, "i32": np.int32, "u32": np.uint32, "u64": np.uint64, "f32": np.float32}.items()
}
"""The types of common.cuh."""

_KERNEL = re.compile(
    r'extern "C" __global__ void\s+(?:__launch_bounds__\([^)]*\)\s+)?(?P<name>\w+)\((?P<parameters>[^)]*)\)\s*\{'
)
_PARAMETER = re.compile(r"(?P<const>const )?(?P<type>\w+)(?P<pointer>\*(?: __restrict__)?)? (?P<name>\w+)")


@dataclass(frozen=True)
class Parameter:
    """One argument: a value of its dtype, or a pointer to such values, which are written where it is not const."""

    name: str
    dtype: np.dtype[Any]
    pointer: bool
    written: bool


@dataclass(frozen=True)
class Signature:
    """A kernel's name and what it takes, in order."""

    kernel: str
    parameters: tuple[Parameter, ...]


def signatures(source: str) -> dict[str, Signature]:
    """Every kernel of a source, by name. Raises ValueError for one that cannot be read."""
    found = {match["name"]: _signature(match) for match in _KERNEL.finditer(source)}
    if len(found) != source.count("__global__"):
        raise ValueError(f"{source.count('__global__')} kernels, of which {sorted(found)} can be read")
    return found


def _signature(kernel: re.Match[str]) -> Signature:
    parameters = tuple(_parameter(text) for text in kernel["parameters"].split(","))
    return Signature(kernel["name"], parameters)


def _parameter(text: str) -> Parameter:
    match = _PARAMETER.fullmatch(" ".join(text.split()))
    if match is None or match["type"] not in DTYPES or (match["const"] and not match["pointer"]):
        raise ValueError(f"'{text.strip()}' is no argument that a launch can pass")
    pointer = match["pointer"] is not None
    return Parameter(match["name"], DTYPES[match["type"]], pointer, pointer and not match["const"])
