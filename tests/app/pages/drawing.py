"""A Draw page for tests: its backends, a model, answers, and a hand that draws."""

from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.pages.draw import DrawPage
from app.session import ModelChoice
from engine import messages as m
from engine.bits import pack

KEY = "/models/one.safetensors"
LEFT = Qt.MouseButton.LeftButton
BACKENDS = (
    m.BackendInfo("float-blas", "float", 1, True, "CPU"),
    m.BackendInfo("numpy-xnor", "xnor", 1, True, "CPU"),
    m.BackendInfo("cupy-xnor", "xnor", 9, False, "", "No CUDA device was found.", "Install a driver."),
)


def info(key=KEY, hidden=(70, 512), classes=10, **more):
    widths = (784, *hidden, classes)
    layers = tuple((after, before) for before, after in pairwise(widths))
    names = tuple(str(i) for i in range(classes))
    facts = {"form": "packed", "input_shape": (28, 28, 1), "preparation": "mnist", "accuracy": 0.9812} | more
    return m.ModelInfo(
        key=key, name="one", architecture="mlp", class_names=names, dataset="mnist", layers=layers,
        weight_count=32000, weight_bytes=4000, float_bytes=128000, **facts,
    )  # fmt: skip


def answer(request, key=KEY, winner=7, identical=True, hidden=(70, 512)):
    scores = np.zeros(10, np.float32)
    scores[winner] = 1.25
    votes = (
        m.Vote("float-blas", "float", "CPU", scores, 1.2e-4),
        m.Vote("numpy-xnor", "xnor", "CPU", scores if identical else scores[::-1], 3e-5),
    )
    layers = []
    for width in hidden:
        sums = np.arange(width, dtype=np.int32) - width // 2
        layers.append(m.LayerSigns(sums, pack(sums >= 0), width))
    return m.Prediction(request, key, votes, tuple(layers), identical)


def draw_page(session, qtbot):
    """A Draw page with a model that is loaded, and backends that answer."""
    session.models = [ModelChoice(KEY, "one", KEY)]
    session.model_key = KEY
    made = DrawPage(session).make_whole()
    qtbot.addWidget(made)
    made.resize(1208, 760)
    made.show()
    session.inference.say(m.BackendList(BACKENDS), m.ModelLoaded(info()))
    return made


def draw(page, *points):
    square = page.canvas.square()
    places = [QPoint(*(int(square.left() + x), int(square.top() + y))) for x, y in points]
    QTest.mousePress(page.canvas, LEFT, pos=places[0])
    for place in places[1:]:
        QTest.mouseMove(page.canvas, place)
    QTest.mouseRelease(page.canvas, LEFT, pos=places[-1])


def settle(page, **how):
    """Answer until nothing more is asked."""
    answered = None
    while asked(page) is not answered:
        answered = asked(page)
        page.session.inference.say(answer(answered.request, **how))


def asked(page):
    return page.session.inference.last(m.Predict)
