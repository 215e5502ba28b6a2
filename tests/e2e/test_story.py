"""The whole product, driven through the window on real children: watch it learn, draw, break it, go on."""

import os
import signal

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from app.launch import make_session
from app.settings import Settings
from app.theme import tokens
from app.window import Window
from engine.config import RunConfig
from engine.datasets import load

pytestmark = pytest.mark.slow

PATIENCE = 90_000


@pytest.fixture
def window(qtbot):
    """A real window on real children, both ready, with the shipped model loaded."""
    settings = Settings(run=RunConfig(epochs=1, evaluations_per_epoch=2).to_json())
    made = Window(make_session(settings))
    made.painted.connect(made.session.start)
    made.resize(1280, 800)
    made.show()
    qtbot.waitUntil(lambda: all(made.session.ready.values()) and made.session.model is not None, timeout=PATIENCE)
    yield made
    made.close()
    made.deleteLater()


def button(page, text):
    return next(b for b in page.findChildren(QPushButton) if text in b.text() and b.isVisible())


def press(widget):
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def amber(view):
    """How many pixels of the bit image are nearer to the flip colour than to grey."""
    image = view.grab().toImage()
    flip = tokens().color("flip")
    step = max(1, image.width() // 200)
    found = 0
    for y in range(0, image.height(), step):
        for x in range(0, image.width(), step):
            color = image.pixelColor(x, y)
            found += abs(color.red() - flip.red()) < 40 and color.red() - color.blue() > 80
    return found


def draw_digit(canvas, image):
    """Trace a stored 28x28 digit with the mouse: a short horizontal stroke for each run of ink."""
    side = min(canvas.width(), canvas.height())
    left, top = (canvas.width() - side) / 2, (canvas.height() - side) / 2
    for row, line in enumerate(image):
        columns = np.flatnonzero(line > 127)
        for run in np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1):
            if len(run):
                y = top + (row + 0.5) * side / 28
                start = QPointF(left + (run[0] + 0.5) * side / 28, y).toPoint()
                end = QPointF(left + (run[-1] + 0.5) * side / 28, y).toPoint()
                QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
                QTest.mouseMove(canvas, end + QPoint(1, 0))
                QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end)


def test_watch_it_learn_then_draw(window, qtbot):
    session = window.session
    press(button(window.page("draw"), "Watch one learn"))
    learn = window.page("learn")
    assert session.visible_page == "learn"

    qtbot.waitUntil(lambda: session.run.step > 30, timeout=PATIENCE)
    qtbot.waitUntil(lambda: amber(learn.bits.view) > 20, timeout=PATIENCE)

    press(button(learn, "Pause"))
    qtbot.waitUntil(lambda: session.run.state == "paused", timeout=PATIENCE)
    qtbot.wait(300)
    resting = session.run.step
    press(button(learn, "Step"))
    qtbot.waitUntil(lambda: session.run.step == resting + 1, timeout=PATIENCE)

    session.scrub(0)
    assert session.moment().step < resting
    session.go_live()
    press(button(learn, "Resume"))
    qtbot.waitUntil(lambda: session.run.state == "finished", timeout=PATIENCE)
    assert session.run.accuracy > 0.9
    assert session.run.saved.step == session.run.step

    qtbot.waitUntil(lambda: "training" in session.evaluations, timeout=PATIENCE)
    scores = session.evaluations["training"]
    assert scores.images == 10_000
    assert [row.identical_scores for row in scores.rows] == [10_000, 10_000]
    qtbot.waitUntil(lambda: "10,000 of 10,000" in learn.strip.verdict.text(), timeout=PATIENCE)

    draw = window.page("draw")
    window.show_page("draw")
    data = load("mnist")
    index = int(np.flatnonzero(data.test_labels == 7)[0])
    with qtbot.waitSignal(session.prediction, timeout=PATIENCE):
        draw_digit(draw.canvas, data.test_images[index, :, :, 0])
    answers = []
    session.prediction.connect(answers.append)
    draw.ask()
    qtbot.waitUntil(lambda: bool(answers), timeout=PATIENCE)
    assert {int(np.argmax(vote.scores)) for vote in answers[-1].votes if vote.scores is not None} == {7}
    assert answers[-1].identical


def test_a_trainer_killed_in_the_middle_is_told_and_resumed(window, qtbot):
    session = window.session
    window.show_page("learn")
    learn = window.page("learn")
    session.start_run(RunConfig(epochs=3))
    qtbot.waitUntil(lambda: session.run.saved is not None, timeout=PATIENCE)
    saved = session.run.saved.step
    qtbot.waitUntil(lambda: session.run.step > saved + 20, timeout=PATIENCE)

    os.kill(session.trainer.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: session.run.state == "lost", timeout=PATIENCE)
    qtbot.waitUntil(lambda: bool(learn.notices.bars), timeout=5000)
    notice = learn.notices.bars[-1]
    assert "signal 9" in notice.what.text()
    assert f"{saved:,}" in notice.remedy.text()

    press(notice.action)
    qtbot.waitUntil(lambda: session.run.moving and session.run.step > saved + 5, timeout=PATIENCE)
    assert session.run.saved.step >= saved
