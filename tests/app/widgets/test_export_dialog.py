"""The model in use exported from the window: what is asked, what is sent, what is told."""

import pytest
from PySide6.QtWidgets import QFileDialog, QWidget

from app.session import ModelChoice
from app.widgets.export_dialog import ask_export, filter_text
from engine import messages as m
from engine.export import FORMATS
from tests.app.test_session import info


@pytest.fixture
def answer(monkeypatch):
    """What the file dialog is answered with."""
    told = ["", ""]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: tuple(told))
    return told


@pytest.fixture
def loaded(session):
    session.models, session.model_key = [ModelChoice("a", "a", "/a")], "a"
    session.inference.say(m.ModelLoaded(info("a")))
    return session


@pytest.mark.parametrize(
    ("form", "typed", "path"), [("c", "net", "net.c"), ("npz", "net.NPZ", "net.NPZ"), ("hex", "net", "net")]
)
def test_the_form_gives_the_suffix(form, typed, path, loaded, answer, qtbot):
    answer[:] = typed, filter_text(FORMATS[form])
    ask_export(QWidget(), loaded)
    assert loaded.inference.last(m.Export) == m.Export("a", form, path)
    with qtbot.waitSignal(loaded.exporter.done) as told:
        loaded.inference.say(m.Exported("/folder/net.c", 1234))
    assert told.args == ["Saved as net.c, 1,234 bytes."]


def test_nothing_is_written_over_that_the_dialog_did_not_ask_about(loaded, answer, tmp_path, qtbot):
    (tmp_path / "net.c").write_text("mine")
    answer[:] = str(tmp_path / "net"), filter_text(FORMATS["c"])
    with qtbot.waitSignal(loaded.noticed) as told:
        ask_export(QWidget(), loaded)
    assert "there already" in told.args[0].what
    assert loaded.inference.last(m.Export) is None


def test_a_dialog_closed_and_no_model_write_nothing(loaded, answer, qtbot):  # noqa: ARG001
    ask_export(QWidget(), loaded)
    loaded.inference.say(m.Failed("Export", "No room.", "Make some.", "a"))
    loaded.model_key = ""
    with qtbot.waitSignal(loaded.noticed):
        ask_export(QWidget(), loaded)
    assert loaded.inference.last(m.Export) is None
