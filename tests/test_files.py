"""Files written whole or not at all, and sizes checked before anything is read."""

import errno
import os
import time

import pytest

from engine.errors import BadFile
from engine.files import (
    STALE,
    CannotWrite,
    atomic_file,
    checked_size,
    not_over,
    sweep,
    write_atomically,
    write_folder,
)


def test_written_and_written_over(tmp_path):
    for data in (b"first", b"", b"third"):
        write_atomically(tmp_path / "f", data)
        assert (tmp_path / "f").read_bytes() == data
    assert os.listdir(tmp_path) == ["f"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_failing_disk_leaves_what_was_there(tmp_path, monkeypatch, step):
    (tmp_path / "f").write_bytes(b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, step, full)
    with pytest.raises(CannotWrite, match="No space") as caught:
        write_atomically(tmp_path / "f", b"new")
    assert "Free some space" in caught.value.remedy
    assert (tmp_path / "f").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["f"]


def test_a_link_is_followed_and_what_is_no_file_is_left_alone(tmp_path):
    (tmp_path / "behind").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "behind")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "behind").read_bytes() == b"new"
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(CannotWrite, match="no ordinary file"):
            write_atomically(tmp_path / "pipe", b"new")
        assert (tmp_path / "pipe").is_fifo()
    for path in ("", ".", "/", tmp_path):
        with pytest.raises(CannotWrite, match="a folder"):
            write_atomically(path, b"new")


def test_nothing_is_written_over_what_it_is_made_of(tmp_path):
    (tmp_path / "f").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "f")
    not_over(tmp_path / "new", tmp_path / "f", "mnist")
    with pytest.raises(CannotWrite, match="what would be read"):
        not_over(tmp_path / "link", "mnist", tmp_path / "f")


def test_what_a_killed_writer_left_is_swept_away_and_nothing_else(tmp_path):
    for name in ("f", ".hidden.part", ".f-0123abcd.part"):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (0, time.time() - STALE - 1))
    with atomic_file(tmp_path / "g") as file:
        file.write(b"whole")
        sweep(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".hidden.part", "f", "g"]


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "absent" / "f", tmp_path / "file" / "f", tmp_path / "folder"):
        with pytest.raises(CannotWrite) as caught:
            write_atomically(path, b"x")
        assert caught.value.remedy


def test_a_folder_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    write_folder(tmp_path / "a", {"one": b"1", "two": b"2"})
    assert {file.name: file.read_bytes() for file in (tmp_path / "a").iterdir()} == {"one": b"1", "two": b"2"}
    with pytest.raises(CannotWrite, match="there already"):
        write_folder(tmp_path / "a", {"one": b"other"})
    disk = iter([None, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))])

    def full(_):
        if error := next(disk):
            raise error

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotWrite, match="No space"):
        write_folder(tmp_path / "b", {"one": b"1", "two": b"2"})
    assert os.listdir(tmp_path) == ["a"]


def test_sizes(tmp_path):
    (tmp_path / "f").write_bytes(b"1234")
    (tmp_path / "empty").write_bytes(b"")
    assert checked_size(tmp_path / "f", "a model", 4) == 4
    for path, limit in ((tmp_path / "f", 3), (tmp_path / "empty", 9), (tmp_path, 9), (tmp_path / "absent", 9)):
        with pytest.raises(BadFile) as caught:
            checked_size(path, "a model", limit)
        assert caught.value.remedy
    with pytest.raises(BadFile):
        checked_size("nul\0byte", "a model", 9)
