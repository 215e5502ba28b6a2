"""From CUDA source to code for one architecture, by NVRTC through CuPy; what was compiled is kept between runs."""

from __future__ import annotations

import importlib
import logging
from dataclasses import dataclass
from typing import Any

from engine.errors import FlipscopeError
from engine.jit import cache
from gpu.driver import Version
from gpu.nvrtc import INSTALL
from gpu.source import Module

log = logging.getLogger(__name__)

OPTIONS = ("-std=c++17", "-fmad=false")
"""No contraction: scores are rounded after the product and after the sum, as everywhere else."""
REPORT = "--ptxas-options=-v"
"""Makes the log tell registers and spills."""


class CompileFailed(FlipscopeError):
    """A kernel is none for this compiler and this GPU."""


class NoCompiler(FlipscopeError):
    """Nothing can be compiled here: NVRTC is missing, or parts of it."""


@dataclass(frozen=True)
class Compiled:
    """Code as the driver loads it: a cubin, or PTX where NVRTC is older than the GPU. report: what NVRTC said."""

    code: bytes
    report: str


def code(module: Module, capability: Version) -> bytes:
    """The code of a module for a GPU, from the cache where it is there. Raises CompileFailed, NoCompiler."""
    options = (*OPTIONS, architecture(capability))
    name = cache.key("cuda", version(), *options, module.text)
    kept = cache.load(name)
    if kept is None:
        kept = compiled(module, *options).code
        cache.store(name, kept)
    return kept


def compiled(module: Module, *options: str) -> Compiled:
    """Compile a module with these options of NVRTC's, `-arch=` among them. Raises CompileFailed, NoCompiler."""
    nvrtc = _nvrtc()
    program = nvrtc.createProgram(module.text, module.file, (), ())
    try:
        nvrtc.compileProgram(program, options)
        report = nvrtc.getProgramLog(program)
        if any(option.startswith("-arch=compute_") for option in options):
            return Compiled(nvrtc.getPTX(program), report)
        return Compiled(nvrtc.getCUBIN(program) + b"\0", report)  # CuPy leaves its last byte out
    except nvrtc.NVRTCError as error:
        raise _explained(module, error, nvrtc.getProgramLog(program)) from error
    finally:
        nvrtc.destroyProgram(program)


def version() -> str:
    """The version of the NVRTC in use. Raises NoCompiler."""
    return ".".join(map(str, _nvrtc().getVersion()))


def architecture(capability: Version) -> str:
    """NVRTC's option for a GPU: its own architecture, an earlier one of the same generation, or PTX for a newer one."""
    known = sorted(_nvrtc().getSupportedArchs())
    wanted = 10 * capability[0] + capability[1]
    alike = [each for each in known if each // 10 == capability[0] and each <= wanted]
    if alike:
        return f"-arch=sm_{alike[-1]}"
    older = [each for each in known if each <= wanted]
    if not older:
        raise NoCompiler(f"This NVRTC does not know sm_{wanted}.", "Install another version of it, or use the CPU.")
    return f"-arch=compute_{older[-1]}"


def _nvrtc() -> Any:
    """CuPy's binding of NVRTC, imported at first use. Raises NoCompiler."""
    try:
        binding = importlib.import_module("cupy_backends.cuda.libs.nvrtc")
        binding.getVersion()
    except Exception as error:  # CuPy raises what its loader, its binding or NVRTC does
        raise NoCompiler(f"NVRTC cannot be used: {_line(error)}.", INSTALL) from error
    return binding


def _explained(module: Module, error: Exception, report: str) -> FlipscopeError:
    said = next((line for line in report.splitlines() if "error" in line), _line(error)).strip()
    log.error("%s does not compile: %s\n%s", module, error, report)
    if "builtins" in said or "could not open source file" in said:
        return NoCompiler(f"NVRTC is not whole: {said}.", INSTALL)
    return CompileFailed(f"The kernel '{module}' does not compile: {said}.", "Please report it with the log.")


def _line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
