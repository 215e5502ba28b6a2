"""Where logs go when their folder refuses."""

import tempfile

from engine import paths


def test_a_log_that_cannot_be_where_it_belongs_is_made_among_the_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FLIPSCOPE_HOME", str(tmp_path / "file"))  # no folder can be made under a file
    made = paths.new_log("torch-1.log")
    assert (made.parent, made.read_text()) == (tmp_path, "")


def test_a_log_begins_empty(tmp_path, monkeypatch):
    monkeypatch.setenv("FLIPSCOPE_HOME", str(tmp_path))
    paths.new_log("torch-1.log").write_text("the last words of another")
    assert paths.new_log("torch-1.log").read_text() == ""
