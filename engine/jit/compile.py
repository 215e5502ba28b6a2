"""From LLVM IR as text to functions that Python can call, compiled for exactly this CPU or for a named variant."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from typing import Any

import llvmlite.binding as llvm

from engine.jit import cache as objects
from engine.jit.target import FORCE, Target, host_features

Native = Any
"""A ctypes function."""


class Library:
    """Native code of one module; its functions live as long as it does."""

    def __init__(self, ir: str, target: Target | None = None) -> None:
        """Compile `ir` for this CPU, or take the object from the cache.

        Args:
            target: the variant that the IR was written for; its object is kept in the cache. Without one the code
                is compiled for this CPU and not kept.

        Raises RuntimeError where it is not valid LLVM IR.
        """
        machine = _machine(target)
        if target is None:
            module = llvm.parse_assembly(ir)
            module.verify()
            self._engine = llvm.create_mcjit_compiler(module, machine)
        else:
            body = _object(ir, target, machine)
            self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
            self._engine.add_object_file(llvm.ObjectFileRef.from_data(body))
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


def compile_object(ir: str, target: Target) -> bytes:
    """The object file of `ir` for a variant, whether this processor can run it or not. Raises RuntimeError."""
    return _emitted(ir, _machine_of(target))


def assembly(ir: str, target: Target) -> str:
    """The assembly of `ir` for a variant, for tests and for reading."""
    return str(_machine_of(target).emit_assembly(llvm.parse_assembly(ir)))


def _machine_of(target: Target) -> llvm.TargetMachine:
    _initialize()
    chosen = llvm.Target.from_triple(target.triple)
    return chosen.create_target_machine(cpu=target.cpu, features=target.features, opt=3)


def _object(ir: str, target: Target, machine: llvm.TargetMachine) -> bytes:
    """The object for this machine, from the cache where it is there."""
    version = ".".join(map(str, llvm.llvm_version_info))
    cpu, features = _model(target)
    name = objects.key(version, str(machine.triple), cpu, features, ir)
    body = objects.load(name)
    if body is None:
        body = _emitted(ir, machine)
        objects.store(name, body)
    return body


def _emitted(ir: str, machine: llvm.TargetMachine) -> bytes:
    module = llvm.parse_assembly(ir)
    module.verify()
    return bytes(machine.emit_object(module))


def _machine(target: Target | None) -> llvm.TargetMachine:
    """A machine for this host; each compiler takes one over."""
    cpu, features = _model(target)
    return llvm.Target.from_default_triple().create_target_machine(cpu=cpu, features=features, opt=3)


def _model(target: Target | None) -> tuple[str, str]:
    """CPU and features to compile for: this very CPU, or where FLIPSCOPE_CPU holds us to a variant, that one's."""
    _initialize()
    if target is not None and os.environ.get(FORCE):
        return target.cpu, target.features
    features = dict(host_features())
    if "prefer-256-bit" in features or features.get("avx512f"):
        features["prefer-256-bit"] = target is not None and "+prefer-256-bit" in target.features
    return host_name(), ",".join(f"{'+' if present else '-'}{name}" for name, present in sorted(features.items()))


@cache
def _initialize() -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
