"""`doctor --gpu`: a report that can be pasted, and clear words with exit code 2 where there is no GPU."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import main
from engine.inference.backend import Ready
from gpu import report
from gpu.driver import NoGpu
from gpu.source import GEMMS, POOL
from gpu.verdict import Tuned, Verdict, runnable
from gpu.workloads import WORKLOADS
from tests.gpu.card import GPU

ROOT = Path(main.__file__).parent
BENCH = {"machine": "a CPU", "peak": {"popcount_gmacs": 1.0, "fp32_gmacs": 1.0, "read_gbs": {}}, "rows": [], "said": []}


@pytest.fixture
def card(monkeypatch):
    """A card whose self-test finds these faults, and whose benchmark is a short one."""

    class Trial:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return

        def versions(self):
            return {"driver": "550.54", "nvrtc": "12.9"}

    def put(**faults):
        found = Verdict({str(module): faults.get(str(module), "") for module in runnable(GPU.capability)})
        found.tuned.append(Tuned(WORKLOADS[0].work, str(GEMMS[0]), {str(GEMMS[0]): 2e-5}))
        monkeypatch.setattr(report, "Trial", Trial)
        there = SimpleNamespace(
            gpu=GPU, state=lambda: Ready("Simulated GPU"), examine=lambda say: say("Checking") or found
        )
        monkeypatch.setattr(report.BACKEND, "card", lambda: there)
        monkeypatch.setattr(report, "bench_gemm", lambda **_: BENCH)

    return put


def test_a_card_that_is_fine(card, capsys):
    card()
    assert main.main(["doctor", "--gpu"]) == 0
    said = capsys.readouterr().out
    count = len(runnable(GPU.capability))
    for words in (
        "Simulated GPU (sm_86); driver 550.54, nvrtc 12.9",
        f"{count} of {count} modules are right to the bit",
        f"gemm of 1,024 x 1,024 x 1,024: {GEMMS[0]}, 0.02 ms",
        "usable     yes",
        "cupy-xnor",
        "a CPU",
    ):
        assert words in said


def test_one_that_is_not_says_what_failed_and_ends_with_one(card, capsys):
    card(**{str(POOL): "pool_bits: 3 of 9 values are wrong"})
    assert main.main(["doctor", "--gpu"]) == 1
    said = capsys.readouterr().out
    assert "pool.cu FAILED: pool_bits: 3 of 9 values are wrong" in said
    assert "usable     no: No kernel for pooling passed" in said
    assert "a CPU" not in said


def test_the_record_is_one_json_object(card, capsys):
    card()
    main.main(["doctor", "--gpu", "--json"])
    record = json.loads(capsys.readouterr().out)
    assert record["usable"] is True
    assert record["gpu"] == {"name": "Simulated GPU", "architecture": "sm_86"}
    assert {"backends", "data", "versions", "faults", "tuned", "benchmark"} <= set(record)


def test_without_a_gpu_it_is_one_line_and_exit_code_two(monkeypatch, capsys):
    def nothing():
        raise NoGpu("No NVIDIA driver was found.", "Install it.")

    monkeypatch.setattr(report.BACKEND, "card", nothing)
    assert main.main(["doctor", "--gpu"]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "flipscope: No NVIDIA driver was found. Install it.\n")


def test_the_plain_doctor_lists_it_without_testing_anything():
    done = subprocess.run([sys.executable, "main.py", "doctor"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "cupy-xnor" in done.stdout
    assert done.stderr == ""
