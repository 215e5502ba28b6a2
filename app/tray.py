"""The tray: drawings kept with their true labels, what the models read in them, and the file that they lie in."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from app.link import Channel
from app.models_list import ModelsList
from engine import drawings, paths
from engine import messages as m

UNDO_LIMIT = 200


@dataclass(frozen=True, eq=False)
class Drawing:
    """A drawing, prepared u8 [28, 28], what it is, and whether it is for the test alone."""

    image: m.Image
    label: int
    test: bool

    @cached_property
    def digest(self) -> bytes:
        """Names its image."""
        return hashlib.blake2b(self.image.tobytes(), digest_size=8).digest()

    @cached_property
    def name(self) -> bytes:
        """Names it as the file does: by its image and its label."""
        return drawings.name(self.image, self.label)


Drawings = tuple[Drawing, ...]


@dataclass(frozen=True)
class Tally:
    """How many of `count` drawings a model reads right; `read` of them it has read so far."""

    right: int
    read: int
    count: int


class _Change(QUndoCommand):
    """From one content of the tray to another."""

    def __init__(self, tray: Tray, text: str, after: Drawings) -> None:
        super().__init__(text)
        self._tray, self._before, self._after = tray, tray.drawings, after

    def redo(self) -> None:
        self._tray.show(self._after)

    def undo(self) -> None:
        self._tray.show(self._before)


class Tray(QObject):
    """`changed` when drawings do, `read` when a model has read some, `told`: a sentence about a file.

    Every change is written at once, by the inference worker, which reads and writes all files of drawings. It makes
    the changes to what the file then holds: another window may have written it, whose drawings are not shown here.
    """

    changed = Signal()
    read = Signal()
    told = Signal(str)

    def __init__(self, inference: Channel, models: ModelsList, parent: QObject) -> None:
        super().__init__(parent)
        self._inference, self._models = inference, models
        self.path = str(paths.drawings_file())
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(UNDO_LIMIT)
        self.drawings: Drawings = ()
        self.whys: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.accuracies: dict[str, float | None] = {}
        self.busy = self._gone = False
        self._loaded = False
        self._on_disk: frozenset[bytes] = frozenset()  # names of drawings, as far as they were read or written here
        self._sent: dict[int, m.DrawingChanges] = {}  # what was asked of the own file, and is not answered yet
        self._writes = 0
        self._readings: dict[str, dict[bytes, int]] = {}
        self._request = 0
        self._asked: Drawings = ()
        self._unread: list[str] = []  # keys of the models that were asked last and have not answered
        self._outdated: set[str] = set()  # keys that came to stand for another network since they were asked
        self._crashed: set[str] = set()

    # ------------------------------------------------------------ what is kept

    def keep(self, image: m.Image, label: int) -> bool:
        """Put a drawing u8 [28, 28] behind the others; whether there was room."""
        if len(self.drawings) >= drawings.MOST:
            return False
        test = drawings.for_test([one.test for one in self.drawings])
        self._do(f"keep {label}", (*self.drawings, Drawing(image, label, test)))
        return True

    def relabel(self, chosen: Collection[int], label: int) -> None:
        """Say of some drawings, by their places, that they are something else."""
        self._do(
            f"relabel {len(chosen)}",
            tuple(replace(one, label=label) if place in chosen else one for place, one in enumerate(self.drawings)),
        )

    def remove(self, chosen: Collection[int]) -> None:
        """Take drawings out, by their places."""
        rest = tuple(one for place, one in enumerate(self.drawings) if place not in chosen)
        self._do(f"delete {len(self.drawings) - len(rest)}", rest)

    def clear(self) -> None:
        """Take all out."""
        self._do(f"clear all {len(self.drawings)}", ())

    def undo(self) -> None:
        """Take the last change back."""
        self.undo_stack.undo()
        self.changed.emit()

    def redo(self) -> None:
        """Make it again."""
        self.undo_stack.redo()
        self.changed.emit()

    def show(self, after: Drawings) -> None:
        """Hold these drawings and have them written; the undo stack's commands call this, and do not tell of it."""
        self.drawings = after
        self._write(self.path, after)

    def _do(self, text: str, after: Drawings) -> None:
        if len(after) != len(self.drawings) or any(a is not b for a, b in zip(after, self.drawings, strict=True)):
            self.undo_stack.push(_Change(self, text, after))
            self.changed.emit()

    # ------------------------------------------------------------ files

    def load(self) -> None:
        """A fresh inference worker: have it read what is kept, or write it where that may not have been written."""
        self.busy = self._gone = False
        self._forget_crashes()
        if self._loaded:
            self._write(self.path, self.drawings)
        else:
            self._inference.send(m.ReadDrawings(self.path, own=True))
        self.read.emit()

    def bring(self, path: str) -> None:
        """Add the drawings of a file or folder."""
        self._inference.send(m.ReadDrawings(path))

    def write(self, path: str) -> None:
        """Write all drawings to another file."""
        self._write(path, self.drawings)

    def take(self, event: m.Event) -> bool:
        """Hear an event; whether it was about drawings."""
        match event:
            case m.DrawingsRead():
                self.take_file(event)
            case m.DrawingsKept():
                self.take_kept(event)
            case m.Recognised():
                self.take_reading(event)
            case m.Done("recognise"):
                self.busy = False
                self.read.emit()
            case m.Failed("Recognise") | m.Crashed("Recognise"):
                self._take_failure()
                return False  # it is told elsewhere, as every failure is
            case _:
                return False
        return True

    def take_file(self, event: m.DrawingsRead) -> None:
        """Take over what the tray's own file holds, or add what another one does and is not here yet."""
        known = {one.digest for one in self.drawings}
        found: list[Drawing] = []
        for place, (image, label) in enumerate(zip(event.images, event.labels.tolist(), strict=True)):
            test = bool(event.test[place]) if event.test is not None else self._next_test(found)
            one = Drawing(image, label, test)
            if one.digest not in known:
                known.add(one.digest)
                found.append(one)
        room = drawings.MOST - len(self.drawings)
        if event.own:
            self._take_own(tuple(found))
            return
        self._do(f"import {len(found[:room])}", (*self.drawings, *found[:room]))
        self.told.emit(_imported(event, len(found), room))

    def _take_own(self, found: Drawings) -> None:
        """What is kept comes before what was drawn while it was read."""
        drawn, self._loaded = self.drawings, True
        self._on_disk |= {one.name for one in found}
        self.undo_stack.clear()
        self.drawings = (*found, *drawn)
        if drawn:
            self._write(self.path, self.drawings)
        self.changed.emit()

    def take_kept(self, event: m.DrawingsKept) -> None:
        """Tell of a file that was asked for; of the tray's own, note what is in it."""
        self._loaded = True
        if event.path != self.path:
            self.told.emit(f"{event.count} drawings are in '{event.path}'.")
        elif (made := self._sent.get(event.request)) is not None:
            self._on_disk = (self._on_disk - made.gone) | made.new
            self._sent = {request: other for request, other in self._sent.items() if request > event.request}

    def _next_test(self, more: Sequence[Drawing]) -> bool:
        return drawings.for_test([one.test for one in (*self.drawings, *more)])

    def _write(self, path: str, kept: Drawings) -> None:
        changes = self._changes(kept) if path == self.path else None
        self._writes += 1
        if changes is not None:
            self._sent[self._writes] = changes
        labels, test = [one.label for one in kept], [one.test for one in kept]
        self._inference.send(
            m.KeepDrawings(
                path, images_of(kept), np.array(labels, np.int64), np.array(test, np.bool_), self._writes, changes
            )
        )

    def _changes(self, kept: Drawings) -> m.DrawingChanges:
        """What is to be changed in the own file, so that nothing is touched in it that came from elsewhere."""
        names = frozenset(one.name for one in kept)
        waiting = self._sent.values()  # which the worker may have carried out, or not
        surely = self._on_disk.difference(*(sent.gone for sent in waiting))
        perhaps = self._on_disk.union(*(sent.new for sent in waiting))
        return m.DrawingChanges(new=names - surely, gone=perhaps - names)

    # ------------------------------------------------------------ what models read

    def reading(self, key: str, drawing: Drawing) -> int | None:
        """What a model reads in a drawing, as far as it has."""
        return self._readings.get(key, {}).get(drawing.digest)

    def tally(self, key: str, test: bool | None = None) -> Tally:
        """How many a model reads right: of all, or of those that are for the test or for training."""
        asked = [one for one in self.drawings if test is None or one.test == test]
        read = [(one, self.reading(key, one)) for one in asked]
        return Tally(
            sum(one.label == said for one, said in read), sum(said is not None for _, said in read), len(asked)
        )

    def ask(self, keys: Iterable[str]) -> bool:
        """Have models read what they have not yet; what was asked before is given up. Whether anything is asked."""
        wanted = [key for key in keys if key not in self.whys and self.tally(key).read < len(self.drawings)]
        choices = {choice.key: choice.path for choice in self._models.choices}
        models = tuple((key, choices[key]) for key in wanted if choices.get(key) or key in self._models.infos)
        if not models or self._gone:
            return False
        self._asked, self.busy = self.drawings, True
        self._unread = [key for key, _ in models]
        self._outdated.clear()
        self._request += 1
        self._inference.send(m.Recognise(self._request, models, images_of(self.drawings)))
        return True

    def stop(self) -> None:
        """Give up what is being read."""
        self._request += 1
        self.busy = False
        self._inference.send(m.Cancel("recognise"))
        self.read.emit()

    def take_reading(self, event: m.Recognised) -> None:
        """What a model read in the drawings that were asked about last."""
        if event.request != self._request:
            return
        self._unread = [key for key in self._unread if key != event.key]
        if event.key in self._outdated:
            return
        self.names[event.key], self.accuracies[event.key] = event.name, event.accuracy
        if event.labels is None:
            self.whys[event.key] = event.why
        else:
            said = zip(self._asked, event.labels.tolist(), strict=True)
            self._readings.setdefault(event.key, {}).update((one.digest, label) for one, label in said)
        self.read.emit()

    def _take_failure(self) -> None:
        """The model whose turn it was is not asked again, which would only fail again, before the worker is another."""
        if self.busy and self._unread:
            failed = self._unread[0]
            self.whys[failed] = "It failed while it read your drawings."
            self._crashed.add(failed)

    def _forget_crashes(self) -> None:
        for key in self._crashed:
            self.whys.pop(key, None)
        self._crashed.clear()

    def reloaded(self, key: str) -> None:
        """The key may stand for another network from now on: a file may have been written again."""
        self._outdated.add(key)
        for known in (self._readings, self.whys, self.names, self.accuracies):
            known.pop(key, None)
        self.read.emit()

    def worker_gone(self) -> None:
        """Nothing is being read any more."""
        self.busy, self._gone = False, True
        self.read.emit()


def images_of(kept: Sequence[Drawing]) -> m.Image:
    """The images of drawings, u8 [N, 28, 28]."""
    return np.array([one.image for one in kept], np.uint8).reshape(-1, 28, 28)


def _imported(event: m.DrawingsRead, new: int, room: int) -> str:
    added, known = min(new, room), len(event.labels) - new
    more = [
        (known, f"{known} were here already"),
        (event.blank, f"{event.blank} had nothing on them"),
        (new - added, f"there was no room for {new - added}: {drawings.MOST:,} are kept at most"),
    ]
    return "; ".join([f"{added} drawings were added", *(text for count, text in more if count)]) + "."
