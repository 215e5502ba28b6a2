"""What the faults lab breaks, beside what, and how: its choices, as a request."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from app.models_list import shipped
from app.session import Session
from app.theme import GRID
from app.widgets.card import label
from app.widgets.pickers import fill, picker
from engine.errors import BadInput
from engine.faults.cells import KINDS, Failures, Kind
from engine.labs.faults import DRAWS, RunFaults

KIND_NAMES: dict[Kind, str] = {
    "write": "written wrong, once",
    "read": "read wrong, anew each batch",
    "image": "read wrong, anew each image",
    "stuck": "stuck at 0 or 1",
}
DIRECTIONS: dict[str, tuple[float, float]] = {
    "both ways alike": (1.0, 1.0),
    "0 → 1 only": (1.0, 0.0),
    "1 → 0 only": (0.0, 1.0),
    "0 → 1 twice as often": (1.0, 0.5),
    "1 → 0 twice as often": (0.5, 1.0),
}
MOST_DRAWS = 200


class FaultOptions(QWidget):
    """`changed` is emitted with every choice."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.network = picker("Network")
        self.hardened = picker("Network trained with faults")
        self.twin = picker("Float twin")
        self.kind = picker("How cells fail")
        for kind, name in KIND_NAMES.items():
            self.kind.addItem(name, kind)
            self.kind.setItemData(self.kind.count() - 1, KINDS[kind].capitalize(), 3)
        self.direction = picker("In which direction")
        for name, shares in DIRECTIONS.items():
            self.direction.addItem(name, shares)
        self.draws = QSpinBox()
        self.draws.setRange(1, MOST_DRAWS)
        self.draws.setValue(DRAWS)
        self.draws.setAccessibleName("Draws at each rate")
        self.thresholds = QCheckBox("thresholds fail too")
        self.thresholds.setAccessibleName("Thresholds fail too")
        self.thresholds.setToolTip("As 32-bit words; the paper keeps them safe")
        self._lay_out()
        for one in (self.network, self.hardened, self.twin, self.kind, self.direction):
            one.currentIndexChanged.connect(self.changed)
        self.draws.valueChanged.connect(self.changed)
        self.thresholds.toggled.connect(self.changed)
        session.models_changed.connect(self.refresh_models)
        self.refresh_models()

    def request(self) -> RunFaults:
        """What these choices ask for. Raises BadInput."""
        if not self.network.currentData():
            raise BadInput("There is no binarized network to break.", "Open or train one.")
        failures = Failures(self.kind.currentData(), *self.direction.currentData())
        return RunFaults(
            self.network.currentData(),
            self.twin.currentData(),
            self.hardened.currentData(),
            draws=self.draws.value(),
            failures=failures,
            thresholds=self.thresholds.isChecked(),
        )

    def refresh_models(self) -> None:
        """List the models anew; what was chosen stays where it is still there."""
        known = {choice.path: choice.title for choice in self._session.models if choice.path}
        forms = {info.key: info.form for info in self._session.infos.values()}
        packed = {path: title for path, title in known.items() if forms.get(path, "packed") == "packed"}
        floats = {path: title for path, title in known.items() if forms.get(path) == "float"}
        twins = {path: Path(path).stem for path in shipped("-float")} | floats
        fill(self.network, packed, "")
        fill(self.hardened, {"": "none"} | packed, next(iter(shipped("-hardened")), ""))
        fill(self.twin, {"": "none"} | twins, next(iter(shipped("-float")), ""))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        for parts in (
            (("network", self.network), ("trained with faults", self.hardened), ("float twin", self.twin)),
            (("bits are", self.kind), ("", self.direction), ("draws", self.draws), ("", self.thresholds)),
        ):
            row = QHBoxLayout()
            row.setSpacing(GRID)
            for name, part in parts:
                if name:
                    row.addWidget(label(name, "muted"))
                row.addWidget(part)
            row.addStretch(1)
            column.addLayout(row)
