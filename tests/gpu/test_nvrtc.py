"""Which NVRTC compiles: the newest that the driver can load, and CuPy uses just that one."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from engine.errors import Unsupported
from gpu import nvrtc

pytestmark = pytest.mark.skipif(nvrtc.WINDOWS, reason="the wheels' files have Linux's names here")

WHEELS = {
    12: ("cuda_nvrtc", "libnvrtc.so.12", "libnvrtc-builtins.so.12.9"),
    13: ("cu13", "libnvrtc.so.13", "libnvrtc-builtins.so.13.0"),
}


@pytest.fixture
def wheels(monkeypatch, tmp_path):
    """Put wheels of these major versions in the place of those that are installed."""

    def install(*majors):
        for package, *names in (WHEELS[major] for major in majors):
            folder = tmp_path / package / "lib"
            folder.mkdir(parents=True)
            for name in (*names, names[0].replace(".so", ".alt.so"), names[1].replace(".so", ".alt.so")):
                (folder / name).touch()

    monkeypatch.setattr(
        nvrtc.importlib.util, "find_spec", lambda _: SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    )
    return install


@pytest.mark.parametrize(
    ("majors", "cuda", "expected"),
    [
        ((12, 13), (12, 4), (12, 9)),
        ((12, 13), (13, 0), (13, 0)),
        ((12, 13), (14, 1), (13, 0)),
        ((12,), (13, 0), (12, 9)),
        ((13,), (13, 1), (13, 0)),
    ],
)
def test_the_newest_that_the_driver_loads(wheels, majors, cuda, expected):
    wheels(*majors)
    chosen = nvrtc.choose(cuda)
    assert chosen.version == expected
    assert ".alt." not in chosen.library.name + chosen.builtins.name


def test_without_a_wheel_the_system_is_left_to_cupy(wheels):
    wheels()
    assert nvrtc.choose((12, 4)) is None
    nvrtc.prefer(None)


def test_wheels_that_are_all_too_new_are_told(wheels):
    wheels(13)
    with pytest.raises(Unsupported, match=r"NVRTC 13 .*CUDA 12\.4") as caught:
        nvrtc.choose((12, 4))
    assert "nvidia-cuda-nvrtc-cu12" in caught.value.remedy


USED = """
import sys, warnings
warnings.simplefilter("error")
from gpu import compile, nvrtc
from gpu.source import PACK
cuda = tuple(map(int, sys.argv[1:]))
chosen = nvrtc.choose(cuda)
nvrtc.prefer(chosen)
made = compile.compiled(PACK, "-arch=sm_75", compile.REPORT)
from cupy_backends.cuda.libs import nvrtc as binding
print(tuple(binding.getVersion()) == chosen.version, made.code[:4] == b"\\x7fELF", "registers" in made.report)
"""


@pytest.mark.parametrize("cuda", [(12, 4), (13, 0)])
def test_cupy_compiles_with_the_one_that_was_chosen(cuda):
    if nvrtc.choose(cuda) is None:
        pytest.skip("no wheel of NVRTC is installed here")
    done = subprocess.run(
        [sys.executable, "-c", USED, *map(str, cuda)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.stdout.strip() == "True True True", done.stderr
