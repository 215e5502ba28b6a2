"""What the verification lab asks about which network: its choices, as a request."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QFileDialog, QPushButton

from app.session import Session
from app.widgets.lab_options import LabOptions, spin
from app.widgets.pickers import fill, picker
from engine.errors import BadInput
from engine.labs.verify import ENGINES, RunVerify

ENGINE_NAMES = {"auto": "chosen to suit", "enumerate": "enumeration", "bdd": "diagrams (BDD)", "sat": "SAT"}
TEST_DIGIT, CANVAS = "test", "canvas"
DESCRIBED = (".toml", ".npz")
"""The files that describe a network (engine.verify.described)."""
MOST_INDEX, MOST_RADIUS, MOST_SWEEP = 9999, 20, 1000


class VerifyOptions(LabOptions):
    """The choices of RunVerify."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.network, self.other = picker("Network"), picker("Network to compare it with")
        self.about, self.engine = picker("Which digit"), picker("Engine")
        self._imported: dict[str, str] = {}  # titles of described networks by their files
        self.file = QPushButton("Import…")
        self.file.setAccessibleName("Import a described network")
        self.file.setToolTip("A binarized network of other making, as TOML or npz (docs/verification.md)")
        self.file.clicked.connect(lambda _checked=False: self._ask_file())
        self.about.addItem("test digit", TEST_DIGIT)
        self.about.addItem("the digit on the canvas", CANVAS)
        for name, words in ENGINE_NAMES.items():
            self.engine.addItem(words, name)
            self.engine.setItemData(self.engine.count() - 1, ENGINES[name].capitalize(), 3)
        self.index = spin("Test digit by number", 0, MOST_INDEX, 3)
        self.radius = spin("Bits that may change", 0, MOST_RADIUS, 2)
        self.sweep = spin("Test digits of the sweep", 0, MOST_SWEEP, 100)
        self.sweep.setSpecialValueText("none")
        self.explain = QCheckBox("what forces the class")
        self.explain.setToolTip(
            "Bits that, kept as they are, force the class wherever the others change within the radius"
        )
        self.add_rows(
            (
                ("network", self.network),
                ("", self.file),
                ("", self.about),
                ("", self.index),
                ("changed bits", self.radius),
            ),
            (("engine", self.engine), ("", self.explain), ("sweep of", self.sweep), ("beside", self.other)),
        )
        self.about.currentIndexChanged.connect(self._about_changed)
        self.refresh_models()

    def request(self) -> RunVerify:
        """What these choices ask for. Raises BadInput."""
        if not self.network.currentData():
            raise BadInput("There is no network to verify.", "Train one by a verify recipe, or open one.")
        drawn = self.about.currentData() == CANVAS
        if drawn and self.session.seen is None:
            raise BadInput("Nothing is on the canvas.", "Draw a digit on the Draw page.")
        described = self.network.currentData() if self.network.currentData() in self._imported else ""
        return RunVerify(
            "" if described else self.source(self.network),
            self.radius.value(),
            imported=described,
            index=None if drawn else self.index.value(),
            image=self.session.seen if drawn else None,
            engine=self.engine.currentData(),
            explain=self.explain.isChecked(),
            sweep=self.sweep.value(),
            other=self.source(self.other) if self.sweep.value() else "",
        )

    def import_network(self, path: str) -> None:
        """List a description of a network and choose it; what is wrong with it is told when it is run."""
        self._imported[path] = f"{Path(path).name}, imported"
        self.refresh_models()
        self.network.setCurrentIndex(self.network.findData(path))

    def refresh_models(self) -> None:
        """List the models anew, those made for verification first; what was chosen stays where it is still there."""
        packed = self.models("packed")
        made_for_it = sorted(path for path, title in packed.items() if title.startswith("verify-"))
        listed = {path: packed[path] for path in [*made_for_it, *packed]}
        fill(self.network, listed | self._imported, next(reversed(made_for_it), ""))
        fill(self.other, {"": "none"} | listed, next(iter(made_for_it), ""))

    def _ask_file(self) -> None:
        kinds = " ".join(f"*{suffix}" for suffix in DESCRIBED)
        path, _ = QFileDialog.getOpenFileName(self, "Import a network", "", f"Described networks ({kinds})")
        if path:
            self.import_network(path)

    def _about_changed(self) -> None:
        self.index.setEnabled(self.about.currentData() == TEST_DIGIT)
