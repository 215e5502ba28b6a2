"""The Kernels page on fake children: rows as they arrive, what they mean, and a dot product by hand."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from app.pages.kernels import KernelsPage
from app.session import ModelChoice
from engine import messages as m
from engine.bits import pack, unpack
from engine.inference import modelfile
from engine.inference.network import PackedNetwork
from engine.inference.operands import SWEEP
from tests.inference.builders import packed

CASE = "1024x1024x1024"
ROWS = (
    m.BenchRow(CASE, "torch", "peer", 1, 20.0, 19.0, 21.0, 53.7, 0.02, 1.0, 0.5),
    m.BenchRow(CASE, "cpu-xnor", "xnor", 1, 0.44, 0.43, 0.46, 2440.0, 0.904, 45.5, 22.3, True),
    m.BenchRow(CASE, "cupy-xnor", "xnor", 1, reason="No CUDA device was found.", remedy="Install a driver."),
)


@pytest.fixture
def page(session, qtbot):
    session.models, session.model_key = [], ""
    made = KernelsPage(session).make_whole()
    qtbot.addWidget(made)
    made.resize(1208, 772)
    made.show()
    return made


def choose(picker, text):
    picker.setCurrentIndex(picker.findText(text, Qt.MatchFlag.MatchContains))


def run(page, *events):
    page.bar.run.click()
    job = page.session.jobs.child
    job.say(m.BenchPeak(2700.0, 127.0, "a machine"), *events)
    return job


def test_run_asks_for_the_chosen_case(page):
    job = run(page)
    assert job.last(m.BenchGemm) == m.BenchGemm(((1024, 1024, 1024),), 1)
    assert page.bar.run.text() == "Cancel"
    page.bar.run.click()
    assert page.session.jobs.command is None
    assert page.bar.run.text() == "Run"


def test_networks_take_the_batch(page):
    assert not page.bar.batch.isVisible()
    choose(page.bar.shape, "net 784-1024x3-10")
    choose(page.bar.batch, "batch 16")
    assert page.bar.command() == m.BenchNet((("784-1024x3-10", 16),), 1)


def test_convolutions_take_the_batch_and_several_threads_are_asked_for(page):
    choose(page.bar.shape, "conv 128@32×32")
    choose(page.bar.batch, "batch 100")
    page.bar.threads.addItem("3 threads", 3)
    choose(page.bar.threads, "3 threads")
    assert page.bar.batch.isVisible()
    assert page.bar.command() == m.BenchConv((("128@32x32", 100),), 3)


def test_a_sweep_is_the_commands_own(page):
    choose(page.bar.shape, "GEMM sweep")
    assert page.bar.command() == m.BenchGemm(SWEEP, 1, quick=True)


def test_every_measured_row_is_a_dot(page):
    job = run(page, *(replace(row, intensity=241.0) for row in ROWS))
    assert [row.backend for row in page.roofline.rows] == ["cpu-xnor", "torch"]
    job.say(m.BenchRow("64x64x64", "torch", "peer", 1, 0.01, 0.01, 0.01, 26.2, intensity=10.0))
    assert [row.case for row in page.roofline.rows] == ["64x64x64", CASE, CASE]
    job.say(m.BenchRow("64x64x64", "torch", "peer", 2, 0.01, 0.01, 0.01, 26.2, intensity=10.0))
    assert [row.threads for row in page.roofline.rows] == [2]


def test_custom_sizes_are_checked_as_they_are_typed(page):
    assert not page.bar.custom.isVisible()
    choose(page.bar.shape, "M, N, K")
    assert page.bar.custom.isVisible()
    page.bar.custom.setText("10, 20")
    assert not page.bar.run.isEnabled()
    assert "Give M, N, K" in page.bar.state.text()
    page.bar.custom.setText("10, 20, 30")
    assert page.bar.command().shapes == ((10, 20, 30),)
    assert page.bar.run.isEnabled()


def test_rows_appear_as_they_arrive(page):
    job = run(page, ROWS[0])
    assert [row.backend for row in page.bars.rows] == ["torch"]
    job.say(*ROWS[1:])
    assert [row.backend for row in page.bars.rows] == ["torch", "cpu-xnor", "cupy-xnor"]
    assert page.cases.currentText() == "GEMM 1024³"


def test_bars_are_as_long_as_their_times_say(page):
    run(page, *ROWS)
    seen = page.bars.grab().toImage()

    def colored(index):
        y = int(22 + (index + 0.5) * page.bars._height())
        first = seen.pixelColor(110, y)
        return sum(seen.pixelColor(x, y + 3) == first for x in range(108, page.bars.width() - 328))

    assert colored(0) > 3 * colored(1) > 0


def test_unavailable_row_says_why_and_what_to_do(page):
    run(page, *ROWS)
    page.bars.setFocus()
    for _ in range(3):
        QTest.keyClick(page.bars, Qt.Key.Key_Down)
    assert page.bars.accessibleDescription() == (
        "cupy-xnor is unavailable. No CUDA device was found. Install a driver."
    )


def test_before_anything_is_measured_the_absent_are_listed_with_what_to_do(page):
    ready = m.BackendInfo("cpu-xnor", "xnor", 50, True, "CPU")
    absent = m.BackendInfo("cupy-xnor", "xnor", 100, False, "", "No NVIDIA driver was found.", "Install one.")
    page.session.inference.say(m.BackendList((ready, absent)))
    (row,) = page.bars.rows
    assert (row.backend, row.reason, row.remedy) == ("cupy-xnor", absent.reason, absent.remedy)
    run(page, ROWS[1])
    assert [row.backend for row in page.bars.rows] == ["cpu-xnor"]


def test_what_is_to_be_known_of_a_ready_backend_is_said(page):
    assert page.meaning.notes.isHidden()
    note = "products runs plain, since carry-save failed the self-test"
    page.session.inference.say(m.BackendList((m.BackendInfo("cupy-xnor", "xnor", 100, True, "Some GPU", note=note),)))
    assert page.meaning.notes.text() == f"⚠ cupy-xnor: {note}"
    assert page.meaning.notes.isVisibleTo(page)


def test_rows_on_a_gpu_are_a_case_by_themselves_and_say_where_tensor_cores_win(page):
    kernel = m.BenchRow(CASE, "cupy-kernel", "xnor", 1, 0.2, 0.2, 0.2, 5e3, None, 4.0, 0.5, True, device="Some GPU")
    half = m.BenchRow(CASE, "cuda-float16", "tensor", 1, 0.1, 0.1, 0.1, 1e4, None, 8.0, 1.0, device="Some GPU")
    job = run(page, *ROWS, kernel, half)
    assert [page.cases.itemText(at) for at in range(2)] == ["GEMM 1024³", "GEMM 1024³ on Some GPU"]
    assert {row.backend for row in page.bars.rows} == {"cupy-kernel", "cuda-float16"}
    assert page.meaning.tensor.text().startswith("torch on tensor cores wins here: cuda-float16 is 2 times as fast")
    assert page.meaning.machine.text() == "Some GPU"
    assert page.roofline.flats() == []
    job.say(m.BenchPeak(2e4, 1e3, "Some GPU", (), "events", "Some GPU"))
    assert page.roofline.flats() == [("popcount", 2e4), ("float32", 1e3)]
    assert page.meaning.figures[2].value.text() == "25.0 %"
    assert page.meaning.figures[2].meaning.text() == "of its popcount limit, which is computed"
    page.cases.activated.emit(0)
    assert page.roofline.flats() == [("popcount", 2700.0), ("float32", 127.0)]
    assert page.meaning.tensor.isHidden()
    assert page.meaning.machine.text() == "a machine"


def test_meaning_comes_from_measured_rows_only(page):
    assert {figure.value.text() for figure in page.meaning.figures} == {"–"}
    job = run(page, ROWS[0], ROWS[2])
    assert {figure.value.text() for figure in page.meaning.figures} == {"–"}
    job.say(ROWS[1])
    assert [figure.value.text() for figure in page.meaning.figures] == ["45.5×", "22.3×", "90.4 %", "32.0×"]
    assert page.meaning.exact.text().startswith("✓ exact")
    assert page.meaning.machine.text() == "a machine"


def test_exact_is_not_claimed_for_a_wrong_result(page):
    run(page, m.BenchRow(CASE, "cpu-xnor", "xnor", 1, 0.4, 0.4, 0.4, 2000.0, 0.9, 40.0, 20.0, False))
    assert page.meaning.exact.text().startswith("✗")


def test_slower_is_said_too(page):
    run(page, m.BenchRow(CASE, "numpy-xnor", "xnor", 1, 40.0, 40.0, 40.0, 20.0, 0.01, 0.5, 0.25, True))
    assert page.meaning.figures[0].value.text() == "0.500×"
    assert page.meaning.figures[0].meaning.text().endswith("slower")


def test_measured_cases_stay_and_can_be_shown_again(page):
    job = run(page, *ROWS)
    job.say(m.BenchRow("64x64x64", "torch", "peer", 1, 0.01, 0.01, 0.01, 26.2))
    assert page.case[:2] == ("64x64x64", 1)
    page.cases.setCurrentIndex(0)
    page.cases.activated.emit(0)
    assert len(page.bars.rows) == 3


def test_csv_goes_to_the_clipboard(page):
    assert not page.bar.copy.isEnabled()
    run(page, *ROWS)
    page.bar.copy.click()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 4
    assert lines[2].startswith(f"{CASE},cpu-xnor,xnor,1,0.44,")


def test_progress_is_shown_and_that_training_rests(page):
    page.session.run.state = "running"
    job = run(page)
    job.say(m.Progress("job", "Product 1024x1024x1024", 0.4))
    assert page.bar.state.text() == "Product 1024x1024x1024, 40% · training is paused while timing"
    job.say(m.Done("job"))
    assert page.bar.state.text() == ""


def test_clicking_a_bit_changes_the_sum_by_two(page):
    steps = page.dot.steps
    before = steps.product.value
    QTest.mouseClick(steps, Qt.MouseButton.LeftButton, pos=steps.cell("w", 5).center().toPoint())
    assert abs(steps.product.value - before) == 2
    assert f"{steps.product.value:+d}".replace("-", "−") in steps.lines()[-1]
    page.dot.again.click()
    assert steps.product.value == before


def test_steps_go_forth_and_back(page):
    steps = page.dot.steps
    steps.go(0)
    assert steps.lines() == []
    assert not page.dot.back.isEnabled()
    QTest.keyClick(steps, Qt.Key.Key_Right)
    QTest.keyClick(steps, Qt.Key.Key_Right)
    assert steps.lines() == [f"matches = popcount(xnor) = {steps.product.matches}"]
    page.dot.forth.click()
    assert not page.dot.forth.isEnabled()
    page.dot.width_switch.button("64").click()
    assert steps.product.k == 64


def test_bits_are_real_once_there_are_some(page, tmp_path):
    network = packed(np.random.default_rng(3), hidden=(70, 66))
    assert isinstance(network, PackedNetwork)
    path = str(tmp_path / "net.safetensors")
    modelfile.save(path, network)
    page.session.models = [ModelChoice(path, "net", path)]
    page.session.model_key = path
    bits = np.random.default_rng(4).random(70) < 0.5
    layer = m.LayerSigns(np.zeros(70, np.int32), pack(bits), 70)
    page.session.prediction.emit(m.Prediction(1, path, (), (layer,), True))
    product = page.dot.steps.product
    assert np.array_equal(product.a, bits[:16])
    assert np.array_equal(product.w, unpack(list(network.layers())[1].weights[0], 16))
    assert "random" not in page.dot.source.text()


def test_bits_that_are_not_real_say_so(page):
    assert page.dot.source.text().count("random") == 2


def test_hovered_bit_is_not_flipped(page):
    before = page.dot.steps.product
    QTest.mouseMove(page.dot.steps, QPoint(80, 10))
    assert page.dot.steps.product is before
