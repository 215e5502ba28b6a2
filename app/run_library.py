"""The kept runs as the window knows them: read by the inference worker, named, compared, deleted and brought back."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Signal

from app import run_words
from app.link import Channel
from engine import messages as m
from engine import paths
from engine.messages import runs as r

MOST_COMPARED = 6
"""Runs whose curves can be told apart in one plot."""
_KINDS: tuple[type[m.Command], ...] = (r.ListRuns, *r.RunCommand.__subclasses__())
COMMANDS = tuple(kind.__name__ for kind in _KINDS)


class RunLibrary(QObject):
    """Rows by key (the run's folder), what was read of some, and which are compared, in order.

    `changed`: rows; `compared_changed`: which are compared, or what is known of one; `done`: a sentence about what was
    done; `refused`: (what happened, what to do).
    """

    changed = Signal()
    compared_changed = Signal()
    done = Signal(str)
    refused = Signal(str, str)

    def __init__(self, inference: Channel, parent: QObject) -> None:
        super().__init__(parent)
        self._inference = inference
        self.rows: dict[str, r.RunRow] = {}
        self.reads: dict[str, r.RunRead] = {}
        self.compared: list[str] = []
        self.loading = False
        self.deleted: r.RunRow | None = None
        """The run that was deleted last and can be brought back with `undo`."""
        self._found: dict[str, r.RunRow] = {}
        self._news: dict[str, r.RunRow | None] = {}
        """What became of runs while the list is read, None for a deleted one; the list may have read them before."""
        self._asked: set[str] = set()

    # ------------------------------------------------------------ what is asked

    def refresh(self) -> None:
        """Read the list anew; what is known stays until the new list is complete."""
        if not self.loading:
            self._news = {}
        self.loading, self._found = True, {}
        self._inference.send(r.ListRuns(str(paths.runs_dir())))
        self.changed.emit()

    def read(self, key: str) -> None:
        """Have what a run holds read, unless it is known."""
        if key in self.rows and key not in self.reads and key not in self._asked:
            self._asked.add(key)
            self._inference.send(r.ReadRun(key))

    def forget(self, key: str) -> None:
        """It has changed on the disk: what was read of it no longer holds."""
        self.reads.pop(key, None)
        self._asked.discard(key)

    def compare(self, key: str, on: bool) -> None:
        """Lay a run's curves over the others', or take them away; beyond the most that can be, it says so."""
        if on == (key in self.compared):
            return
        if on and len(self.compared) == MOST_COMPARED:
            self.refused.emit(f"{MOST_COMPARED} runs are compared already.", "Take one away first.")
            return
        if on:
            self.compared.append(key)
            self.read(key)
        else:
            self.compared.remove(key)
        self.compared_changed.emit()

    def rename(self, key: str, title: str) -> None:
        """Give a run a title; "" for its folder's name."""
        self._inference.send(r.DescribeRun(key, title=title))

    def note(self, key: str, note: str) -> None:
        """Write a note down."""
        self._inference.send(r.DescribeRun(key, note=note))

    def delete(self, key: str) -> None:
        """Take a run out of the list; `undo` brings it back."""
        self._inference.send(r.DeleteRun(key))

    def undo(self) -> None:
        """Bring the run back that was deleted last."""
        if self.deleted is not None:
            self._inference.send(r.RestoreRun(self.deleted.key))

    def export(self, key: str, what: Literal["csv", "model", "zip"], path: str) -> None:
        """Write its metrics ("csv"), its network ("model") or all of it ("zip") to a file."""
        self._inference.send(r.ExportRun(key, what, path))

    def import_zip(self, path: str) -> None:
        """Put a zipped run among the others."""
        self._inference.send(r.ImportRun(path, str(paths.runs_dir())))

    def name(self, key: str) -> str:
        """What people call a run."""
        row = self.rows.get(key)
        return Path(key).name if row is None else run_words.title(row)

    # ------------------------------------------------------------ what is answered

    def take(self, event: m.Event) -> bool:
        """Take over what the worker says of kept runs; whether it was of them."""
        match event:
            case r.RunList():
                self._listed(event)
            case r.RunRead():
                self._asked.discard(event.key)
                self.reads[event.key] = event
                self.compared_changed.emit()
            case r.RunListed():
                self._row_came(event.row)
            case r.RunImported():
                self._row_came(event.row)
                self.done.emit(f"“{run_words.title(event.row)}” is among the runs now.")
            case r.RunDeleted():
                self._left(event.key)
            case r.RunExported():
                self.done.emit(f"Saved as {Path(event.path).name}.")
            case m.Failed() if event.command in COMMANDS:
                self._asked.discard(event.key)
                self.loading = self.loading and event.command != r.ListRuns.__name__
                self.refused.emit(event.what, event.remedy)
            case m.Crashed() if event.command in COMMANDS:
                self.worker_gone()
                self.refused.emit("The list of runs met an unexpected error.", "Look into the log, and list them anew.")
            case _:
                return False
        return True

    def worker_gone(self) -> None:
        """Nothing is on its way any more."""
        self.loading = False
        self._asked.clear()
        self.changed.emit()

    def _listed(self, event: r.RunList) -> None:
        self._found |= {row.key: row for row in event.rows}
        known = {key: row for key, row in (self._found | self._news).items() if row is not None}
        if event.complete:
            self.loading, self.rows = False, known
            kept = [key for key in self.compared if key in self.rows]
            if kept != self.compared:
                self.compared = kept
                self.compared_changed.emit()
        elif not self.rows.keys() - known.keys():
            self.rows = known  # the first list grows as it is read
        self.changed.emit()

    def _row_came(self, row: r.RunRow) -> None:
        if self.deleted is not None and row.key == self.deleted.key:
            self.deleted = None
        self._news[row.key] = row
        self.rows = {row.key: row} | {key: old for key, old in self.rows.items() if key != row.key}
        self.changed.emit()
        self.compared_changed.emit()

    def _left(self, key: str) -> None:
        self._news[key] = None
        self.deleted = self.rows.pop(key, None)
        self.forget(key)
        if key in self.compared:
            self.compared.remove(key)
            self.compared_changed.emit()
        self.changed.emit()
