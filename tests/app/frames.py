"""Synthetic telemetry of a small run, for tests of the Learn page."""

import numpy as np

from engine import messages as m
from engine.bits import pack
from engine.config import RunConfig

SHAPES = ((32, 36), (16, 32), (10, 16))
LAYERS = tuple((f"layer {i}", outputs, inputs) for i, (outputs, inputs) in enumerate(SHAPES))


class Trainer:
    """Says what a trainer would, on a FakeChannel; `bits` are the signs as they stand."""

    def __init__(self, channel, config=None, run="run-1"):
        self.channel, self.run, self.config = channel, run, config or RunConfig()
        self.rng = np.random.default_rng(3)
        self.bits = [self.rng.random(shape) < 0.5 for shape in SHAPES]
        self.step = self.seq = 0

    def begin(self):
        self.channel.say(
            m.RunStarted(self.run, "/runs/run-1", self.config, LAYERS, 0, 100, 60_000, "torch"),
            m.RunState(self.run, "running"),
        )

    def flip(self, layer, row, column):
        self.bits[layer] = self.bits[layer].copy()
        self.bits[layer][row, column] ^= True

    def frame(self, steps=5, watch=None):
        """Train some steps and send a heavy frame."""
        step = np.arange(self.step + 1, self.step + steps + 1)
        self.step += steps
        self.seq += 1
        loss = (2.0 / step).astype(np.float32)
        flips = np.full((steps, len(SHAPES)), 0.01, np.float32)
        if watch is not None:
            (layer, row, column), latent, count = watch
            watch = m.WatchTrace(layer, row, column, step, np.full(steps, latent, np.float32), count)
        self.channel.say(
            m.Frame(
                self.run, self.seq, self.step, self.step / 100, self.step / 50, m.Scalars(step, loss, loss, flips),
                tuple(self._layer(i) for i in range(len(SHAPES))), watch, 10.0, 50.0, 0.01,
            )
        )  # fmt: skip

    def _layer(self, index):
        bits = self.bits[index]
        outputs, inputs = bits.shape
        words = pack(bits)
        histogram = np.arange(m.BINS, dtype=np.int64)
        return m.LayerFrame(
            f"layer {index}", outputs, inputs, words, np.zeros((-(-outputs // 8), words.shape[1]), np.uint32), 0, 0.01,
            histogram + index, 0.125, histogram, 0.53,
        )  # fmt: skip

    def score(self, confusion, accuracy=0.9):
        self.channel.say(
            m.Scored(self.run, self.step, self.step / 100, 1.0, accuracy, 0.4, np.asarray(confusion), "numpy-xnor")
        )


def draw(page):
    """All that is due on a Learn page, at once."""
    while page.drawing.waits:
        page.drawing.do_next()
