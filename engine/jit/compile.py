"""From LLVM IR as text to functions that Python can call, compiled for exactly this CPU."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

import llvmlite.binding as llvm

Native = Callable[..., Any]


class Library:
    """Native code compiled from one module; its functions live as long as it does."""

    def __init__(self, ir: str) -> None:
        """Compile `ir`. Raises RuntimeError where it is not valid LLVM IR."""
        module = llvm.parse_assembly(ir)
        module.verify()
        self._engine = llvm.create_mcjit_compiler(module, _target_machine())
        self._engine.finalize_object()

    def function(self, name: str, result: Any, *arguments: Any) -> Native:
        """The function of that name with ctypes types; calling it lets go of the interpreter's lock.

        Raises KeyError where there is none. Keep the library as long as the function.
        """
        address = self._engine.get_function_address(name)
        if not address:
            raise KeyError(name)
        native = ctypes.CFUNCTYPE(result, *arguments)(address)
        native.library = self  # type: ignore[attr-defined]
        return native


@cache
def host_name() -> str:
    """LLVM's name of this CPU, e.g. "znver5"."""
    _initialize()
    return str(llvm.get_host_cpu_name())


@cache
def host_features() -> str:
    """This CPU's features as LLVM writes them. Vectors as wide as they come: the 256-bit preference is taken back."""
    _initialize()
    features = dict(llvm.get_host_cpu_features())
    if "prefer-256-bit" in features or features.get("avx512f"):
        features["prefer-256-bit"] = False
    return ",".join(f"{'+' if present else '-'}{name}" for name, present in sorted(features.items()))


def _target_machine() -> llvm.TargetMachine:
    """A machine for this host; each compiler takes one over."""
    _initialize()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(cpu=host_name(), features=host_features(), opt=3)


@cache
def _initialize() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
