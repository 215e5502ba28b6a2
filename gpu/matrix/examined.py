"""A module compiled for one architecture, and what is found of each of its kernels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gpu import compile as compiler
from gpu.matrix.bound import Bound, of_product
from gpu.matrix.feed import MOST_INSTRUCTIONS, MOST_OF_WINDOWS, Feed, of_tensor_cores
from gpu.matrix.listing import Functions, Instruction, disassembled
from gpu.matrix.loops import NoSuchLoop
from gpu.matrix.pipes import UnknownInstruction
from gpu.matrix.resources import Resources, resources
from gpu.rates import ARCHITECTURES
from gpu.source import TENSOR_CONVS, TENSORS, Module

LEAST_FRACTION = 0.85
"""Of the ideal loop's speed, that the compiled loop of the product has to allow, in its largest tiles."""
LARGEST = {"BM": 64, "BN": 128}
HELD = (80, 86, 89, 90)
"""Where it has to."""
WITH_FEED = {module.file for module in (*TENSORS, *TENSOR_CONVS)}
"""Where what is issued beside the tensor cores is counted: of bits, in steps without branches that are seldom taken."""

_EMULATED = re.compile(rb"\$__internal_[\w$]+")


@dataclass(frozen=True)
class Examined:
    """A kernel on an architecture, e.g. 86 for sm_86.

    emulated: functions that the compiler put in the place of instructions which the architecture does not have.
    bound: of products with carry-save counts. feed: of products on tensor cores. Both are None for other kernels, and
    where there is no disassembler. unread: why the hot loop could not be read, or
    "". faults: what must not be, a sentence each.
    """

    module: Module
    kernel: str
    number: int
    resources: Resources
    emulated: tuple[str, ...]
    bound: Bound | None
    feed: Feed | None
    unread: str

    @property
    def faults(self) -> tuple[str, ...]:
        return tuple(self._faults())

    def _faults(self) -> Iterator[str]:
        yield from self.resources.faults(self.module)
        for name in self.emulated:
            yield f"An instruction is emulated by {name}."
        if self.unread:
            yield f"The hot loop cannot be read: {self.unread}."
        if self.bound is not None and self._held() and self.bound.fraction < LEAST_FRACTION:
            yield f"The loop allows {self.bound.fraction:.0%} of the ideal one's speed, limited by {self.bound.pipe}."
        if self.feed is not None:
            yield from self.feed.faults(MOST_OF_WINDOWS if self.module in TENSOR_CONVS else MOST_INSTRUCTIONS)

    def _held(self) -> bool:
        tile = {name: self.module[name] for name in LARGEST} if self.module.file == "gemm.cu" else None
        return self.number in HELD and tile == LARGEST


def examine(module: Module, number: int, listed: bool) -> list[Examined]:
    """Compile a module for sm_<number> and look at its kernels. listed: by their machine code too.

    Raises CompileFailed, NoCompiler, NoDisassembler.
    """
    made = compiler.compiled(module, *compiler.OPTIONS, f"-arch=sm_{number}", compiler.REPORT)
    told = resources(made.report)
    emulated = tuple(sorted({name.decode() for name in _EMULATED.findall(made.code)}))
    functions: Functions = disassembled(made.code) if listed and _is_product(module) else {}
    return [
        Examined(module, kernel, number, told[kernel], emulated, *_of_code(functions.get(kernel), module, number))
        for kernel in module.kernels
    ]


def runs_on(module: Module, numbers: Sequence[int]) -> list[int]:
    """Those of the architectures that a module is for."""
    return [number for number in numbers if module.oldest <= number <= module.newest]


def _is_product(module: Module) -> bool:
    return "CARRY_SAVE" in dict(module.defines) or module.file in WITH_FEED


def _of_code(code: list[Instruction] | None, module: Module, number: int) -> tuple[Bound | None, Feed | None, str]:
    if code is None:
        return None, None, ""
    try:
        if module.file in WITH_FEED:
            return None, of_tensor_cores(code, module), ""
        return of_product(code, module, ARCHITECTURES[number]), None, ""
    except (NoSuchLoop, UnknownInstruction) as error:
        return None, None, str(error)
