"""Kernels compiled for the CPU by g++, each module once a session."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
COMPILER = shutil.which("g++") if sys.platform == "linux" else None
WHY_NOT = "the simulation needs g++ on Linux"

FLAGS = ("-std=c++20", "-O1", "-fPIC", "-ffp-contract=off", "-fno-strict-aliasing", "-Wall",
         "-Wno-unknown-pragmas", "-Werror")  # fmt: skip


def simulated(text, kernels, more=()):
    """The function `simulate` of a source that holds these kernels. more: flags beside the usual ones."""
    return loaded(text, tuple(kernels), tuple(more))


@functools.cache
def loaded(text, kernels, more):
    """The same, once a session."""
    library = ctypes.CDLL(str(compiled(text, kernels, more)))
    library.simulate.argtypes = (
        ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_uint64,
        ctypes.c_char_p, ctypes.c_int,
    )  # fmt: skip
    return library.simulate


def compiled(text, kernels, more):
    """Where the shared object of a source lies."""
    table = ", ".join(f"SIMULATED_KERNEL({name})" for name in kernels)
    whole = f"{text}\nconst SimulatedKernel simulated_kernels[] = {{{table}, {{nullptr, nullptr}}}};\n"
    stem = folder() / hashlib.sha256(repr((whole, more)).encode()).hexdigest()[:16]
    source, made = stem.with_suffix(".cpp"), stem.with_suffix(".so")
    source.write_text(whole)
    run_compiler(*more, "-include", HERE / "simulated.h", "-shared", "-o", made, source, runtime(more))
    return made


@functools.cache
def runtime(more):
    """What every shared object is linked with."""
    made = folder() / f"runtime-{hashlib.sha256(repr(more).encode()).hexdigest()[:8]}.o"
    run_compiler(*more, "-O2", "-c", "-o", made, HERE / "runtime.cpp")
    return made


@functools.cache
def folder():
    """Of this session alone."""
    made = tempfile.TemporaryDirectory(prefix="flipscope-hostsim-")
    _KEPT.append(made)
    return Path(made.name)


_KEPT = []


def run_compiler(*arguments):
    done = subprocess.run([COMPILER, *FLAGS, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
