"""A file that several processes read and write again: one after another, and never waiting for ever."""

import subprocess
import sys

from engine import locks

ADD = """
import sys
from pathlib import Path
from engine import locks
from engine.files import write_atomically
from engine.locks import alone
locks.PATIENCE = 60  # however slow the disk is
path = Path(sys.argv[1])
for _ in range(100):
    with alone(path):
        write_atomically(path, str(int(path.read_bytes()) + 1).encode())
"""
HOLD = """
import sys
from pathlib import Path
from engine.locks import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    input()
"""


def test_nothing_that_one_writes_is_lost_to_another(tmp_path):
    path = tmp_path / "count"
    path.write_text("0")
    others = [subprocess.Popen([sys.executable, "-c", ADD, str(path)]) for _ in range(2)]
    assert [other.wait() for other in others] == [0, 0]
    assert path.read_text() == "200"


def test_one_that_was_stopped_is_not_waited_for_long(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "PATIENCE", 0.05)
    path = tmp_path / "count"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with locks.alone(path):
            path.write_text("1")
        other.kill()


def test_where_no_lock_can_be_had_it_is_done_without(tmp_path):
    with locks.alone(tmp_path / "no folder" / "count"):
        pass
