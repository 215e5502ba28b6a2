"""Compiling: for the GPU's architecture or the nearest, kept between runs, and told in words where it fails."""

import sys

import pytest

from gpu import compile as compiler
from gpu.compile import CompileFailed, NoCompiler
from gpu.source import GEMMS, PACK


class NVRTCError(RuntimeError):
    pass


class Nvrtc:
    """CuPy's binding of a compiler that knows some architectures, and fails with a log or not at all."""

    NVRTCError = NVRTCError

    def __init__(self, version=(12, 9), known=(75, 80, 86, 89, 90, 100, 103, 120), log=None):
        self.version, self.known, self.log = version, known, log
        self.compiled, self.alive = [], 0

    def getVersion(self):  # noqa: N802 - CuPy's name
        return self.version

    def getSupportedArchs(self):  # noqa: N802 - CuPy's name
        return list(self.known)

    def createProgram(self, text, *_):  # noqa: N802 - CuPy's name
        self.alive += 1
        return text

    def compileProgram(self, text, options):  # noqa: N802 - CuPy's name
        if self.log is not None:
            raise NVRTCError("NVRTC_ERROR_COMPILATION (6)")
        self.compiled.append((text, options))

    def getProgramLog(self, _):  # noqa: N802 - CuPy's name
        return self.log or "ptxas info: used 3 registers"

    def getCUBIN(self, _):  # noqa: N802 - CuPy's name
        return b"cubin"

    def getPTX(self, _):  # noqa: N802 - CuPy's name
        return b"ptx"

    def destroyProgram(self, _):  # noqa: N802 - CuPy's name
        self.alive -= 1


@pytest.fixture
def nvrtc(monkeypatch):
    def use(**how):
        made = Nvrtc(**how)
        monkeypatch.setattr(compiler, "_nvrtc", lambda: made)
        return made

    return use


@pytest.mark.parametrize(
    ("capability", "expected"),
    [
        ((7, 5), "-arch=sm_75"),
        ((8, 6), "-arch=sm_86"),
        ((8, 7), "-arch=sm_86"),
        ((9, 0), "-arch=sm_90"),
        ((10, 3), "-arch=sm_103"),
        ((12, 1), "-arch=sm_120"),
        ((11, 0), "-arch=compute_103"),
        ((13, 5), "-arch=compute_120"),
    ],
)
def test_the_gpus_architecture_or_an_earlier_one_of_its_generation_or_ptx(nvrtc, capability, expected):
    nvrtc()
    assert compiler.architecture(capability) == expected


def test_a_gpu_that_nvrtc_no_longer_knows(nvrtc):
    nvrtc(known=(80, 90))
    with pytest.raises(NoCompiler, match="sm_75"):
        compiler.architecture((7, 5))


def test_compiled_once_for_each_thing_that_makes_the_code(nvrtc):
    first = nvrtc()
    for _ in range(2):
        assert compiler.code(PACK, (8, 6)) == b"cubin\0"
    assert [options for _, options in first.compiled] == [(*compiler.OPTIONS, "-arch=sm_86")]
    compiler.code(PACK, (8, 9))
    compiler.code(GEMMS[0], (8, 6))
    compiler.code(GEMMS[1], (8, 6))
    assert len(first.compiled) == 4
    other = nvrtc(version=(13, 0))
    compiler.code(PACK, (8, 6))
    assert len(other.compiled) == 1
    assert first.alive == other.alive == 0


def test_ptx_for_a_gpu_that_is_newer_than_nvrtc(nvrtc):
    nvrtc()
    assert compiler.code(PACK, (13, 0)) == b"ptx"


@pytest.mark.parametrize(
    ("kind", "log", "what", "remedy"),
    [
        (
            NoCompiler,
            "nvrtc: error: failed to open libnvrtc-builtins.so.12.9.",
            "not whole",
            "pip install nvidia-cuda-nvrtc-cu12",
        ),
        (NoCompiler, 'a.cu(1): error: could not open source file "cuda.h"', "not whole", "nvidia-cuda-runtime-cu12"),
        (CompileFailed, 'pack.cu(3): error: identifier "x" is undefined\n1 error', 'identifier "x"', "report"),
        (CompileFailed, "", "NVRTC_ERROR_COMPILATION", "report"),
    ],
)
def test_what_does_not_compile_says_why_and_is_not_kept(nvrtc, kind, log, what, remedy):
    broken = nvrtc(log=log)
    with pytest.raises(kind) as caught:
        compiler.code(PACK, (8, 6))
    assert what in caught.value.what
    assert remedy in caught.value.remedy
    assert broken.alive == 0
    nvrtc()
    assert compiler.code(PACK, (8, 6)) == b"cubin\0"


def test_no_nvrtc_at_all(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy_backends.cuda.libs.nvrtc", None)
    with pytest.raises(NoCompiler) as caught:
        compiler.code(PACK, (8, 6))
    assert "pip install" in caught.value.remedy
