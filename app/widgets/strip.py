"""The Float | XNOR strip: one network scored both ways at once, proved equal; beside it the ordinary float twin."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.figures import duration
from app.session import TRAINING, TWIN, Session
from app.theme import GAP, GRID, mono, theme, tokens
from app.why import explain
from app.widgets.card import label, set_role
from app.widgets.live_label import FittingLabel
from engine import messages as m

WAITING = "–"
PICKER_HEIGHT = 30
TWIN_TIP = "Another network, trained without binarization: what the bits cost in accuracy"


class Side(QFrame):
    """One way of scoring: its name, backend and device, accuracy, time an image, memory of the weights."""

    def __init__(self, title: str, token: str) -> None:
        super().__init__()
        self._token, self._active = token, False
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 0, 0, 0)
        grid.setHorizontalSpacing(GRID + 4)
        grid.setVerticalSpacing(0)
        grid.setRowMinimumHeight(0, PICKER_HEIGHT)  # with and without a picker the figures stand on one line
        self.title = label(title, "title")
        self.where = FittingLabel("muted")
        self.accuracy = label(WAITING, figures=True)
        self.figures = FittingLabel("muted", figures=True)
        self._top = QHBoxLayout()
        self._top.setSpacing(GRID)
        self._top.addWidget(self.title)
        self._top.addWidget(self.where, 1)
        grid.addLayout(self._top, 0, 0, 1, 2)
        grid.addWidget(self.accuracy, 1, 0)
        grid.addWidget(self.figures, 1, 1)
        grid.setColumnStretch(1, 1)
        theme().changed.connect(self._recolor)
        self._recolor()

    def add_picker(self, picker: QWidget) -> None:
        """Put a control in place of the backend's name."""
        self._top.insertWidget(1, picker)

    def show_score(self, row: m.BackendScore | None, images: int, weight_bytes: int, *, name: bool = True) -> None:
        """Show a score over so many images; None for what is not known yet. name: write the backend's name too."""
        if row is None:
            self.accuracy.setText(WAITING)
            self.figures.say("")
            self.where.say("")
            return
        self.accuracy.setText(f"{100 * row.accuracy:.2f} %")
        right = f"{round(row.accuracy * images):,} of {images:,} test images right"
        self.accuracy.setToolTip(f"{right}; {row.seconds:.4g} s for all of them, by {row.backend} on {row.device}")
        time = duration(row.seconds / max(1, images))
        self.figures.say(f"{time}/image · {size(weight_bytes)}", f"{time} · {size(weight_bytes)}", time)
        self.where.say(f"{row.backend} · {row.device}" if name else row.device)

    def set_active(self, active: bool) -> None:
        """Mark this side as the one that evaluates."""
        self._active = active
        self.title.setAccessibleDescription("evaluates now" if active else "")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        color = tokens().color(self._token) if self._active else tokens().color("line")
        painter.fillRect(0, 1, 4 if self._active else 2, self.height() - 2, color)

    def _recolor(self) -> None:
        font = mono(13.0)
        font.setBold(True)
        self.accuracy.setFont(font)
        self.accuracy.setStyleSheet(f"color: {getattr(tokens(), self._token)};")
        self.update()


