"""What every test gets: no display, a home of its own, and a check that no process is left behind."""

import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import psutil
import pytest

from gpu import driver
from gpu.driver import NoGpu


def pytest_collection_modifyitems(items):
    """What needs a card is skipped where there is none, with the reason."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    why = _why_no_card() if marked else ""
    for item in marked if why else ():
        item.add_marker(pytest.mark.skip(reason=why))


def _why_no_card():
    try:
        driver.find()
    except NoGpu as error:
        return error.what
    return ""


@pytest.fixture(scope="session")
def qapp_cls():
    """The one application of all tests: it knows what each event cost."""
    from tests.slots import WatchedApplication

    return WatchedApplication


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    """A fresh FLIPSCOPE_HOME, so that no test sees another's settings, runs or caches, nor the user's."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("FLIPSCOPE_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def no_widget_left(home):  # noqa: ARG001 - the home is there first
    """What earlier tests closed is gone before a test begins: half of a plot would not bear a change of the theme."""
    core = sys.modules.get("PySide6.QtCore")
    if core is not None and core.QCoreApplication.instance() is not None:
        core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete.value)


@pytest.fixture(autouse=True)
def products_of_torch():
    """A run of a binary network may leave torch with products in bfloat16, where the processor has them."""
    yield
    torch = sys.modules.get("torch")  # or what stands for it
    if hasattr(torch, "set_float32_matmul_precision"):
        torch.set_float32_matmul_precision("highest")


@pytest.fixture(autouse=True)
def no_process_left():
    """Fail a test that leaves a worker running."""
    yield
    workers = [child for child in psutil.Process().children(recursive=True) if _is_worker(child)]
    _, alive = psutil.wait_procs(workers, timeout=3)
    for child in alive:
        child.kill()
    assert not alive, f"left running: {alive}"


def _is_worker(process):
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.Error:
        return False
