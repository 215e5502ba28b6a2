"""Six digits drawn and labelled in the real window, a model trained on them, and what all models make of them."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.launch import make_session
from app.models_list import shipped
from app.settings import Settings
from app.window import Window
from engine import drawings, paths
from engine.datasets import load
from tests.e2e.test_story import PATIENCE, draw_digit, press

pytestmark = pytest.mark.slow


@pytest.fixture
def open_window(qtbot):
    """Opens a real window on real children, again and again."""
    windows, settings = [], Settings()

    def opened():
        made = Window(make_session(settings))
        windows.append(made)
        made.painted.connect(made.session.start)
        made.show()
        qtbot.waitUntil(lambda: all(made.session.ready.values()) and made.session.model is not None, timeout=PATIENCE)
        return made

    yield opened
    for window in windows:
        window.close()
        window.deleteLater()


def test_draw_label_train_on_them_and_find_them_again(open_window, qtbot):
    window = open_window()
    session, draw, tray = window.session, window.draw, window.session.tray
    session.select_model(next(path for path in shipped("") if path.endswith("mnist-mlp-512x2.safetensors")))
    data = load("mnist")
    for index in range(6):
        draw_digit(draw.canvas, data.test_images[index, :, :, 0])
        QTest.keyClick(draw.canvas, Qt.Key(Qt.Key.Key_0 + int(data.test_labels[index])))
    assert [one.label for one in tray.drawings] == data.test_labels[:6].tolist()
    qtbot.waitUntil(lambda: tray.tally(session.model_key).read == 6, timeout=PATIENCE)
    assert tray.tally(session.model_key).right >= 4

    press(draw.tray.more)
    dialog = draw.tray.dialog
    qtbot.waitUntil(lambda: all(tray.tally(choice.key).read == 6 for choice in session.models), timeout=PATIENCE)
    press(dialog.training.train)
    qtbot.waitUntil(lambda: session.run.step > 10, timeout=PATIENCE)
    assert len(session.run.config.extra) > 0
    press(dialog.training.stop)
    qtbot.waitUntil(lambda: session.model is not None and " + mine" in session.model.name, timeout=PATIENCE)
    trained = session.model_key
    qtbot.waitUntil(lambda: tray.tally(trained).read == 6, timeout=PATIENCE)
    assert "(trained on)" in dialog.table.cells[trained, 1].text()
    dialog.close()
    window.close()

    kept = drawings.load(paths.drawings_file())
    assert kept.test.tolist() == [False, False, True] * 2
    again = open_window().session
    qtbot.waitUntil(lambda: len(again.tray.drawings) == 6, timeout=PATIENCE)
    np.testing.assert_array_equal(again.tray.drawings[5].image, kept.images[5])
    assert any(choice.key == trained for choice in again.models)
