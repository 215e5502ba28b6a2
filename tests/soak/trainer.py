"""A trainer that is not one: a made-up run of a small network, a frame for each credit, as fast as it is shown."""

import numpy as np

from engine import messages as m
from engine.bits import pack
from engine.config import RunConfig
from tests.app.fakes import FakeChannel

SHAPES = ((512, 784), (512, 512), (10, 512))
POOL = 64
"""Different pictures; they come again and again, so that it costs little to make a frame."""
HEAVY_EVERY = 3
"""Frames to one with pictures: thirty a second, ten of them with."""
STEPS = 10
"""Training steps of a frame."""
STEPS_PER_EPOCH = 470


class ReplayTrainer(FakeChannel):
    """Keeps nothing of what it is sent but whether it may send: a real one remembers no more."""

    def __init__(self):
        super().__init__("torch")
        self.random = np.random.default_rng(0)
        self.pictures = self._pictures()
        self.credit = False
        self.seq = self.step = 0

    def send(self, command):
        self.credit = self.credit or isinstance(command, m.Ack)

    def begin(self):
        """Say that a run is under way."""
        layers = tuple((f"layer {index}", *shape) for index, shape in enumerate(SHAPES))
        self.say(
            m.RunStarted("soak", "soak", RunConfig(epochs=100_000), layers, 0, STEPS_PER_EPOCH, 60_000, "torch"),
            m.RunState("soak", "running"),
        )

    def send_frame(self):
        """Send the next frame, and a score where an epoch ends; whether there was credit for it."""
        if not self.credit:
            return False
        self.credit = False
        self.seq += 1
        self.step += STEPS
        self.say(self._frame())
        if self.step % STEPS_PER_EPOCH == 0:
            self._score()
        return True

    def _frame(self):
        steps = np.arange(self.step - STEPS + 1, self.step + 1, dtype=np.int64)
        noise = self.random.random(STEPS).astype(np.float32)
        flips = self.random.random((STEPS, len(SHAPES))).astype(np.float32) / 100
        layers = () if self.seq % HEAVY_EVERY else self.pictures[self.seq // HEAVY_EVERY % POOL]
        epoch, seconds = self.step / STEPS_PER_EPOCH, self.seq / 30
        scalars = m.Scalars(steps, noise, noise, flips)
        return m.Frame("soak", self.seq, self.step, epoch, seconds, scalars, layers, None, 0.01, 300.0, 0.01)

    def _score(self):
        confusion = self.random.integers(0, 100, (10, 10))
        accuracy = float(np.trace(confusion) / confusion.sum())
        epoch, seconds = self.step / STEPS_PER_EPOCH, self.seq / 30
        self.say(m.Scored("soak", self.step, epoch, seconds, accuracy, 0.1, confusion, "naive"))

    def _pictures(self):
        bits = [self.random.random(shape) < 0.5 for shape in SHAPES]
        return [tuple(self._layer(index, bits[index]) for index in range(len(SHAPES))) for _ in range(POOL)]

    def _layer(self, index, bits):
        rows, columns = (self.random.integers(0, side, 300) for side in bits.shape)
        bits[rows, columns] ^= True
        words = pack(bits)
        tiles = np.zeros((-(-bits.shape[0] // 8), words.shape[1]), np.uint32)
        histogram = self.random.integers(0, 1000, m.BINS)
        return m.LayerFrame(
            f"layer {index}", *bits.shape, words, tiles, 300, 0.001, histogram, 0.01, histogram.copy(), 0.5
        )
