"""A long run in little time: frames as fast as they can be shown, and memory that does not grow beyond its bound.

FLIPSCOPE_SOAK_FRAMES=36000 replays what an hour of training sends (ten pictures a second).
"""

import gc
import os

import numpy as np
import psutil
import pytest

from app.pages.learn import LearnPage
from engine import messages as m
from engine.bits import pack
from engine.config import RunConfig
from engine.history import History

FRAMES = int(os.environ.get("FLIPSCOPE_SOAK_FRAMES", "1200"))
LIMIT = 8 << 20
SLACK = 24 << 20
"""What allocators and caches may take beyond the history: far below what leaking frames would."""
SHAPES = ((512, 784), (512, 512), (10, 512))


class Trainer:
    """Makes frames of a network whose bits flip at random, as fast as they are asked for."""

    def __init__(self):
        self.random = np.random.default_rng(0)
        self.bits = [self.random.random(shape) < 0.5 for shape in SHAPES]
        self.step = 0

    def frame(self, seq):
        self.step += 10
        steps = np.arange(self.step - 10, self.step, dtype=np.int64)
        noise = self.random.random(10).astype(np.float32)
        flips = self.random.random((10, 3)).astype(np.float32) / 100
        scalars = m.Scalars(steps, noise, noise, flips)
        layers = tuple(self._layer(i) for i in range(3))
        return m.Frame("r", seq, self.step, self.step / 468, self.step / 100, scalars, layers, None, 0.01, 100.0, 0.01)

    def _layer(self, index):
        bits = self.bits[index]
        rows, columns = (self.random.integers(0, side, 300) for side in bits.shape)
        bits[rows, columns] ^= True
        words = pack(bits)
        tiles = np.zeros((-(-bits.shape[0] // 8), words.shape[1]), np.uint32)
        histogram = self.random.integers(0, 1000, 64)
        return m.LayerFrame(
            f"layer {index}", *bits.shape, words, tiles, 300, 0.001, histogram, 0.01, histogram.copy(), 0.5
        )


@pytest.mark.slow
def test_memory_stays_within_the_history_that_was_declared(session, qtbot):
    page = LearnPage(session)
    qtbot.addWidget(page)
    page.resize(1280, 760)
    page.show()
    layers = tuple((f"layer {i}", *shape) for i, shape in enumerate(SHAPES))
    session.trainer.say(m.RunStarted("r", "f", RunConfig(), layers, 0, 468, 60_000, "torch"))
    session.run.history.close()
    session.run.history = History(limit_bytes=LIMIT)
    trainer, process = Trainer(), psutil.Process()

    def play(count, start):
        for seq in range(start, start + count):
            session.trainer.say(trainer.frame(seq))
            if seq % 10 == 0:
                page.repaint()
                qtbot.wait(1)

    def resident():
        gc.collect()
        return process.memory_info().rss

    play(FRAMES // 3, 0)
    before, handles = resident(), process.num_fds() if hasattr(process, "num_fds") else 0
    play(FRAMES - FRAMES // 3, FRAMES // 3)
    after = resident()
    assert session.run.history.bytes <= LIMIT
    assert len(session.run.history) > 20
    assert after - before < LIMIT + SLACK, f"grew by {(after - before) / 2**20:.0f} MB over {FRAMES} frames"
    if handles:
        assert process.num_fds() <= handles + 2
