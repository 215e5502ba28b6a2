"""The driver and its GPU, found out without CuPy; what is missing is said with its remedy."""

import ctypes
from contextlib import contextmanager

import pytest

from gpu import driver
from gpu.driver import Gpu, NoGpu


class Library:
    """CUDA's driver, or the library that manages it."""

    def __init__(self, devices=1, starts=True, capability=(8, 6), cuda=12_040, name=b"Some GPU"):
        self._devices, self._starts, self._capability, self._cuda, self._name = devices, starts, capability, cuda, name

    def cuInit(self, _):  # noqa: N802 - CUDA's name
        return 0 if self._starts else 100

    def cuDeviceGetCount(self, pointer):  # noqa: N802 - CUDA's name
        return _put(pointer, self._devices)

    def cuDeviceGet(self, pointer, index):  # noqa: N802 - CUDA's name
        return _put(pointer, 40 + index)

    def cuDeviceGetName(self, buffer, room, device):  # noqa: N802 - CUDA's name
        assert device == 40
        buffer.value = self._name[: room - 1]
        return 0

    def cuDeviceGetAttribute(self, pointer, attribute, device):  # noqa: N802 - CUDA's name
        assert device == 40
        told = {75: self._capability[0], 76: self._capability[1], 16: 68, 13: 1_710_000, 36: 9_501_000, 37: 320}
        return _put(pointer, told[attribute])

    def cuDriverGetVersion(self, pointer):  # noqa: N802 - CUDA's name
        return _put(pointer, self._cuda)

    def nvmlInit_v2(self):  # noqa: N802 - CUDA's name
        return 0

    def nvmlShutdown(self):  # noqa: N802 - CUDA's name
        return 0

    def nvmlSystemGetDriverVersion(self, buffer, room):  # noqa: N802 - CUDA's name
        assert room > 80
        buffer.value = b"550.54.14"
        return 0


def _put(pointer, value):
    pointer._obj.value = value
    return 0


@pytest.fixture
def system(monkeypatch):
    """A system with this library for all that is asked for, or for the driver alone."""

    def use(library, managed=True):
        def load(name):
            if library is None or (not managed and "ml" in name):
                raise OSError(name)
            return library

        monkeypatch.setattr(ctypes, "CDLL", load)

    return use


def test_a_gpu(system):
    system(Library())
    assert driver.find() == Gpu("Some GPU", (8, 6), (12, 4), "550.54.14", 68, 1.71e9, 760.08e9)
    assert driver.find().architecture == "sm_86"


def test_a_driver_that_cannot_say_its_own_version(system):
    system(Library(cuda=13_010), managed=False)
    found = driver.find()
    assert (found.cuda, found.driver) == ((13, 1), "")


@pytest.mark.parametrize(
    ("library", "what", "remedy"),
    [
        (None, "No NVIDIA driver", "install its driver"),
        (Library(devices=0), "sees no GPU", "nvidia-smi"),
        (Library(starts=False), "sees no GPU", "nvidia-smi"),
        (Library(capability=(6, 1)), r"Some GPU \(sm_61\) is older", "Turing"),
        (Library(cuda=11_080), r"supports CUDA 11\.8", "Update the driver"),
    ],
)
def test_what_is_missing(system, library, what, remedy):
    system(library)
    with pytest.raises(NoGpu, match=what) as caught:
        driver.find()
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(("library", "entered"), [(Library(), 1), (None, 0)])
def test_only_a_driver_that_is_there_is_waited_for(system, library, entered):
    times = []

    @contextmanager
    def asking():
        times.append(1)
        yield

    system(library)
    try:
        driver.find(asking())
    except NoGpu:
        assert library is None
    assert len(times) == entered
