"""The Kernels page's tools: what to time, how, run or cancel, and what to take away."""

from __future__ import annotations

import os

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QPushButton, QSizePolicy

from app import as_command
from app.session import Session
from app.theme import GAP, GRID
from app.widgets.card import label, set_role
from app.widgets.copy_command import CopyCommand
from engine import messages as m
from engine.errors import BadInput
from engine.inference.operands import SWEEP, product_of

SIZES = (256, 512, 1024, 2048, 4096)
RAGGED = (1000, 777, 513)
NETS = ("784-512x2-10", "784-1024x3-10", "784-4096x3-10")
MAPS = ("128@32x32", "256@16x16", "512@8x8")
BATCHES = (1, 16, 100, 1000)
CUSTOM = "custom"
BATCHED: dict[str, type[m.BenchNet | m.BenchConv]] = {"net": m.BenchNet, "conv": m.BenchConv}
"""What takes a batch."""


class KernelBar(QFrame):
    """Builds the command and starts it through the session. `copy_asked` and `save_asked` are for the page."""

    copy_asked = Signal()
    save_asked = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("bar")
        self._session = session
        self.shown: m.Bench | None = None  # whose figures are on the page
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, GRID, GAP, GRID)
        row.setSpacing(GRID)
        self.run = _button("Run", "Time every backend and float peer")
        self.run.setProperty("primary", True)
        self.run.setMinimumWidth(76)
        self.shape = self._shape_picker()
        self.custom = QLineEdit("1000, 777, 513")
        self.custom.setAccessibleName("Sizes M, N, K of a custom product")
        self.custom.setToolTip("M, N, K")
        self.custom.setFixedWidth(130)
        self.batch = _picker("Batch", [(f"batch {n:,}", n) for n in BATCHES])
        self.batch.setCurrentIndex(2)
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self.threads = _picker("Threads", [(f"{n} thread{'s' * (n > 1)}", n) for n in range(1, cores + 1)])
        self.state = label("", "muted")
        self.state.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.copy = _button("Copy CSV", "Copy every measured row as CSV")
        self.save = _button("Save picture…", "Save picture…")
        for part in (self.run, self.shape, self.custom, self.batch, self.threads):
            row.addWidget(part)
        row.addWidget(self.state, 1)
        row.addWidget(CopyCommand("this benchmark", lambda: as_command.of_bench(self.shown or self.command())))
        row.addWidget(self.copy)
        row.addWidget(self.save)
        self._connect()
        self.refresh()

    def command(self) -> m.Bench:
        """What Run would start. Raises BadInput for a custom shape that is none."""
        kind, what = self.shape.currentData()
        threads = int(self.threads.currentData())
        if kind in BATCHED:
            return BATCHED[kind](((what, int(self.batch.currentData())),), threads)
        if kind == "sweep":
            return m.BenchGemm(SWEEP, threads, quick=True)
        return m.BenchGemm((product_of(self.custom.text()) if kind == CUSTOM else what,), threads)

    def refresh(self) -> None:
        """Show what applies now: the entry of sizes, the batch, whether Run can run, what is going on."""
        kind = self.shape.currentData()[0]
        jobs = self._session.jobs
        benching = isinstance(jobs.command, m.Bench)
        self.custom.setVisible(kind == CUSTOM)
        self.batch.setVisible(kind in BATCHED)
        self.run.setText("Cancel" if benching else "Run")
        self.run.setAccessibleName("Cancel the benchmark" if benching else "Time every backend and float peer")
        set_role(self.state, "muted")
        try:
            self.command()
        except BadInput as error:
            self.run.setEnabled(benching)
            set_role(self.state, "warning")
            self._say(f"✗ {error}")
            return
        busy = "" if benching else jobs.busy
        self.run.setEnabled(not busy)
        if not benching:
            self._say(busy)

    def show_progress(self, event: m.Progress) -> None:
        """Say what is being timed, how far it is, and that training rests where it does."""
        share = "" if event.share is None else f", {event.share:.0%}"
        rest = " · training is paused while timing" if self._session.run.state == "paused" else ""
        self._say(f"{event.doing}{share}{rest}")

    def _say(self, text: str) -> None:
        """What does not fit is in the tip."""
        self.state.setText(text)
        self.state.setToolTip(text)

    def _shape_picker(self) -> QComboBox:
        items: list[tuple[str, object]] = [(f"GEMM {n}³", ("gemm", (n, n, n))) for n in SIZES]
        items.append((f"GEMM {'×'.join(map(str, RAGGED))}", ("gemm", RAGGED)))
        items.append(("GEMM M, N, K…", (CUSTOM, None)))
        items.append((f"GEMM sweep, {len(SWEEP)} shapes", ("sweep", None)))
        items += [(f"net {name}", ("net", name)) for name in NETS]
        items += [(f"conv {name.replace('x', '×')}", ("conv", name)) for name in MAPS]
        picker = _picker("What to time", items)
        picker.setCurrentIndex(2)
        return picker

    def _connect(self) -> None:
        self.run.clicked.connect(self._run_or_cancel)
        for picker in (self.shape, self.batch, self.threads):
            picker.currentIndexChanged.connect(self.refresh)
        self.custom.textChanged.connect(self.refresh)
        self.custom.returnPressed.connect(self.run.click)
        self.copy.clicked.connect(self.copy_asked)
        self.save.clicked.connect(self.save_asked)
        self._session.jobs.changed.connect(self.refresh)

    def _run_or_cancel(self) -> None:
        jobs = self._session.jobs
        if isinstance(jobs.command, m.Bench):
            jobs.cancel()
        else:
            jobs.start(self.command(), "kernels", "The benchmark")
            rest = "Training is paused while timing" if self._session.run.state == "paused" else "Starting"
            self._say(rest)


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button


def _picker(name: str, items: list[tuple[str, object]]) -> QComboBox:
    picker = QComboBox()
    picker.setAccessibleName(name)
    picker.setToolTip(name)
    for text, data in items:
        picker.addItem(text, data)
    return picker
