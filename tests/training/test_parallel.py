"""Two real processes that train together: the step of one alone, and what is left when one of them is killed."""

import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime
from itertools import chain
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.checkpoint import Standing
from engine.training.loop import StepDone
from engine.training.parallel import World
from engine.training.session import Session
from tests.training import pair
from tests.training.tiny import Clock, take

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    context = multiprocessing.get_context("spawn")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [context.Process(target=pair.work, args=(rank, 2, str(folder), port)) for rank in (0, 1)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0]
    return folder


@pytest.mark.parametrize("name", pair.RUNS)
def test_a_step_of_two_processes_is_that_of_one(together, name):
    first, second = (np.load(together / f"{name}-{rank}.npz") for rank in (0, 1))
    alone = pair.stepped(name)
    assert alone.keys() == set(first) == set(second)
    for key, array in alone.items():
        np.testing.assert_array_equal(first[key], second[key])
        np.testing.assert_allclose(first[key], array, rtol=1e-9, atol=1e-9 * np.abs(array).max() + 1e-15, err_msg=key)


def test_two_processes_make_one_run_of_which_the_first_tells(together):
    told, nothing = (json.loads((together / f"told-{rank}.json").read_text()) for rank in (0, 1))
    assert nothing == {}
    assert told["steps"] > 0
    assert told["test_accuracy"] > 0.5
    assert [path.name for path in (together / "runs").iterdir()] == [Path(told["run"]).name]
    saved = Standing.of(Path(told["model"]))
    assert saved.step == told["steps"]
    assert saved.seconds >= saved.config.time_limit


def test_shares_are_of_about_equal_size_and_all_there_is():
    for size in (1, 2, 3, 8):
        for count in (0, 1, 2, 7, 100):
            shares = [list(range(count))[World(rank, size).share(count)] for rank in range(size)]
            assert [*chain.from_iterable(shares)] == list(range(count))
            assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_killed_process_ends_the_job_and_leaves_what_can_be_resumed(tmp_path):
    out = tmp_path / "m.safetensors"
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    settings = ["--model", "mlp-16x1", "--epochs", "100000", "--set", "batch_size=2000"]
    command = ["main.py", "train", *settings, "--out", str(out)]
    with subprocess.Popen(
        [*torchrun, *command],
        cwd=ROOT,
        env=os.environ | {"FLIPSCOPE_HOME": str(tmp_path / "home")},
        stderr=subprocess.PIPE,
        text=True,
    ) as job:
        try:
            second = _second_process(job, out)
            second.send_signal(signal.SIGKILL)
            _, said = job.communicate(timeout=60)
        finally:
            if job.poll() is None:
                for process in (*psutil.Process(job.pid).children(recursive=True), job):
                    process.kill()
    assert job.returncode != 0
    assert f"Process 0 of 2 lost another one, which has ended or is silent. Go on with --resume {out}." in said
    before = Standing.of(out)
    session = Session.resume(out, tmp_path, Clock(), datetime(2026, 1, 1))
    (step,) = take(session.events(), StepDone, 1)
    assert step.step == before.step + 1 > 1


def _second_process(job, out):
    """The process of rank 1, once the first save is there."""
    deadline = time.monotonic() + 120
    while not out.exists():
        assert job.poll() is None, "the job ended before its first save"
        assert time.monotonic() < deadline, "nothing was saved in two minutes"
        time.sleep(0.1)
    trainers = psutil.Process(job.pid).children(recursive=True)
    (second,) = [process for process in trainers if process.environ().get("RANK") == "1"]
    return second
