"""Downloads from a server that breaks off, stalls, lies, knows no ranges, or is reached by a proxy only."""

import hashlib
import os
import subprocess
import sys
import time

import pytest

from engine import download as module
from engine.download import NotPublished, download, partial, size_of
from engine.files import CannotWrite
from tests.server import serving

CONTENT = os.urandom(300_000)
MD5 = hashlib.md5(CONTENT).hexdigest()
MOST = 1 << 20


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def web():
    with serving({"/file": CONTENT}) as served:
        yield served


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file"


def fetch(web, path, md5=MD5, most=MOST):
    download(f"{web.url}/file", path, most, md5)


def ranges(web):
    return [asked for _, asked in web.asked]


@pytest.mark.parametrize("length", [True, False])
def test_a_file_comes_whole_and_only_once(web, path, length):
    web.length = length
    fetch(web, path)
    fetch(web, path)
    assert (path.read_bytes(), ranges(web)) == (CONTENT, [None])
    assert not partial(path).exists()


def test_what_broke_off_goes_on_where_it_stopped(web, path):
    web.breaks = [100_000, 50_000]
    fetch(web, path)
    assert path.read_bytes() == CONTENT
    assert ranges(web) == [None, "bytes=100000-", "bytes=150000-"]


def test_one_that_brings_nothing_any_more_is_given_up_and_goes_on_another_time(web, path):
    web.breaks = [100_000, 0]
    with pytest.raises(ConnectionError, match="broke off after 100,000 bytes"):
        fetch(web, path)
    assert (path.exists(), size_of(path)) == (False, 100_000)
    fetch(web, path)
    assert (path.read_bytes(), ranges(web)[-1]) == (CONTENT, "bytes=100000-")


def test_one_that_breaks_off_for_ever_is_given_up(web, path):
    web.breaks = [1] * 100
    with pytest.raises(ConnectionError):
        fetch(web, path)
    assert len(web.asked) == module.ATTEMPTS


def test_silence_is_given_up(web, path, monkeypatch):
    monkeypatch.setattr(module, "SILENCE", 0.2)
    web.breaks, web.stalls = [100_000, 0], True
    with pytest.raises(TimeoutError):
        fetch(web, path)
    assert size_of(path) == 100_000


def test_one_that_is_ended_goes_on_another_time(web, path):
    web.breaks, web.stalls = [100_000], True
    body = "import sys, pathlib, engine.download as d; d.download(sys.argv[1], pathlib.Path(sys.argv[2]), 1 << 20)"
    child = subprocess.Popen([sys.executable, "-c", body, f"{web.url}/file", str(path)])
    try:
        while size_of(path) < 100_000:
            assert child.poll() is None
            time.sleep(0.01)
    finally:
        child.kill()
        child.wait()
    fetch(web, path)
    assert (path.read_bytes(), ranges(web)) == (CONTENT, [None, "bytes=100000-"])


def test_a_server_without_ranges_sends_it_anew(web, path):
    web.ranges, web.breaks = False, [100_000]
    fetch(web, path)
    assert path.read_bytes() == CONTENT


def test_the_beginning_of_another_file_is_not_gone_on_with(web, path):
    partial(path).write_bytes(b"x" * 1000)
    fetch(web, path)
    assert (path.read_bytes(), ranges(web)) == (CONTENT, ["bytes=1000-", None])


@pytest.mark.parametrize("there", [CONTENT, CONTENT + b"more"])
def test_a_beginning_that_is_all_of_it_or_more(web, path, there):
    partial(path).write_bytes(there)
    fetch(web, path)
    assert path.read_bytes() == CONTENT


def test_wrong_bytes_are_refused_and_leave_nothing(web, path):
    web.files["/file"] = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    with pytest.raises(NotPublished, match="checksum"):
        fetch(web, path)
    assert not list(path.parent.iterdir())
    path.write_bytes(b"brought, and wrong")
    web.files["/file"] = CONTENT
    fetch(web, path)
    assert path.read_bytes() == CONTENT


def test_more_than_was_promised_is_not_taken(web, path):
    web.length = False
    with pytest.raises(NotPublished, match="more than the 200,000 bytes"):
        fetch(web, path, most=200_000)
    assert not list(path.parent.iterdir())


def test_what_is_not_there_is_said(web, path):
    with pytest.raises(OSError, match="404"):
        download(f"{web.url}/other", path, MOST)


def test_a_proxy_is_used_where_one_is_named_and_not_where_it_is_excepted(web, path, monkeypatch):
    monkeypatch.setenv("http_proxy", web.url)
    download("http://flipscope.invalid/file", path, MOST, MD5)
    assert (path.read_bytes(), web.asked) == (CONTENT, [("http://flipscope.invalid/file", None)])
    path.unlink()
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    fetch(web, path)
    assert web.asked[-1] == ("/file", None)
    with pytest.raises(OSError, match="refused"):
        download("http://flipscope.invalid/file", path.with_name("other"), MOST)


def test_a_secure_address_goes_by_the_proxy_for_those(web, path, monkeypatch):
    monkeypatch.setenv("https_proxy", web.url)
    with pytest.raises(OSError, match="Tunnel connection failed: 501"):  # this one cannot CONNECT
        download("https://flipscope.invalid/file", path, MOST)


def test_a_disk_that_refuses_says_so(web, tmp_path):
    with pytest.raises(CannotWrite):
        fetch(web, tmp_path / "none" / "file")
