"""Compiled kernels kept between runs: never wrong, never in the way."""

import errno
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import paths
from engine.jit import cache
from engine.jit import compile as compiler
from engine.jit.compile import Library
from engine.jit.kernels import text
from engine.jit.target import host
from tests.jit.cases import Dot
from tests.jit.memory import Canaries

NAME = cache.key("a", "name")
BODY = bytes(range(256)) * 3


@pytest.fixture
def emitted(monkeypatch):
    """How often something was compiled."""
    count, emit = [], compiler._emitted
    monkeypatch.setattr(compiler, "_emitted", lambda *given: count.append(1) or emit(*given))
    return count


def files():
    return sorted((paths.cache_dir() / "kernels").iterdir())


def test_what_is_kept_comes_back():
    assert cache.load(NAME) is None
    cache.store(NAME, BODY)
    assert cache.load(NAME) == BODY
    cache.store(NAME, b"")
    assert cache.load(NAME) == b""
    assert len(files()) == 1


@pytest.mark.parametrize("at", [0, 31, 32, 33, 500, -1])
def test_a_changed_byte_is_seen(at, caplog):
    cache.store(NAME, BODY)
    (path,) = files()
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    assert cache.load(NAME) is None
    assert "damaged" in caplog.text


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 799])
def test_a_truncated_file_is_seen(size):
    cache.store(NAME, BODY)
    (path,) = files()
    path.write_bytes(path.read_bytes()[:size])
    assert cache.load(NAME) is None


def test_an_object_in_another_ones_place_is_seen():
    cache.store(NAME, BODY)
    (path,) = files()
    other = cache.key("another", "name")
    path.rename(path.with_name(f"{other}.o"))
    assert cache.load(other) is None


def test_compiled_once_and_again_where_the_file_is_damaged(emitted):
    target = host()
    ir = text(target, "copy")
    for _ in range(3):
        Library(ir, target).function("flipscope_copy", None)
    assert len(emitted) == 1
    (path,) = files()
    whole = path.read_bytes()
    for damaged in (whole[:-1], b"", b"\0" * len(whole)):
        path.write_bytes(damaged)
        Library(ir, target).function("flipscope_copy", None)
        assert path.read_bytes() == whole
    assert len(emitted) == 4


def test_what_is_compiled_for_measuring_is_not_kept(home):
    Library("define void @nothing() {\n ret void\n}\n")
    assert not (home / "cache").exists()


def test_everything_that_makes_an_object_is_in_its_name(monkeypatch, emitted):
    target = host()
    names = set()

    def compiled(ir="copy"):
        Library(text(target, ir), target)
        names.update(files())
        return len(emitted), len(names)

    assert compiled() == compiled() == (1, 1)
    assert compiled("pool") == (2, 2)
    machine, (cpu, features) = compiler._machine(target), compiler._model(target)
    with monkeypatch.context() as patch:
        patch.setattr(compiler, "_model", lambda _: ("x86-64-v2" if "x86" in target.triple else "cortex-a53", ""))
        assert compiled() == (3, 3)
        patch.setattr(compiler, "_model", lambda _: (cpu, features + ",+another"))
        patch.setattr(compiler, "_machine", lambda _: machine)
        assert compiled() == (4, 4)
    with monkeypatch.context() as patch:
        patch.setattr(compiler.llvm, "llvm_version_info", (99, 0, 0))
        assert compiled() == (5, 5)
    assert compiled() == (5, 5)


@pytest.fixture(params=["file for folder", "folder for file", "read-only home", "full disk"])
def broken(request, home, monkeypatch):
    """A cache that keeps nothing."""

    def refuse(*_, **__):
        raise PermissionError(errno.EROFS, "Read-only file system")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    match request.param:
        case "file for folder":
            (home / "cache").write_text("in the way")
        case "folder for file":
            (home / "cache" / "kernels" / f"{NAME}.o").mkdir(parents=True)
        case "read-only home":
            monkeypatch.setattr(Path, "mkdir", refuse)
        case "full disk":
            monkeypatch.setattr(os, "fsync", full)


@pytest.mark.usefixtures("broken")
def test_a_broken_cache_is_told_and_costs_only_time(caplog):
    caplog.set_level(logging.INFO)
    assert cache.load(NAME) is None
    cache.store(NAME, BODY)
    assert cache.load(NAME) is None
    assert "not kept" in caplog.text


def test_kernels_run_where_nothing_can_be_kept(home, emitted, monkeypatch):
    from engine.jit import kernels

    (home / "cache").write_text("in the way")
    fresh = {}
    monkeypatch.setattr(
        kernels, "_compiled",
        lambda target, name: fresh.setdefault(
            name, Library(text(target, name), target).function(kernels._symbol(name), None, kernels.ctypes.c_void_p)
        ),
    )  # fmt: skip
    Dot("sums", (1, 1, 3), (0, 0, 8), 1, 1, 9).check(Canaries())
    assert emitted


WRITER = """
import sys
from engine.jit import cache
name, letter = sys.argv[1], sys.argv[2].encode()
for _ in range(60):
    cache.store(name, letter * 300_000)
    assert len(set(cache.load(name))) == 1
"""


def test_two_processes_write_at_once():
    """Whoever reads meanwhile finds one's object or the other's, whole."""
    bodies = {letter * 300_000 for letter in (b"a", b"b")}
    cache.store(NAME, b"a" * 300_000)
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, NAME, letter]) for letter in "ab"]
    while any(writer.poll() is None for writer in writers):
        assert cache.load(NAME) in bodies
    assert [writer.wait() for writer in writers] == [0, 0]
    assert [path.suffix for path in files()] == [".o"]
