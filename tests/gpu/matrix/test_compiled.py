"""Every kernel compiled without a card, by the command, in a process of its own; and kernels that must not pass."""

import importlib.util
import json
import subprocess
import sys
from functools import cache

import pytest

from gpu import nvrtc
from gpu.matrix import __main__ as command
from gpu.matrix.examined import runs_on
from gpu.matrix.listing import NoDisassembler, disassembler
from gpu.rates import ARCHITECTURES
from gpu.source import MODULES


def why_not():
    if importlib.util.find_spec("cupy_backends") is None or not nvrtc.installed():
        return "CuPy or NVRTC is not installed"
    try:
        disassembler()
    except NoDisassembler as error:
        return str(error)
    return ""


pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "all is there")


def run(*arguments):
    done = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False, timeout=280)
    return done.returncode, done.stdout, done.stderr


def kernels(*arguments):
    code, printed, said = run("gpu.matrix", "--json", *arguments)
    assert code in (0, 1), said
    return json.loads(printed)["kernels"]


@cache
def usual(number):
    """The first of every source on an architecture."""
    return kernels("--arch", str(number))


@cache
def small_tile():
    """The smallest tile on tensor cores, of AND."""
    return kernels("--all", "--only", "BM=64 BN=64 WM=32", "--arch", "90")


@pytest.fixture(scope="module")
def planted():
    code, printed, said = run("tests.gpu.matrix.planted")
    assert code == 0, said
    return json.loads(printed)


@pytest.mark.parametrize("number", ARCHITECTURES)
def test_every_kernel_compiles_and_nothing_is_wrong_with_it(number):
    known = {(module.file, kernel) for module in MODULES if runs_on(module, [number]) for kernel in module.kernels}
    assert {(each["module"].split()[0], each["kernel"]) for each in usual(number)} == known
    check_all(usual(number))


def check_all(kernels):
    assert [each for each in kernels if each["faults"]] == []
    assert all(0 < each["registers"] <= 255 and not each["spilled"] for each in kernels)


@pytest.mark.parametrize("number", [80, 86, 89, 90])
def test_the_product_can_reach_what_its_algorithm_allows(number):
    bounds = [each["bound"] for each in usual(number) if each["module"].startswith("gemm.cu")]
    assert len(bounds) == 4
    for bound in bounds:
        assert bound["fraction"] >= 0.85
        assert bound["reached"] > bound["textbook"]


@pytest.mark.parametrize(
    ("found", "popcounts"),
    [(lambda: usual(86), 0), (lambda: usual(90), 0.75), (small_tile, 1)],
    ids=["XOR", "AND", "64x64"],
)
def test_tensor_cores_are_kept_busy_in_tiles_of_every_size(found, popcounts):
    check_all(found())
    feeds = [each["feed"] for each in found() if each["feed"] is not None]
    assert len(feeds) == 4 + 3  # of products and of convolutions
    assert max(feed["instructions"] for feed in feeds[:4]) <= 8
    assert [feed["popcounts"] for feed in feeds] == [popcounts] * 7


def test_loops_are_counted_as_by_hand(planted):
    assert set(planted["counted"]) == {"75", "80", "90", "120"}
    for counted in planted["counted"].values():
        assert counted == {"POPC": 4, "LOP3": 4, "LDG": 2, "loops": 1}


@pytest.mark.parametrize(
    ("bug", "fault"),
    [
        ("four logic instructions for two words", "of the ideal one's speed, limited by alu"),
        ("too few registers", "bytes of registers are spilled"),
        ("ones that every warp counts in every step", "popcounts for each of the tensor cores' instructions"),
        ("an instruction that sm_90 emulates", "emulated by $__internal_"),
    ],
)
def test_a_worse_kernel_is_a_fault(planted, bug, fault):
    assert any(fault in found for found in planted["planted"][bug])


def test_without_a_compiler_the_command_says_what_to_do(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "cupy_backends.cuda.libs.nvrtc", None)
    monkeypatch.setattr(nvrtc, "prefer", lambda _: None)
    assert command.main(["--only", "pool"]) == command.REFUSED
    assert "pip install nvidia-cuda-nvrtc-cu12" in capsys.readouterr().err
