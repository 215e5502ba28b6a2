"""The view of kept runs on a fake worker: the list, the keys, names and notes, branches, undo."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog

from app.widgets.runs_model import LETTER, ROW
from app.widgets.runs_view import RunsView
from engine import messages as m
from engine.config import RunConfig
from engine.messages import runs as r
from tests.app.kept import listed, read, row

ROWS = (
    row("a", title="Wide and slow", created=3e9, accuracy=0.91, config=RunConfig(model="mlp-1024x3")),
    row("b", created=2e9, accuracy=0.97, note="for the canvas"),
    row("c", created=1e9, accuracy=None, curve=(), saved="", config=RunConfig(optimizer="bop")),
    row("d", created=5e8, config=None, accuracy=None, curve=(), saved="", problem="'config.json' cannot be read."),
)


@pytest.fixture
def view(session, qtbot):
    made = RunsView(session).make_whole()
    made.resize(1176, 690)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    session.inference.say(listed(*ROWS))
    return made


def shown(view):
    return [view.model.index(i, 0).data(ROW).name for i in range(view.model.rowCount())]


def say_read(view, session, name):
    session.inference.say(read(name))
    view._show_compared()


def test_showing_the_view_reads_the_list_and_selects_the_newest(view, session):
    assert session.inference.count(r.ListRuns) == 1
    assert shown(view) == ["a", "b", "c", "d"]
    assert view.list.current_key == "/runs/a"
    assert session.inference.last(r.ReadRun) == r.ReadRun("/runs/a")
    assert view.details.name.text() == "Wide and slow"


@pytest.mark.parametrize(
    ("text", "names"),
    [("bop", ["c"]), ("CANVAS", ["b"]), ("mlp-1024×3 wide", ["a"]), ("config.json", ["d"]), ("nothing of it", [])],
)
def test_every_word_of_the_filter_must_be_found(view, text, names):
    view.filter.setText(text)
    assert shown(view) == names
    assert view._card.hint.whole == f"{len(names)} of 4"


def test_order(view):
    for key, names in (("best", "bacd"), ("name", "dcba"), ("newest", "abcd")):
        view._order(key)
        assert "".join(shown(view)) == names, key


def test_a_broken_run_says_why_and_can_only_be_looked_into_or_deleted(view):
    view.list.select("/runs/d")
    details = view.details
    assert details.facts["What"].whole == "⚠ 'config.json' cannot be read."
    assert not details.open.isEnabled()
    assert not details.branch.isEnabled()
    assert details.folder.isEnabled()
    assert details.delete.isEnabled()
    view.list._toggle(view.list.currentIndex())
    assert view._library.compared == []


def test_how_long_it_trained_is_told_of_what_it_had_to_spend(view, session):
    trained = view.details.facts["Trained"]
    assert trained.whole == "4 epochs of 10 · 40 steps · 8 s"
    limited = row("z", created=4e9, config=RunConfig(epochs=3, time_limit=9.0))
    session.inference.say(listed(*ROWS, limited))
    view.list.select("/runs/z")
    assert trained.whole == "4 epochs · 40 steps · 8 s · limit 9 s"


def test_keys(view, session, qtbot):
    key = "/runs/b"
    qtbot.keyClick(view.list, Qt.Key.Key_Down)
    assert view.list.current_key == key
    qtbot.keyClick(view.list, Qt.Key.Key_Space)
    assert view._library.compared == [key]
    assert view.list.currentIndex().data(LETTER) == 0
    qtbot.keyClick(view.list, Qt.Key.Key_Return)
    assert session.trainer.last(m.ContinueRun) == m.ContinueRun("/runs/b/last.safetensors", paused=True)
    qtbot.keyClick(view.list, Qt.Key.Key_F2)
    assert view.details.name.hasFocus()
    view.list.setFocus()
    qtbot.keyClick(view.list, Qt.Key.Key_Delete)
    assert session.inference.last(r.DeleteRun) == r.DeleteRun(key)
    with qtbot.waitSignal(view.left):
        qtbot.keyClick(view.list, Qt.Key.Key_Escape)


@pytest.mark.parametrize(("key", "text", "kept"), [(Qt.Key.Key_R, "r", True), (Qt.Key.Key_F5, "", False)])
def test_the_keys_of_the_run_do_not_reach_it_from_here(view, key, text, kept):
    event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, text)
    view.keyPressEvent(event)
    assert event.isAccepted() == kept


def test_a_click_on_the_box_compares_and_a_double_click_opens(view, session, qtbot):
    index = view.model.index(1, 0)
    at = view.list._box(index).center()
    qtbot.mouseClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert view._library.compared == ["/runs/b"]
    say_read(view, session, "b")
    assert view.overlay.plots["accuracy"].series["A"].x.size == 2
    qtbot.mouseDClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=view.list.visualRect(index).center())
    assert session.trainer.count(m.ContinueRun) == 1


def test_a_deleted_run_can_be_brought_back(view, session):
    assert not view.undo.isVisible()
    view.details.delete.click()
    session.inference.say(r.RunDeleted("/runs/a"))
    assert shown(view) == ["b", "c", "d"]
    assert view.list.current_key == "/runs/b"
    assert view.said.whole == "“Wide and slow” was deleted."
    view.undo.click()
    session.inference.say(r.RunListed("/runs/a", ROWS[0]))
    assert shown(view)[0] == "a"
    assert not view.undo.isVisible()
    assert not view.said.isVisible()


def test_a_deletion_is_told_once_and_newer_words_stand(view, session):
    for name, title in (("a", "Wide and slow"), ("b", "mlp-512×2, seed 0")):
        session.inference.say(r.RunDeleted(f"/runs/{name}"))
        assert view.said.whole == f"“{title}” was deleted."
    session.inference.say(r.RunExported("/runs/c", "/tmp-out/m.csv"))
    view.refresh()
    session.inference.say(listed(*ROWS[2:]))
    assert view.said.whole == "Saved as m.csv."
    assert view.undo.isVisible()
    session.inference.say(r.RunListed("/runs/b", ROWS[1]))
    assert view.said.whole == "Saved as m.csv."
    assert view.said.isVisible()


def test_name_and_note_are_written_when_a_person_is_done(view, session, qtbot):
    view.details.edit_name()
    view.details.name.setText("  Wide   and fast ")
    qtbot.keyClick(view.details.name, Qt.Key.Key_Return)
    assert session.inference.last(r.DescribeRun).title == "  Wide   and fast "
    view.details.note.setFocus()
    view.details.note.setPlainText("Rests early.")
    view.list.setFocus()
    assert session.inference.last(r.DescribeRun) == r.DescribeRun("/runs/a", note="Rests early.")


def test_a_note_that_is_being_written_goes_to_the_run_it_was_begun_on(view, session):
    view.details.note.setFocus()
    view.details.note.setPlainText("Of a.")
    view.list.select("/runs/b")
    assert session.inference.last(r.DescribeRun) == r.DescribeRun("/runs/a", note="Of a.")
    assert view.details.note.toPlainText() == "for the canvas"


def test_a_branch_begins_at_the_checkpoint_that_was_chosen(view, session, qtbot):
    say_read(view, session, "a")
    box = view.details.checkpoints
    assert [box.itemText(i) for i in range(box.count())] == [
        "newest save: epoch 4 · step 40 · 1 kB",
        "epoch 2 · step 20 · 1 kB",
        "epoch 1 · step 10 · 1 kB",
    ]
    box.setCurrentIndex(1)
    with qtbot.waitSignal(view.left):
        view.details.branch.click()
    path = "/runs/a/checkpoint-00002.safetensors"
    assert session.trainer.last(m.ContinueRun) == m.ContinueRun(path, paused=True, apart=True)
    assert view.details.facts["Changed"].whole == "learning rate → 0.001 at step 15"


def test_exports(view, session, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("/tmp-out/m.csv", ""))
    for action, what in zip(view.details.export.menu().actions(), ("csv", "model", "zip"), strict=True):
        action.trigger()
        assert session.inference.last(r.ExportRun) == r.ExportRun("/runs/a", what, "/tmp-out/m.csv")
    session.inference.say(r.RunExported("/runs/a", "/tmp-out/m.csv"))
    assert view.said.whole == "Saved as m.csv."


def test_the_run_under_way_is_marked_and_neither_opened_nor_deleted(view, session, qtbot):
    started = m.RunStarted("b", "/runs/b", RunConfig(), (("hidden 1", 4, 4),), 0, 10, 100, "torch")
    session.trainer.say(started, m.RunState("b", "running"))
    view.list.select("/runs/b")
    assert not view.details.open.isEnabled()
    qtbot.keyClick(view.list, Qt.Key.Key_Delete)
    assert session.inference.count(r.DeleteRun) == 0
    view._library.compare("/runs/b", True)
    session.trainer.say(m.Scored("b", 10, 1.0, 2.0, 0.8, 0.5, None, "naive"))
    view._show_compared()
    assert view.overlay.plots["accuracy"].series["A"].high.tolist() == [80.0]


def test_a_refusal_is_said_under_the_list(view, session):
    session.inference.say(m.Failed("DeleteRun", "It is held open.", "Close it.", "/runs/a"))
    assert view.said.whole == "⚠ It is held open. Close it."


def test_reading_again_starts_a_worker_that_is_gone(view, session):
    session.gone.add("inference")
    starts = session.inference.starts
    view.again.click()
    assert session.inference.starts == starts + 1
    assert session.inference.count(r.ListRuns) == 2


def test_a_thousand_runs_keep_the_selection(view, session):
    view.list.select("/runs/b")
    many = [row(str(i), created=1e6 + i) for i in range(1000)]
    session.library.refresh()
    session.inference.say(listed(*ROWS, *many))
    assert view.model.rowCount() == 1004
    assert view.list.current_key == "/runs/b"
