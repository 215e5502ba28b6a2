"""Settings: what is broken is dropped one by one, what is written is read back."""

import json

import pytest

from app.settings import Settings


def test_what_is_saved_is_read_back(tmp_path):
    path = tmp_path / "settings.json"
    settings = Settings(theme="light", pen=31, recent_models=["a", "b"], run={"epochs": 3})
    settings.save(path)
    assert Settings.load(path) == settings


def test_no_file_means_the_defaults(tmp_path):
    assert Settings.load(tmp_path / "none.json") == Settings()


@pytest.mark.parametrize("content", ["", "{", "[1]", '"x"', "\x00\xff", "[" * 100_000])
def test_an_unreadable_file_means_the_defaults(tmp_path, content):
    path = tmp_path / "settings.json"
    path.write_bytes(content.encode("latin-1"))
    assert Settings.load(path) == Settings()


def test_a_broken_field_is_dropped_and_the_others_are_kept(tmp_path, caplog):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"pen": "thick", "theme": "light", "colour": 1, "recent_models": [1]}))
    assert Settings.load(path) == Settings(theme="light")
    assert caplog.text.count("dropped") == 3


def test_a_folder_that_may_not_be_written_loses_only_the_preference(tmp_path, caplog):
    blocked = tmp_path / "file"
    blocked.write_text("")
    Settings().save(blocked / "settings.json")
    assert "not saved" in caplog.text


def test_recent_models_are_kept_once_each_newest_first():
    settings = Settings()
    for name in [*"abcdefghij", "c"]:
        settings.remember_model(name)
    assert settings.recent_models == list("cjihgfed")


def test_two_windows_do_not_undo_what_the_other_changed(tmp_path):
    path = tmp_path / "settings.json"
    Settings(theme="light", pen=20).save(path)
    one, other = Settings.load(path), Settings.load(path)
    one.theme = "dark"
    one.remember_model("a")
    other.pen = 31
    one.save(path)
    other.save(path)
    assert Settings.load(path) == Settings(theme="dark", pen=31, recent_models=["a"])
