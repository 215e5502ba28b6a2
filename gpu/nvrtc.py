"""Which of the installed NVRTC libraries compiles: the newest whose code this driver can load."""

from __future__ import annotations

import ctypes
import importlib.util
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import Unsupported
from gpu.driver import Version

INSTALL = "Install it with: pip install nvidia-cuda-nvrtc-cu12 nvidia-cuda-runtime-cu12."

WINDOWS = sys.platform == "win32"
_PLACES = ("cuda_nvrtc/bin", "cu13/bin/x86_64") if WINDOWS else ("cuda_nvrtc/lib", "cu13/lib")
"""Within the packages of NVIDIA's wheels."""
_LIBRARIES, _BUILTINS, _VERSION = (
    ("nvrtc64_*_0.dll", "nvrtc-builtins64_*.dll", r"64_(\d+)(\d)\.dll$")
    if WINDOWS
    else ("libnvrtc.so.*", "libnvrtc-builtins.so.*", r"\.so\.(\d+)\.(\d+)$")
)


@dataclass(frozen=True)
class Nvrtc:
    """An installed library, the one with its built-in functions, and their version."""

    library: Path
    builtins: Path
    version: Version


def installed() -> list[Nvrtc]:
    """The libraries that wheels brought, newest first. A CUDA toolkit of the system is CuPy's to find.

    They are told apart by their names: whichever is loaded first is the one that CuPy uses.
    """
    found = [each for folder in _folders() if (each := _in_folder(folder)) is not None]
    return sorted(found, key=lambda each: each.version, reverse=True)


def choose(cuda: Version) -> Nvrtc | None:
    """The newest whose code a driver for this CUDA loads (CUDA's minor versions are compatible), None for no wheel.

    Raises Unsupported where there are wheels and all are too new.
    """
    found = installed()
    able = [each for each in found if each.version[0] <= cuda[0]]
    if found and not able:
        raise Unsupported(
            f"NVRTC {found[-1].version[0]} makes code that this driver (CUDA {cuda[0]}.{cuda[1]}) cannot load.",
            f"Update the driver, or install an older NVRTC: pip install nvidia-cuda-nvrtc-cu{cuda[0]}.",
        )
    return able[0] if able else None


def prefer(chosen: Nvrtc | None) -> None:
    """Make CuPy, imported after this, use that library: it takes the one that the process has loaded already.

    The built-in functions are loaded as well, since NVRTC looks for them in the system's folders only.
    """
    if chosen is not None:
        for path in (chosen.builtins, chosen.library):
            ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)


def _folders() -> Iterator[Path]:
    package = importlib.util.find_spec("nvidia")
    for root in package.submodule_search_locations or () if package else ():
        yield from (Path(root) / place for place in _PLACES)


def _in_folder(folder: Path) -> Nvrtc | None:
    """What a wheel brought. Beside it may lie a second build of the same ("alt"), which is not used."""
    libraries, builtins = (
        [path for path in sorted(folder.glob(pattern)) if ".alt." not in path.name]
        for pattern in (_LIBRARIES, _BUILTINS)
    )
    version = re.search(_VERSION, builtins[-1].name) if builtins else None
    if version is None or not libraries:
        return None
    return Nvrtc(libraries[-1], builtins[-1], (int(version[1]), int(version[2])))
