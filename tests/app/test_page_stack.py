"""The pages of the window: made in parts while nobody waits, at once for who needs one, in front once whole."""

import importlib
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app import page_stack
from app.page_stack import MAKERS, PageStack

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def stack(session, qtbot):
    made = PageStack(session)
    qtbot.addWidget(made)
    made.page("draw")
    made.bring("draw")
    made.show()
    return made


def whole(stack):
    return [name for name in MAKERS if stack.is_whole(name)]


def test_the_page_before_stays_in_front_until_the_one_that_is_wanted_is_whole(stack, qtbot):
    stack.bring("learn")
    assert stack.currentWidget() is stack.page("draw")
    with qtbot.waitSignal(stack.made, timeout=60_000) as caught:
        pass
    assert caught.args == ["learn"]
    assert stack.currentWidget() is stack.page("learn")
    assert whole(stack) == ["draw", "learn"]


def test_who_needs_a_page_gets_it_whole_and_in_front_if_it_was_wanted(stack):
    stack.bring("kernels")
    page = stack.page("kernels")
    assert whole(stack) == ["draw", "kernels"]
    assert page.isVisible()
    assert not stack.page("learn").isVisible()


def test_every_page_is_made_in_the_end(stack, qtbot):
    stack.make_rest()
    assert whole(stack) == ["draw"]
    qtbot.waitUntil(lambda: whole(stack) == list(MAKERS), timeout=60_000)
    assert stack.currentWidget() is stack.page("draw")


def test_what_is_wanted_meanwhile_is_made_first(stack, qtbot):
    stack.make_rest()
    stack.bring("kernels")
    qtbot.waitUntil(stack.page("draw").isHidden, timeout=60_000)
    assert whole(stack) == ["draw", "kernels"]


def test_the_windows_own_thread_imports_all_of_it(stack, qtbot, monkeypatch):
    """On another one it crashed in one start of fifty: both were making a type of Qt at once."""
    importers = set()

    def imported(name):
        importers.add((name, threading.current_thread()))
        return importlib.import_module(name)

    monkeypatch.setattr(page_stack, "import_module", imported)
    stack.make_rest()
    qtbot.waitUntil(lambda: whole(stack) == list(MAKERS), timeout=60_000)
    assert {f"app.pages.{name}" for name in MAKERS} <= {name for name, _ in importers}
    assert {thread for _, thread in importers} == {threading.main_thread()}


WITHOUT = "import sys; sys.modules['pyqtgraph'] = None; import app.window, app.pages.draw"
"""What the first picture of the window is made of; pyqtgraph, which takes a third of a second, comes after it."""


def test_the_first_picture_needs_no_plots():
    done = subprocess.run([sys.executable, "-c", WITHOUT], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
