"""A run that is trained is held against every other window and command, as long as its process lives."""

import subprocess
import sys
from datetime import datetime

import pytest

from engine import runservice
from engine.config import RunConfig
from engine.runhold import Hold, InUse
from engine.runs import CONFIG, RunFolder

HOLDER = """
import sys
from pathlib import Path
from engine.runhold import Hold
from engine.runs import RunFolder
hold = Hold(RunFolder(Path(sys.argv[1])))
print("held", flush=True)
input()
"""


@pytest.fixture
def folder(tmp_path):
    return RunFolder.create(tmp_path, RunConfig(), {}, datetime(2026, 1, 2))


def test_another_process_holds_it_until_it_ends_however_it_ends(folder):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(InUse, match=f"'{folder.name}' is being trained elsewhere"):
            Hold(folder)
        other.kill()
    Hold(folder).release()


def test_it_is_not_deleted_meanwhile(folder):
    hold = Hold(folder)
    with pytest.raises(InUse):
        runservice.delete(folder)
    hold.release()
    runservice.delete(folder)
    assert not folder.path.exists()


def test_whoever_only_reads_is_not_kept_from_it(folder):
    hold = Hold(folder)
    assert RunConfig.from_json(folder.read_json(CONFIG)) == RunConfig()
    hold.release()
    hold.release()


def test_what_cannot_be_held_is_not(folder):
    (folder.path / CONFIG).unlink()
    holds = [Hold(folder), Hold(folder)]
    for hold in holds:
        hold.release()
