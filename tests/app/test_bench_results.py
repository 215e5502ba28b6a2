"""Measured rows: order, ratios, CSV, and shapes as people type them."""

import csv
import io

import pytest

from app.bench_results import COLUMNS, BenchResults, Case, memory_ratio, title
from engine import messages as m
from engine.errors import BadInput
from engine.inference.operands import product_of

CUBE = "64x64x64"


def row(backend, kind, ms, case=CUBE, **more):
    return m.BenchRow(case, backend, kind, 1, ms, ms * 0.9, ms * 1.1, **more)


@pytest.fixture
def results():
    made = BenchResults()
    for event in (
        m.BenchRow(CUBE, "cupy-xnor", "xnor", 1, reason="No card.", remedy="Add one."),
        row("fast", "xnor", 0.5, gmacs=2.0, exact=True),
        row("slow", "xnor", 4.0, gmacs=0.25, exact=True),
        row("torch", "peer", 2.0, gmacs=0.5),
        row("faiss", "bits", 1.0, gmacs=1.0),
        row("fast", "xnor", 5.0, "65x65x65", gmacs=1.0, exact=False),
        m.BenchPeak(900.0, 100.0, "a machine"),
    ):
        made.add(event)
    return made


def test_slowest_first_and_the_unmeasured_last(results):
    assert [r.backend for r in results.rows(Case(CUBE, 1))] == ["slow", "torch", "faiss", "fast", "cupy-xnor"]


def test_best_of_a_kind_and_whether_all_are_exact(results):
    assert results.best(Case(CUBE, 1), "xnor").backend == "fast"
    assert results.best(Case(CUBE, 1), "float") is None
    assert results.exact(Case(CUBE, 1))
    assert not results.exact(Case("65x65x65", 1))


def test_running_again_replaces(results):
    results.add(row("fast", "xnor", 9.0, exact=True))
    assert results.best(Case(CUBE, 1), "xnor").backend == "slow"


def test_measured_rows_of_all_cases(results):
    assert [(r.case, r.backend) for r in results.measured(1)] == [
        (CUBE, "fast"), (CUBE, "slow"), (CUBE, "torch"), (CUBE, "faiss"), ("65x65x65", "fast"),
    ]  # fmt: skip
    assert results.measured(2) == []


def test_what_a_gpu_did_is_a_case_by_itself(results):
    results.add(row("fast", "xnor", 0.01, exact=True, device="Some GPU"))
    on_gpu = Case(CUBE, 1, "Some GPU")
    assert [r.median_ms for r in results.rows(on_gpu)] == [0.01]
    assert results.best(Case(CUBE, 1), "xnor").median_ms == 0.5
    assert [r.backend for r in results.measured(1, "Some GPU")] == ["fast"]
    assert len(results.measured(1)) == 5
    assert title(on_gpu) == "GEMM 64³ on Some GPU"


def test_csv_holds_every_row_and_field(results):
    table = list(csv.reader(io.StringIO(results.csv())))
    assert table[0] == list(COLUMNS)
    assert len(table) == 7
    absent = dict(zip(COLUMNS, table[5], strict=True))
    assert (absent["backend"], absent["median_ms"], absent["reason"]) == ("cupy-xnor", "", "No card.")
    fast = dict(zip(COLUMNS, table[4], strict=True))
    assert (fast["median_ms"], fast["gmacs"], fast["exact"]) == ("0.5", "2.0", "True")


@pytest.mark.parametrize("text", ["1000, 777, 513", "1000x777x513", " 1000 777  513 ", "1000×777×513"])
def test_shapes_as_people_type_them(text):
    assert product_of(text) == (1000, 777, 513)


@pytest.mark.parametrize("text", ["", "1,2", "1,2,3,4", "a,b,c", "0,1,1", "9000,1,1", "-1,2,3", "1.5,2,3"])
def test_other_shapes_say_what_to_do(text):
    with pytest.raises(BadInput, match="Give"):
        product_of(text)


def test_memory_counts_padding():
    assert memory_ratio("8x8x128") == 32
    assert memory_ratio("8x8x65") == pytest.approx(32 * 65 / 128)
    assert memory_ratio("128@32x32@16") == 32
    assert memory_ratio("65@4x4@1") == pytest.approx(32 * 65 / 128)
    assert memory_ratio("784-64-10@5") == pytest.approx(32 * (784 * 64 + 640) / (832 * 64 + 640))


def test_titles():
    assert title(Case("64x64x64", 1)) == "GEMM 64³"
    assert title(Case("1x2x3", 2)) == "GEMM 1×2×3, 2 threads"
    assert title(Case("784-64-10@5", 1)) == "784-64-10, batch 5"
    assert title(Case("128@32x16@5", 2)) == "conv 128@32×16, batch 5, 2 threads"
