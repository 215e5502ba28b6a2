"""The window on fake children: pages, keys, dropped files, notices, help, both themes, and an orderly end."""

import gc
import sys

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QDialog, QWidget

from app import launch
from app.session import Notice
from app.theme import DARK, LIGHT, theme
from app.window import PAGES, Window
from engine import messages as m
from engine.messages import runs as r
from tests.app.test_session import info


@pytest.fixture
def window(session, qtbot):
    """A shown window of 1280x800."""
    made = Window(session)
    made.resize(1280, 800)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()
    made.deleteLater()
    # At once: no event loop runs here that would do it, and every window left is dressed anew with each theme.
    QCoreApplication.sendPostedEvents(made, QEvent.Type.DeferredDelete)
    theme().choose("dark")


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_control_and_a_number_show_a_page(window, number):
    QTest.keyClick(window, getattr(Qt.Key, f"Key_{number}"), Qt.KeyboardModifier.ControlModifier)
    assert window.session.visible_page == PAGES[number - 1][0]
    assert window.page(PAGES[number - 1][0]).isVisible()


def test_space_runs_and_x_switches(window):
    QTest.keyClick(window, Qt.Key.Key_Space)
    assert window.session.trainer.last(m.StartRun) is not None
    before = window.session.mode
    QTest.keyClick(window, Qt.Key.Key_X)
    assert window.session.mode != before


def test_space_still_presses_a_focused_button(window):
    window.show_page("learn")
    button = window.page("learn").bar.findChildren(QAbstractButton)[-1]
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert window.session.trainer.last(m.StartRun) is None or button.text() == "Run"


@pytest.mark.parametrize("name", [name for name, _ in PAGES])
def test_a_click_on_a_control_does_not_take_the_keys_from_the_page(window, name):
    window.show_page(name)
    for control in window.findChildren(QWidget):
        if isinstance(control, QAbstractButton | QComboBox) and control.isVisibleTo(window):
            assert not control.focusPolicy() & Qt.FocusPolicy.ClickFocus, control.accessibleName()


def test_what_is_made_later_leaves_the_keys_to_the_page_too(window):
    learn = window.page("learn")
    for part in (learn.runs, learn.setup):
        for control in part.findChildren(QAbstractButton):
            assert not control.focusPolicy() & Qt.FocusPolicy.ClickFocus, control.accessibleName()


def test_letters_are_not_typed_into_a_number_and_enter_gives_the_keys_back(window):
    window.show_page("learn")
    rate = window.page("learn").bar.fields["learning_rate"]
    rate.setFocus()
    rate.selectAll()
    QTest.keyClicks(rate, "0.03x")
    assert rate.cleanText() == "0.03"
    QTest.keyClick(rate, Qt.Key.Key_Return)
    assert window.session.draft.config().learning_rate == 0.03
    assert not rate.hasFocus()


def test_help_says_what_is_seen_and_lists_the_keys(window, qtbot):
    QTest.keyClick(window, Qt.Key.Key_F1)
    qtbot.waitUntil(lambda: bool(window.findChildren(QDialog)))
    dialog = window.findChildren(QDialog)[0]
    assert dialog.isVisible()
    dialog.reject()


@pytest.mark.parametrize(("name", "kind"), [("m.safetensors", m.LoadModel), ("digit.PNG", m.Prepare)])
def test_a_file_dropped_anywhere_is_opened(window, name, kind):
    session = window.session
    session.inference.say(m.ModelLoaded(info(session.model_key)))
    window.show_page("kernels")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(f"/somewhere/{name}")])
    nowhere = QPointF(QPoint(400, 400))
    event = QDropEvent(
        nowhere, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    window.dropEvent(event)
    assert window.session.inference.last(kind).path == f"/somewhere/{name}"
    assert window.session.visible_page == "draw"


def test_a_zipped_run_is_opened_among_the_kept_ones(window):
    window.open_file("/somewhere/run.ZIP")
    assert window.session.inference.last(r.ImportRun).key == "/somewhere/run.ZIP"
    assert window.learn.runs.isVisible()
    row = r.RunRow("/runs/run", "run")
    window.session.inference.say(r.RunImported("/somewhere/run.ZIP", row))
    assert window.session.library.rows[row.key] is row
    assert "among the runs" in window.learn.runs.said.whole


def test_a_notice_for_a_hidden_page_is_a_toast(window, session):
    window.show_page("draw")
    session.noticed.emit(Notice("learn", "The trainer is gone.", "Resume it."))
    assert window._toast.isVisible()
    session.noticed.emit(Notice("draw", "The file is bad.", "Choose another."))
    assert "trainer" in window._toast._text.text()
    window.show_page("learn")
    assert not window._toast.isVisible()


def test_an_unexpected_exception_is_told_and_nothing_stops(window):
    try:
        raise ZeroDivisionError("on purpose")
    except ZeroDivisionError:
        sys.excepthook(*sys.exc_info())
    assert "ZeroDivisionError" in window._toast._text.text()
    window._toast._copy.click()
    from PySide6.QtGui import QGuiApplication

    assert "on purpose" in QGuiApplication.clipboard().text()


def test_the_theme_turns_and_is_remembered(window, session):
    theme().choose("dark")
    window.toggle_theme()
    assert theme().tokens == LIGHT
    assert session.settings.theme == "light"
    window.toggle_theme()
    assert theme().tokens == DARK


def test_closing_ends_every_child(window, session):
    window.close()
    assert session.trainer.ended
    assert session.inference.ended


@pytest.mark.parametrize("choice", ["light", "dark"])
@pytest.mark.parametrize("name", [name for name, _ in PAGES])
def test_no_control_is_cut_off_at_the_smallest_size(window, name, choice, qtbot):
    theme().choose(choice)
    window.resize(window.minimumSize())
    window.show_page(name)
    qtbot.wait(50)
    page = window.page(name)
    area = page.rect()
    for widget in page.findChildren(QAbstractButton):
        if widget.isVisible() and widget.window() is window:
            corner = widget.mapTo(page, widget.rect().bottomRight())
            assert area.contains(corner), f"{widget.text() or widget.accessibleName()} is cut off"


def test_what_is_made_is_left_out_of_the_garbage_collectors_rounds_once_it_is_whole(window, monkeypatch):
    frozen = []
    monkeypatch.setattr(launch.gc, "freeze", lambda: frozen.append(True))
    launch.keep(window)
    for name, _ in PAGES[:-1]:
        window.page(name)
    assert not frozen
    window.page(PAGES[-1][0])
    assert frozen == [True]


def test_references_to_none_are_not_lost(window):
    """A binding that loses them (PySide6 6.12 on Python 3.11) ends the process after a while of live plotting."""
    gc.collect()
    gc.disable()  # what other tests left would take its references to None with it
    try:
        before = sys.getrefcount(None)
        for _ in range(300):
            window.session.mode_changed.emit()
            window.repaint()
        assert sys.getrefcount(None) > before - 200
    finally:
        gc.enable()
