"""The strip of the Learn page: only what was really counted, of networks that can be compared."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.session import TWIN
from engine import messages as m
from tests.app.said import BLAS, CUPY, GPU, XNOR, started


@pytest.fixture
def page(learn):
    return learn


def test_strip_shows_only_what_was_really_counted(page, session):
    strip = page.strip
    assert "waiting" in strip.detail.text()
    rows = (
        m.BackendScore("float-blas", "float", "CPU", 0.9761, 0.2, 10_000, 10_000),
        m.BackendScore("numpy-xnor", "xnor", "CPU", 0.9761, 0.1, 10_000, 10_000),
    )
    session.evaluations[session.strip_key] = m.Evaluation(
        session.strip_key, 10_000, 1000, rows, np.eye(10, dtype=np.int64), 84_000, 2_600_000
    )
    session.evaluation_changed.emit(session.strip_key)
    assert strip.verdict.text() == "✓ 10,000 of 10,000 predictions identical"
    assert "every score bit for bit" in strip.detail.text()
    assert strip.float_side.accuracy.text() == "97.61 %"
    assert "20.0 µs/image · 2.6 MB" in strip.float_side.figures.text()
    wrong = m.BackendScore("numpy-xnor", "xnor", "CPU", 0.97, 0.1, 9_998, 9_000)
    session.evaluations[session.strip_key] = m.Evaluation(
        session.strip_key, 10_000, 1000, (rows[0], wrong), np.eye(10, dtype=np.int64), 84_000, 2_600_000
    )
    session.evaluation_changed.emit(session.strip_key)
    assert strip.verdict.text() == "✗ 9,998 of 10,000 predictions identical"
    assert strip.verdict.property("role") == "warning"


def test_a_twin_of_other_data_is_not_compared(page, session):
    def info(key, dataset):
        shape, names = (28, 28, 1), tuple("0123456789")
        return m.ModelInfo(key, "packed", "net", "mlp", shape, names, "mnist", dataset, 0.9, (), 1, 1, 32)

    row = m.BackendScore("float-blas", "float", "CPU", 0.99, 0.2, 10, 10)
    evaluation = m.Evaluation(TWIN, 10, 10, (row,), np.eye(10, dtype=np.int64), 84, 2600)
    session.evaluations[TWIN] = evaluation
    session.infos.update({TWIN: info(TWIN, "mnist"), session.strip_key: info(session.strip_key, "mnist")})
    page.strip.refresh()
    assert page.strip.twin_side.accuracy.text() == "99.00 %"
    session.infos[session.strip_key] = info(session.strip_key, "cifar10")
    page.strip.refresh()
    assert page.strip.twin_side.accuracy.text() == "–"
    assert page.strip.twin_side.where.whole == "none of this data set"


def test_unavailable_backend_stays_listed_with_its_reason(page, session):
    session.inference.say(
        m.BackendList(
            (
                m.BackendInfo("float-blas", "float", 1, True, "CPU"),
                m.BackendInfo("numpy-xnor", "xnor", 1, True, "CPU"),
                m.BackendInfo("cupy-xnor", "xnor", 9, False, "", "No CUDA device.", "Install a driver."),
            )
        )
    )
    picker = page.strip.backend
    assert picker.currentData() == "numpy-xnor"
    index = picker.findData("cupy-xnor")
    assert not picker.model().item(index).isEnabled()
    assert picker.itemData(index, Qt.ItemDataRole.ToolTipRole) == "No CUDA device. Install a driver."


def test_the_list_of_backends_stays_in_place_while_it_is_open(page, session, qtbot):
    session.inference.say(m.BackendList((XNOR, BLAS, CUPY)))
    picker = page.strip.backend
    picker.showPopup()
    view = picker.view()
    qtbot.waitUntil(view.isVisible)
    view.setCurrentIndex(picker.model().index(1, 0))
    with qtbot.assertNotEmitted(picker.model().rowsRemoved):
        session.trainer.say(started(), m.RunState("r1", "running"))
        session.inference.say(m.BackendList((XNOR, BLAS, GPU)))
    assert view.isVisible()
    assert view.currentIndex().row() == 1
    assert [picker.itemText(index) for index in range(picker.count())] == ["numpy-xnor", "cupy-xnor"]
    assert picker.model().item(1).isEnabled()
    assert picker.itemData(1, Qt.ItemDataRole.ToolTipRole) == "H100"
    assert picker.currentData() == "cupy-xnor"
    picker.hidePopup()
    session.inference.say(m.BackendList((BLAS, GPU)))
    assert [picker.itemData(index) for index in range(picker.count())] == ["cupy-xnor"]
