"""What was seen of a run, kept within a declared bound of memory and thinned with age: the scrubber's past."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import overload

import numpy as np
from numpy.typing import NDArray

from engine import messages as m
from engine.bits import Words
from engine.curves import Curve, Curves
from engine.errors import UnknownName
from engine.recording import CHUNK, Arrival, Chunk, Record, halved, joined, merged, shapes_of
from engine.trace import Scores, Trace

LIMIT = 256 << 20
SCORES = 64
"""One of so many parts of the limit is for scores: at the usual limit thousands of them."""
WAITING = 3
"""Moments that may wait for compression; when more come, the newest stands for the one before it."""


@dataclass(frozen=True)
class Moment:
    """All that was seen at one step. accuracy, confusion: of the last score up to then, or None before the first.

    Flips of its layers count from the recorded moment before it.
    """

    step: int
    epoch: float
    time: float
    layers: Sequence[m.LayerFrame]
    accuracy: float | None = None
    confusion: NDArray[np.int64] | None = None
    watch: m.WatchTrace | None = None


class _Decoded(Sequence[m.LayerFrame]):
    """The layers of a recorded moment, each decoded when it is asked for: who looks at one does not wait for all."""

    def __init__(self, chunk: Chunk, record: Record, key: Callable[[Chunk, int], Words]) -> None:
        self._chunk, self.record, self._key = chunk, record, key
        self._known: dict[int, m.LayerFrame] = {}

    def __len__(self) -> int:
        return len(self.record.layers)

    @overload
    def __getitem__(self, index: int) -> m.LayerFrame: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[m.LayerFrame]: ...

    def __getitem__(self, index: int | slice) -> m.LayerFrame | Sequence[m.LayerFrame]:
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        at = range(len(self))[index]
        if at not in self._known:
            self._known[at] = self._chunk.decode(self.record, at, self._key(self._chunk, at))
        return self._known[at]


class History:
    """Moments, curves and scores of one run in at most `limit_bytes`.

    `add` takes a few microseconds: a thread of its own compresses. Over the limit neighbouring moments are joined,
    the old ones first and hardest, so that the whole run stays in reach and the newest part is dense; the flips of
    joined moments add up. A limit below a dozen uncompressed frames cannot be held. `close` ends the thread; what
    was recorded can still be read.
    """

    def __init__(self, limit_bytes: int = LIMIT) -> None:
        self.limit_bytes = limit_bytes
        self._changed = threading.Condition()
        self._chunks: list[Chunk] = []
        self._waiting: list[Arrival] = []
        self._newest: Arrival | None = None
        self._open_keys: list[Words] = []
        self._compressed = 0
        self._curves = Curves()
        self._scores: list[m.Scored] = []
        self._steps: NDArray[np.int64] | None = None
        self._key_of: tuple[Chunk, dict[int, Words]] | None = None
        self._looked_at: _Decoded | None = None
        self._thread: threading.Thread | None = None
        self._busy = self._closing = False

    # ------------------------------------------------------------ recording

    def add(self, frame: m.Frame) -> None:
        """Take over a frame: its scalars into the curves and, where it has layers, a moment."""
        with self._changed:
            self._curves.add(frame.scalars)
            if frame.layers and not self._closing:
                self._append(frame)

    def add_score(self, scored: m.Scored) -> None:
        """Take over a score of the test set; past a share of the limit every other one is let go."""
        with self._changed:
            self._scores.append(scored)
            if _score_bytes(self._scores) > self.limit_bytes // SCORES:
                self._scores = self._scores[::-2][::-1]

    def take_past(self, past: m.RunPast) -> None:
        """Take over the curves and scores of a run that is shown from its middle on."""
        with self._changed:
            self._curves = Curves.from_arrays(past.curves)
            self._scores = list(past.scores)

    def rewind(self, step: int) -> None:
        """Forget what was seen after a step: the run goes on from a save that was made there."""
        self.flush()
        with self._changed:
            for chunk in self._chunks:
                chunk.records = [record for record in chunk.records if record.step <= step]
            self._chunks = [chunk for chunk in self._chunks if chunk.records]
            self._compressed = sum(chunk.nbytes for chunk in self._chunks)
            self._curves.rewind(step)
            self._scores = [scored for scored in self._scores if scored.step <= step]
            self._steps = self._key_of = self._newest = None
            self._open_keys = []
            if self._chunks:
                self._newest, self._open_keys = self._chunks[-1].newest()

    def flush(self) -> None:
        """Wait until everything added is compressed and the limit is held."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy or self._thread is None)

    def close(self) -> None:
        """Compress what waits and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _append(self, frame: m.Frame) -> None:
        span = frame.step - self._newest.step if self._newest else 0
        arrival = Arrival(frame.step, frame.epoch, frame.time, span, frame.layers, frame.watch)
        if len(self._waiting) >= WAITING:
            arrival = joined(self._waiting.pop(), arrival)
        self._busy = True
        self._waiting.append(arrival)
        self._newest = arrival
        self._steps = None
        if self._thread is None:
            self._thread = threading.Thread(target=self._record, daemon=True, name="history")
            self._thread.start()
        self._changed.notify_all()

    def _record(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    return
                arrival = self._waiting[0]
            chunk = self._chunk_for(arrival)
            record = chunk.encode(arrival, self._open_keys)
            with self._changed:
                chunk.records.append(record)
                if not self._chunks or self._chunks[-1] is not chunk:
                    self._chunks.append(chunk)
                    self._compressed += chunk.nbytes
                else:
                    self._compressed += record.nbytes
                self._waiting.pop(0)
            while self.bytes > self.limit_bytes * 15 // 16 and self._thin():
                continue
            with self._changed:
                self._busy = bool(self._waiting)
                self._changed.notify_all()

    def _chunk_for(self, arrival: Arrival) -> Chunk:
        last = self._chunks[-1] if self._chunks else None
        if last is not None and len(last.records) < CHUNK and last.shapes == shapes_of(arrival):
            return last
        self._open_keys = [layer.signs for layer in arrival.layers]
        return Chunk.opened_by(arrival)

    # ------------------------------------------------------------ thinning

    @property
    def bytes(self) -> int:
        """What all of it takes: compressed, waiting, cached, curves, scores."""
        with self._changed:
            raw = {id(a): a.nbytes for a in (*self._waiting, self._newest) if a is not None}
            keys = [key for _, found in filter(None, [self._key_of]) for key in found.values()] + self._open_keys
            return (
                self._compressed
                + sum(raw.values())
                + sum(key.nbytes for key in keys)
                + self._curves.nbytes
                + _score_bytes(self._scores)
            )

    def _thin(self) -> bool:
        """Let some moments go; whether there was anything to let go."""
        at = self._pair_to_merge()
        if at is not None:
            first, second = self._chunks[at : at + 2]
            self._replace(at, 2, merged(first, second, keep_first=at == 0))
            return True
        index = max(range(len(self._chunks)), key=lambda i: len(self._chunks[i].records))
        smaller = halved(self._chunks[index], keep_first=index == 0)
        if len(smaller.records) == len(self._chunks[index].records):
            return False
        self._replace(index, 1, smaller)
        return True

    def _pair_to_merge(self) -> int | None:
        """The neighbours, not the open chunk, whose moments lie densest for their age."""
        sealed = self._chunks[:-1]
        newest = self._chunks[-1].records[-1].step
        best, at = 0.0, None
        for index, (first, second) in enumerate(pairwise(sealed)):
            if first.shapes != second.shapes:
                continue
            count = len(first.records) + len(second.records)
            stride = max(1, second.records[-1].step - first.records[0].step) / count
            score = (newest - second.records[-1].step + 1) / stride**2
            if score > best:
                best, at = score, index
        return at

    def _replace(self, at: int, count: int, chunk: Chunk) -> None:
        with self._changed:
            old = self._chunks[at : at + count]
            self._compressed += chunk.nbytes - sum(c.nbytes for c in old)
            self._chunks[at : at + count] = [chunk]
            self._steps = None
            if self._key_of is not None and self._key_of[0] in old:
                self._key_of = None

    # ------------------------------------------------------------ reading

    def __len__(self) -> int:
        """How many moments are in reach."""
        with self._changed:
            return sum(len(c.records) for c in self._chunks) + len(self._waiting)

    def steps(self) -> NDArray[np.int64]:
        """The step of every moment, ascending."""
        with self._changed:
            if self._steps is None:
                recorded = [r.step for c in self._chunks for r in c.records]
                self._steps = np.array(recorded + [a.step for a in self._waiting], np.int64)
            return self._steps

    def nearest(self, step: int) -> int:
        """Index of the moment nearest to a step (the earlier of two equally near); 0 without moments."""
        steps = self.steps()
        right = int(np.searchsorted(steps, step))
        if right == 0 or (right < steps.size and steps[right] - step < step - steps[right - 1]):
            return right if steps.size else 0
        return right - 1

    def moment(self, index: int) -> Moment:
        """The moment at an index. Past the end it is the newest: thinning may have gone on since one counted.

        Raises IndexError without moments.
        """
        found = self._find(index)
        if isinstance(found, Arrival):
            kept: Arrival | Record = found
            layers: Sequence[m.LayerFrame] = found.layers
        else:
            chunk, kept = found
            if self._looked_at is None or self._looked_at.record is not kept:
                self._looked_at = _Decoded(chunk, kept, self._key)
            layers = self._looked_at
        score = self._score_at(kept.step)
        accuracy, confusion = (score.accuracy, score.confusion) if score else (None, None)
        return Moment(kept.step, kept.epoch, kept.time, layers, accuracy, confusion, kept.watch)

    def signs(self, index: int, layer: int) -> Words:
        """The signs uint64 [outputs, words] of one layer at a moment, without decoding the others."""
        found = self._find(index)
        if isinstance(found, Arrival):
            return found.layers[layer].signs
        chunk, record = found
        return chunk.signs(record, layer, self._key(chunk, layer))

    def curve(self, name: str, first_step: int, last_step: int, points: int) -> Curve:
        """(steps, low, high) of "loss", "accuracy" (share of the batch) or "flips/<layer>" (share of weights a step).

        Minima and maxima over at most `points` stretches of [first_step, last_step]. Raises UnknownName.
        """
        kind, _, layer = name.partition("/")
        columns = {"loss": 0, "accuracy": 1}
        if kind not in columns and not (kind == "flips" and layer.isdecimal()):
            raise UnknownName("curve", name, ["loss", "accuracy", "flips/0"])
        with self._changed:
            return self._curves.get(columns.get(kind, 2 + int(layer or 0)), first_step, last_step, points)

    def scores(self) -> Scores:
        """Every score as arrays."""
        with self._changed:
            rows = [(s.step, s.epoch, s.accuracy, s.loss, s.time) for s in self._scores]
        table = np.array(rows, np.float64).reshape(len(rows), 5)
        return Scores(table[:, 0].astype(np.int64), *table[:, 1:].T)

    def trace(self, weights: tuple[int, ...], now: tuple[float, float, float]) -> Trace:
        """What is compared of the run. weights: of each layer; now: its (step, epoch, seconds)."""
        scores = self.scores()
        with self._changed:
            return Trace.of(self._curves, weights, scores, now)

    def _find(self, index: int) -> tuple[Chunk, Record] | Arrival:
        with self._changed:
            for chunk in self._chunks:
                if index < len(chunk.records):
                    if chunk is self._chunks[-1] and not self._waiting and index == len(chunk.records) - 1:
                        break
                    return chunk, chunk.records[index]
                index -= len(chunk.records)
            if self._newest is None:
                raise IndexError("nothing was recorded yet")
            waiting = self._waiting or [self._newest]
            return waiting[min(index, len(waiting) - 1)]

    def _key(self, chunk: Chunk, layer: int) -> Words:
        """The key picture, kept for the next look: scrubbing stays in a chunk for a while."""
        with self._changed:
            if self._key_of is None or self._key_of[0] is not chunk:
                self._key_of = (chunk, {})
            known = self._key_of[1]
        if layer not in known:
            known[layer] = chunk.key_signs(layer)
        return known[layer]

    def _score_at(self, step: int) -> m.Scored | None:
        with self._changed:
            at = bisect_right(self._scores, step, key=lambda s: s.step)
            return self._scores[at - 1] if at else None


def _score_bytes(scores: list[m.Scored]) -> int:
    newest = [s.confusion for s in scores[-1:] if s.confusion is not None]
    return (sum(confusion.nbytes for confusion in newest) + 600) * len(scores)
