"""Systems of other languages: the window's numbers and direction are those of its English words."""

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QApplication, QWidget

from app.launch import speak_english
from app.widgets.numbers import number_box


@pytest.fixture(params=[QLocale.Language.German, QLocale.Language.Arabic, QLocale.Language.Persian])
def abroad(request, qapp):  # noqa: ARG001 - directions are an application's
    before, direction = QLocale(), QApplication.layoutDirection()
    QLocale.setDefault(QLocale(request.param))
    QApplication.setLayoutDirection(QLocale(request.param).textDirection())
    yield
    QLocale.setDefault(before)
    QApplication.setLayoutDirection(direction)


@pytest.mark.usefixtures("abroad")
def test_numbers_and_direction_are_english(qtbot):
    speak_english()
    share, rate, count = boxes = [
        number_box(0.0, 1.0, whole=False), number_box(1e-6, 1.0, whole=False), number_box(1, 100_000, whole=True),
    ]  # fmt: skip
    for box, value in zip(boxes, (0.25, 0.003, 60_000), strict=True):
        qtbot.addWidget(box)
        box.setValue(value)
    assert (share.text(), rate.text(), count.text()) == ("0.250", "0.003", "60,000")
    parent = QWidget()
    qtbot.addWidget(parent)
    assert parent.layoutDirection() == Qt.LayoutDirection.LeftToRight


@pytest.mark.parametrize("typed", ["0.25", "0,25", "٠٫٢٥", "۰٫۲۵"])
@pytest.mark.parametrize("low", [0.0, 1e-6], ids=["share", "rate"])
def test_a_number_is_typed_as_the_keyboard_has_it(qtbot, typed, low):
    box = number_box(low, 1.0, whole=False)
    qtbot.addWidget(box)
    state, text, _ = box.validate(typed, len(typed))
    assert (state, text) == (QValidator.State.Acceptable, "0.25")
    box.lineEdit().selectAll()
    box.lineEdit().insert(typed)
    box.interpretText()
    assert box.value() == 0.25