class Strip(QFrame):
    """Listens to the session. Every figure is of an evaluation that really ran; without one it says what will come."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setObjectName("card")
        self.setAccessibleName("Float and XNOR side by side")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 14, 6)
        row.setSpacing(GAP)
        self.float_side = Side("Float", "float_")
        self.xnor_side = Side("XNOR", "xnor")
        self.twin_side = Side("Float twin", "twin")
        self.twin_side.setToolTip(TWIN_TIP)
        self.backend = QComboBox()
        self.backend.setAccessibleName("Backend that XNOR means")
        self.backend.setToolTip("Which backend XNOR means; those that cannot run here say why in the list")
        self.backend.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.backend.setMinimumWidth(120)
        self.backend.activated.connect(lambda _: session.set_backend(self.backend.currentData()))
        self.xnor_side.add_picker(self.backend)
        self.verdict = FittingLabel("muted")
        self.detail = FittingLabel("muted")
        proof = QVBoxLayout()
        proof.setSpacing(0)
        proof.addWidget(self.verdict)
        proof.addWidget(self.detail)
        row.addWidget(self.float_side, 5)
        row.addWidget(self.xnor_side, 6)
        row.addLayout(proof, 6)
        row.addWidget(self.twin_side, 5)
        session.evaluation_changed.connect(lambda _key: self.refresh())
        for signal in (session.mode_changed, session.backends_changed, session.models_changed, session.model_changed):
            signal.connect(self.refresh)
        session.run_changed.connect(self.refresh)
        explain(
            self,
            "The same network scored twice, in float32 and in packed bits, and whether they agree to the last bit. The "
            "float twin at the right is another network, trained without binarization.",
            "Accuracy in % over the whole test set; time is that of all images over their number, in the inference "
            "worker; bytes are of the weights alone.",
            "xnor",
        )
        self.refresh()

    def refresh(self) -> None:
        """Show what the session knows now."""
        session = self._session
        self._refresh_picker()
        self.float_side.set_active(session.mode == "float")
        self.xnor_side.set_active(session.mode == "xnor")
        evaluation = session.evaluations.get(session.strip_key)
        rows = {row.kind: row for row in evaluation.rows} if evaluation else {}
        images = evaluation.images if evaluation else 0
        self.float_side.show_score(rows.get("float"), images, evaluation.float_bytes if evaluation else 0)
        self.xnor_side.show_score(rows.get("xnor"), images, evaluation.weight_bytes if evaluation else 0, name=False)
        self._refresh_verdict(evaluation, rows.get("xnor"))
        self._refresh_twin()

    def _refresh_picker(self) -> None:
        """Say of each backend what holds now, in its place: the list may be open under a person's hand."""
        chosen = self._session.xnor_backend
        infos = [info for info in self._session.backends if info.kind == "xnor"]
        names = [info.name for info in infos]
        with QSignalBlocker(self.backend):
            if [self.backend.itemData(index) for index in range(self.backend.count())] != names:
                self.backend.clear()
                for name in names:
                    self.backend.addItem(name, name)
            for index, info in enumerate(infos):
                self.backend.setItemText(index, info.name if info.ready else f"{info.name} ✕")
                tip = info.device if info.ready else f"{info.reason} {info.remedy}".strip()
                self.backend.setItemData(index, tip, Qt.ItemDataRole.ToolTipRole)
                self._set_enabled(index, info.ready)
            self.backend.setCurrentIndex(0 if chosen is None else self.backend.findData(chosen.name))
        self.backend.setEnabled(self.backend.count() > 0)

    def _set_enabled(self, index: int, enabled: bool) -> None:
        model = self.backend.model()
        if isinstance(model, QStandardItemModel):
            model.item(index).setEnabled(enabled)

    def _refresh_verdict(self, evaluation: m.Evaluation | None, row: m.BackendScore | None) -> None:
        subject = self._subject()
        if evaluation is None:
            set_role(self.verdict, "muted")
            self.verdict.say("Both score the test set, then agree or not", "Both score the test set")
            self.detail.say(f"{subject}: waiting for the first evaluation", "waiting for the first evaluation")
            return
        if row is None:
            set_role(self.verdict, "muted")
            self.verdict.say("A float network has no packed form")
            self.detail.say(subject)
            return
        n = evaluation.images
        equal = row.identical_predictions == n
        set_role(self.verdict, "good" if equal else "warning")
        sign = "✓" if equal else "✗"
        count = f"{sign} {row.identical_predictions:,} of {n:,}"
        self.verdict.say(f"{count} predictions identical", f"{count} identical", count)
        scores = "every" if row.identical_scores == n else f"only {row.identical_scores:,} of the"
        whose = "in training" if self._session.strip_key == TRAINING else "model in use"
        smaller = evaluation.float_bytes / max(1, evaluation.weight_bytes)
        proof = f"{whose}: {scores} score bit for bit"
        self.detail.say(f"{proof} · {smaller:.0f}× smaller", proof, f"{scores} score bit for bit")
        self.verdict.setToolTip(f"{subject}: {n:,} test images, in batches of {evaluation.batch:,}")
        self.setAccessibleDescription(f"{subject}: {self.verdict.whole}, {self.detail.whole}.")

    def _refresh_twin(self) -> None:
        evaluation = self._session.evaluations.get(TWIN)
        row = evaluation.rows[0] if evaluation and evaluation.rows else None
        info, subject = self._session.infos.get(TWIN), self._session.infos.get(self._session.strip_key)
        if info and subject and info.dataset != subject.dataset:
            self.twin_side.show_score(None, 0, 0)
            self.twin_side.where.say("none of this data set", "none")
            self.twin_side.setToolTip(f"{TWIN_TIP}\nThe one that is here is of {info.dataset}: nothing to compare with")
            return
        images, octets = (evaluation.images, evaluation.weight_bytes) if evaluation else (0, 0)
        self.twin_side.show_score(row, images, octets)
        self.twin_side.where.say("another network, not 1-bit", "not 1-bit")
        if info and row:
            self.twin_side.setToolTip(f"{TWIN_TIP}\n{info.name}, by {row.backend} on {row.device}")

    def _subject(self) -> str:
        key = self._session.strip_key
        if key == TRAINING:
            return "the network in training"
        info = self._session.infos.get(key)
        return info.name if info else "the model in use"


def size(octets: int) -> str:
    """Bytes for people, in decimal units: "84 kB", "2.68 MB"."""
    if octets >= 1_000_000:
        return f"{octets / 1e6:.3g} MB"
    return f"{octets / 1e3:.3g} kB" if octets >= 1000 else f"{octets} B"
