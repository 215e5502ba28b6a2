"""Everything that a person does in the window, on children that are none but say as much as real ones do."""

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from app.session import ModelChoice, Session
from app.settings import Settings
from app.theme import theme
from app.window import PAGES, Window
from engine import messages as m
from engine.bits import pack
from engine.labs.graph import GraphEpoch, GraphPlaces, GraphShape
from tests.app import kept
from tests.app.fakes import FakeChannel
from tests.app.labs import test_compress, test_faults, test_verify
from tests.app.pages.drawing import BACKENDS, KEY, answer, info
from tests.app.test_wearing import worn
from tests.soak.trainer import ReplayTrainer

REST = 0.06
"""Seconds after each thing that is done, in which what it leads to happens."""
HIDDEN = (512, 512)
PLACES = ((60, 60), (90, 140), (140, 90), (150, 160))
NODES, EDGES, CLASSES = 2708, 5278, 7


def graph_results():
    """As many nodes and edges as Cora has, at random."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, NODES).astype(np.int16)
    names = tuple(map(str, range(CLASSES)))
    code = pack(rng.random((NODES, 64)) < 0.5)
    yield GraphShape(
        "large", 1433, rng.integers(0, NODES, (2, EDGES), np.int32), labels, np.full(NODES, 3, np.int8), names
    )
    for step in range(3):
        yield GraphPlaces(rng.uniform(-1, 1, (NODES, 2)).astype(np.float32), step == 2)
        for series, bits in (("network", code), ("twin", None)):
            yield GraphEpoch(series, step, 3, 1.0, {"test": 0.5}, np.roll(labels, step), bits, step == 2)


RESULTS = {
    "faults": lambda: test_faults.RESULTS,
    "verify": lambda: [test_verify.verdict()],
    "compress": test_compress.results,
    "graph": graph_results,
}
"""What each lab is told."""


class Everything:
    """`things` are what is done, in this order; `done` says which one is next."""

    def __init__(self):
        self.trainer, self.inference = ReplayTrainer(), FakeChannel()
        self.session = Session(self.trainer, self.inference, FakeChannel, Settings())
        self.session.models, self.session.model_key = [ModelChoice(KEY, "one", KEY)], KEY
        self.window = Window(self.session)
        self.things = (
            self.open, self.switch_before_pages_are_made, self.wait_for_pages, self.load_a_model, self.switch,
            self.draw, self.train, self.pin, self.scrub, self.switch, self.turn, self.set_up, self.look_at_runs,
            self.look_at_labs, self.run_the_labs, self.turn, self.notice, self.ask_for_help, self.take_the_tour,
            self.close,
        )  # fmt: skip

    def do(self):
        """Do one thing after the other; yields what was done."""
        for thing in self.things:
            thing()
            self.rest()
            yield thing.__name__
        self.leave()

    # ------------------------------------------------------------ what is done

    def open(self):
        self.window.resize(1280, 800)
        self.window.show()

    def switch_before_pages_are_made(self):
        self.press(self.window.rail.pages["learn"])
        self.rest(1.0)

    def wait_for_pages(self):
        for _ in range(400):
            if all(self.window._stack.is_whole(name) for name, _ in PAGES):
                return
            self.rest()
        raise AssertionError("the pages were never whole")

    def load_a_model(self):
        self.session.start()
        self.say(self.inference, m.ChildReady("inference", 1))
        self.say(self.inference, m.BackendList(BACKENDS))
        self.say(self.inference, m.ModelLoaded(info(hidden=HIDDEN)))
        self.say(self.inference, worn(0.0, key=KEY))
        self.say(self.trainer, m.ChildReady("trainer", 2))

    def switch(self):
        for name, _ in PAGES:
            self.press(self.window.rail.pages[name])

    def draw(self):
        draw = self.window.draw
        self.press(self.window.rail.pages["draw"])
        square = draw.canvas.square().topLeft().toPoint()
        places = [square.__class__(*place) + square for place in PLACES]
        QTest.mousePress(draw.canvas, Qt.MouseButton.LeftButton, pos=places[0])
        for place in places[1:]:
            QTest.mouseMove(draw.canvas, place)
            self.rest()
            asked = self.inference.last(m.Predict)
            self.say(self.inference, answer(asked.request, hidden=HIDDEN))
        QTest.mouseRelease(draw.canvas, Qt.MouseButton.LeftButton, pos=places[-1])
        draw.panels.weights.slider.setValue(40)
        self.say(self.inference, worn(self.session.wearing.rate, key=KEY))
        QTest.keyClick(draw.canvas, Qt.Key.Key_7)
        self.rest()
        self.press(draw.tray.more)
        draw.tray.dialog.close()

    def train(self):
        self.press(self.window.rail.pages["learn"])
        self.press(self.window.learn.bar.run)
        self.say(self.trainer)
        QTimer.singleShot(0, self.window, self.trainer.begin)
        for _ in range(60):
            QTimer.singleShot(0, self.window, self.trainer.send_frame)
            self.rest(0.03)

    def pin(self):
        self.press(self.window.learn.bits.view)
        self.press(self.window.learn.filters.tiles)
        self.window.learn.bits.choose(1)
        self.rest()

    def scrub(self):
        for index in range(0, len(self.session.run.history), 3):
            self.window.learn.scrubber.scrubbed.emit(index)
            self.rest()
        self.session.go_live()

    def turn(self):
        """To the other theme, and back."""
        for _ in range(2):
            self.press(self.window.rail.theme)
            self.rest(1.0)

    def set_up(self):
        self.press(self.window.rail.pages["learn"])
        for button in self.window.learn.bar.sections.values():
            self.press(button)
        self.press(button)

    def look_at_runs(self):
        self.press(self.window.learn.bar.runs)
        rows = [kept.row(f"run-{number}") for number in range(30)]
        self.say(self.inference, kept.listed(*rows))
        self.say(self.inference, kept.read("run-0"))
        self.press(self.window.learn.bar.runs)

    def look_at_labs(self):
        self.press(self.window.rail.pages["labs"])
        for button in self.window.page("labs").bar.tabs.buttons():
            self.press(button)

    def run_the_labs(self):
        """Each to its results; those of the graph lab are as large as Cora's."""
        labs = self.window.page("labs")
        for index, panel in enumerate(labs.panels):
            self.press(labs.bar.tabs.button(index))
            self.press(labs.bar.run)
            self.say(self.session.jobs.child, *RESULTS[panel.name]())
            self.press(labs.bar.stop)

    def notice(self):
        self.say(self.inference, m.Failed("Predict", "It went wrong.", "Try again."))

    def ask_for_help(self):
        self.keys(Qt.Key.Key_F1)
        for dialog in self.window.findChildren(QDialog):
            dialog.close()
        self.press(self.window.page("labs").panels[0].rates)
        self.keys(Qt.Key.Key_F1)
        for dialog in self.window.findChildren(QDialog):
            dialog.close()

    def take_the_tour(self):
        self.window.start_tour()
        for _ in range(8):
            self.rest()
            self.press(self.window.tour.popover.on)

    def close(self):
        self.window.close()

    def leave(self):
        """Take it all away."""
        self.window.close()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(self.window, QEvent.Type.DeferredDelete)
        self.session.deleteLater()
        theme().choose("dark")

    # ------------------------------------------------------------ how

    def press(self, widget):
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)
        self.rest()

    def keys(self, key, modifiers=Qt.KeyboardModifier.NoModifier):
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifiers)
        self.rest()

    def say(self, child, *events):
        """Have a child say something, each thing in a turn of its own."""
        for event in events:
            QTimer.singleShot(0, self.window, lambda event=event: child.say(event))
            self.rest()

    def rest(self, seconds=REST):
        loop = QEventLoop()
        QTimer.singleShot(int(1000 * seconds), loop, loop.quit)
        loop.exec()
