"""Labels whose words change: what they say, and what that costs."""

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app.widgets.live_label import LiveLabel


class Layouts(QObject):
    """Counts what is laid out anew."""

    def __init__(self, watched):
        super().__init__()
        self.count = 0
        watched.installEventFilter(self)

    def eventFilter(self, _watched, event):  # noqa: N802 - Qt's name
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


@pytest.fixture
def row(qtbot):
    made = QWidget()
    QHBoxLayout(made)
    qtbot.addWidget(made)
    return made


def shown(row, label):
    row.layout().addWidget(label)
    row.show()
    QCoreApplication.processEvents()
    return label


def test_it_is_painted_as_a_label_is(row):
    ours, theirs = shown(row, LiveLabel(room_for="12.5 µs")), shown(row, QLabel("12.5 µs"))
    ours.setText("12.5 µs")
    ours.resize(theirs.size())
    assert ours.sizeHint() == theirs.sizeHint()
    assert ours.grab().toImage() == theirs.grab().toImage()


def test_words_that_fit_lay_nothing_out(row):
    label = shown(row, LiveLabel(room_for="1,000 ms"))
    layouts = Layouts(row)
    label.setText("7 ms")
    QCoreApplication.processEvents()
    assert (label.text(), label.accessibleName(), layouts.count) == ("7 ms", "7 ms", 0)


def test_wider_words_take_more_room_for_good(row):
    label = shown(row, LiveLabel())
    label.setText("seventy-seven milliseconds")
    wide = label.sizeHint().width()
    assert wide >= label.fontMetrics().horizontalAdvance("seventy-seven milliseconds")
    label.setText("7")
    assert label.sizeHint().width() == wide


def test_room_can_be_given_back(row):
    label = shown(row, LiveLabel())
    label.setText("7 ms, and the words of a whole sentence that is gone soon")
    label.setText("7 ms")
    label.keep_room("1,000 ms")
    assert label.sizeHint().width() == QLabel("1,000 ms").sizeHint().width()
    label.keep_room("")
    assert label.sizeHint().width() == QLabel("7 ms").sizeHint().width()


def test_nothing_said_is_nothing_seen(row):
    label = shown(row, LiveLabel(room_for="1,000 ms"))
    bare = label.grab().toImage()
    label.setText("7 ms")
    assert label.grab().toImage() != bare
    label.setText("")
    assert label.grab().toImage() == bare
    assert not label.accessibleName().strip()
