"""What the faults lab breaks, beside what, and how: its choices, as a request."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QCheckBox

from app.models_list import shipped
from app.session import Session
from app.widgets.lab_options import LabOptions, spin
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


class FaultOptions(LabOptions):
    """The choices of RunFaults."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
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
        self.draws = spin("Draws at each rate", 1, MOST_DRAWS, DRAWS)
        self.thresholds = QCheckBox("thresholds fail too")
        self.thresholds.setAccessibleName("Thresholds fail too")
        self.thresholds.setToolTip("As 32-bit words; the paper keeps them safe")
        self.add_rows(
            (("network", self.network), ("trained with faults", self.hardened), ("float twin", self.twin)),
            (("bits are", self.kind), ("", self.direction), ("draws", self.draws), ("", self.thresholds)),
        )
        self.refresh_models()

    def request(self) -> RunFaults:
        """What these choices ask for. Raises BadInput."""
        if not self.network.currentData():
            raise BadInput("There is no binarized network to break.", "Open or train one.")
        failures = Failures(self.kind.currentData(), *self.direction.currentData())
        return RunFaults(
            self.source(self.network),
            self.source(self.twin),
            self.source(self.hardened),
            draws=self.draws.value(),
            failures=failures,
            thresholds=self.thresholds.isChecked(),
        )

    @staticmethod
    def _paired() -> str:
        """The shipped network that has a float twin, or ""."""
        return next(iter(shipped("-float")), "").replace("-float.", ".")

    def refresh_models(self) -> None:
        """List the models anew; what was chosen stays where it is still there."""
        packed = self.models("packed")
        twins = {path: Path(path).stem for path in shipped("-float")} | self.models("float")
        fill(self.network, packed, self._paired())
        fill(self.hardened, {"": "none"} | packed, next(iter(shipped("-hardened")), ""))
        fill(self.twin, {"": "none"} | twins, next(iter(shipped("-float")), ""))
