"""Everything for real, where there is a card: `python -m pytest -m gpu`.

What is measured is printed (-s) and never asserted: which figures are good depends on the card.
"""

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import main

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(1800)]

ROOT = Path(main.__file__).parent
MODELS = sorted(str(path) for path in (files("assets") / "models").iterdir() if path.name.endswith(".safetensors"))
PACKED = [path for path in MODELS if "float" not in Path(path).name]


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    """Runs Python in processes of their own, in a home that keeps the verdict of the self-test, which is `report`."""
    environment = {**os.environ, "FLIPSCOPE_HOME": str(tmp_path_factory.mktemp("card"))}

    def run(*arguments, code=0):
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr

    run.report = json.loads(run("main.py", "doctor", "--gpu", "--json"))
    return run


def command(card, *arguments):
    return json.loads(card("main.py", *arguments, "--json"))


def test_every_kernel_of_every_variant_is_right_to_the_bit(card):
    assert card.report["usable"]
    assert {name: fault for name, fault in card.report["faults"].items() if fault} == {}
    print(json.dumps({key: card.report[key] for key in ("gpu", "gpu_versions", "tuned")}, indent=1))


@pytest.mark.parametrize("model", PACKED, ids=lambda path: Path(path).stem)
def test_ten_thousand_images_are_scored_like_on_the_cpu_bit_for_bit(card, model):
    record = command(card, "evaluate", model, "--backend", "all")
    assert record["left_out"] == {}
    assert record["images"] == 10_000
    row = record["backends"]["cupy-xnor"]
    assert row["identical_predictions"] == row["identical_scores"] == 10_000


def test_the_conformance_suite_takes_the_card_along(card):
    trained = "--ignore=tests/conformance/test_trained.py"  # brings torch into the process
    said = card("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/conformance", trained, "-k", "cupy-xnor")
    assert " passed" in said
    assert "failed" not in said


def rows_on_the_card(record):
    rows = {row["backend"]: row for row in record["rows"] if row["device"] and row["median_ms"] is not None}
    for name, row in rows.items():
        print(f"{row['case']} {name}: {row['median_ms']:.4g} ms, IQR {row['iqr_ms']:.2g}, {row['gmacs']:,.0f} GMAC/s")
    print(*record["said"], sep="\n")
    return rows


def test_the_papers_benchmark(card):
    """Products of 8192 x 8192 x 8192: the paper reports 23 times its float kernel on a GTX 750, 3.4 times cuBLAS."""
    rows = rows_on_the_card(command(card, "bench", "gemm", "--size", "8192", "--quick"))
    for name in ("cupy-xnor", "cupy-kernel", "cupy-packed", "paper-float", "paper-xnor"):
        assert rows[name]["exact"] is True
    assert {"cuda-float32", "cuda-tf32", "cuda-float16", "cuda-int8"} <= set(rows)
    ours, theirs = (rows[name]["median_ms"] for name in ("cupy-kernel", "paper-float"))
    print(f"paper-float over cupy-kernel: {theirs / ours:.1f}; over paper-xnor: ", end="")
    print(f"{theirs / rows['paper-xnor']['median_ms']:.1f}")


@pytest.mark.parametrize("case", ["784-4096x3-10@10000", "784-4096x3-10@1", "784-1024x3-10@100"])
def test_networks(card, case):
    rows = rows_on_the_card(command(card, "bench", "net", "--case", case, "--quick"))
    assert rows["cupy-xnor"]["exact"] is True


def test_convolutions(card):
    rows = rows_on_the_card(command(card, "bench", "conv", "--case", "256@16x16@64", "--quick"))
    assert rows["cupy-xnor"]["exact"] is rows["cupy-kernel"]["exact"] is True


ILLEGAL = """
import numpy as np
from engine.errors import BackendLost
from gpu import launches
from gpu.cuda import open_device
from gpu.memory import DeviceArray

device = open_device()
nowhere = DeviceArray(1 << 40, np.dtype(np.int32), (1 << 20,), None)
try:
    device.run(launches.clear(nowhere))
    device.synchronise()
except BackendLost as lost:
    print(lost.what)
try:
    device.upload(np.zeros(4))
except BackendLost:
    print("sticky")
"""


def test_an_illegal_address_is_a_lost_backend_and_costs_no_other_process(card):
    first, second = card("-c", ILLEGAL).splitlines()
    assert "illegal" in first
    assert second == "sticky"
    assert command(card, "predict", PACKED[0], "--backend", "cupy-xnor", str(ROOT / "docs/images/draw.png"))


HANG = """
import cupy
from gpu import failures
from gpu.cuda import open_device

failures.ANSWER = 2.0
device = open_device()
spin = cupy.RawKernel('extern "C" __global__ void spin(volatile int* at) { for (;;) *at += 1; }', "spin")
with device._stream:
    spin((1,), (1,), (cupy.zeros(1, cupy.int32),))
device.synchronise()
"""


def test_a_kernel_that_never_ends_is_given_up_with_its_process(card):
    assert "The GPU did not answer for 2 s while computing." in card("-c", HANG, code=1)
    assert command(card, "predict", PACKED[0], "--backend", "cupy-xnor", str(ROOT / "docs/images/draw.png"))
