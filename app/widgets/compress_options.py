"""Which layer the tensor train lab compresses, and how it is split: its choices, as a request."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QLineEdit

from app.models_list import TWIN, shipped
from app.session import Session
from app.widgets.lab_options import LabOptions, spin
from app.widgets.pickers import fill, picker
from app.widgets.step_slider import StepSlider
from engine.errors import BadInput, FlipscopeError
from engine.messages import ModelInfo
from engine.tensortrain import paper
from engine.tensortrain.messages import EPOCHS, STOPS, RunCompress, RunDigits
from engine.tensortrain.modes import Modes, dotted, parsed, suggested

LAYER, DIGITS = "layer", "digits"
CORES = (2, 3, 4, 5, 6, 8)
MOST_EPOCHS = 50
LARGEST = 0
"""In place of a layer's number."""

Size = tuple[int, int]


class CompressOptions(LabOptions):
    """The choices of RunCompress and RunDigits. Sizes of a layer are known once its model is loaded."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._suited: tuple[str, tuple[Size, ...]] | None = None  # the subject and its layers that were suggested for
        self.what = picker("What to run")
        self.what.addItem("take one layer apart", LAYER)
        self.what.addItem("train on digits: bits, accuracy", DIGITS)
        self.subject, self.layer = picker("Network, or a shape"), picker("Layer")
        self.layer.setMinimumContentsLength(11)
        self.epochs = spin("Epochs of training or fine-tuning", 0, MOST_EPOCHS, 1)
        self.cores = StepSlider("Cores", CORES, 4)
        self.rank = StepSlider("Rank of every bond", STOPS, 8)
        self.outputs, self.inputs = _factors("Factors of the outputs"), _factors("Factors of the inputs")
        self.add_rows(
            (("", self.what), ("layer of", self.subject), ("", self.layer), ("epochs", self.epochs)),
            (("cores", self.cores), ("rank", self.rank), ("outputs", self.outputs), ("inputs", self.inputs)),
        )
        self.what.currentIndexChanged.connect(self._what_changed)
        self.subject.currentIndexChanged.connect(self._subject_changed)
        for moved in (self.layer.currentIndexChanged, self.cores.moved):
            moved.connect(self._suggest)
        self.refresh_models()

    def request(self) -> RunCompress | RunDigits:
        """What these choices ask for. Raises BadInput."""
        if self.what.currentData() == DIGITS:
            return RunDigits(modes=self.modes(), epochs=self.epochs.value())
        named = self.named
        if named is None and not self.subject.currentData():
            raise BadInput("There is no network to compress.", "Open or train one.")
        return RunCompress(
            "" if named else self.source(self.subject),
            self.layer.currentData() or None,
            named.outputs if named else 0,
            named.inputs if named else 0,
            self.modes() if self.layer_size else None,
            self.cores.value,
            (self.rank.value,),
            epochs=self.epochs.value(),
        )

    def modes(self) -> Modes:
        """As they are written. Raises BadInput."""
        made = Modes(parsed(self.outputs.text()), parsed(self.inputs.text()))
        if self.layer_size is not None:
            made.check_fit(*self.layer_size)
        return made

    @property
    def named(self) -> paper.Named | None:
        """The shape without weights that is chosen."""
        return paper.NAMED.get(self.subject.currentData())

    @property
    def layer_size(self) -> Size | None:
        """Outputs and inputs of the chosen layer, where they are known."""
        if (named := self.named) is not None:
            return named.outputs, named.inputs
        if not (layers := self._layers()):
            return None
        number = self.layer.currentData() or LARGEST
        return layers[number - 1] if number else max(layers, key=lambda size: size[0] * size[1])

    @property
    def info(self) -> ModelInfo | None:
        """What is known of the chosen model."""
        path = self.subject.currentData()
        return self.session.infos.get(TWIN if path in shipped("-float")[:1] else path)

    def refresh_models(self) -> None:
        """List the models anew, float ones first; what was chosen stays where it is still there, and suits."""
        floats = {path: Path(path).stem for path in shipped("-float")} | self.models("float")
        shapes = {key: f"{named.title}, {named.inputs:,} × {named.outputs:,}" for key, named in paper.NAMED.items()}
        fill(self.subject, floats | self.models("packed") | shapes, "")
        if self._suited != self._subject():
            self._subject_changed()

    def _subject(self) -> tuple[str, tuple[Size, ...]]:
        return self.subject.currentData(), self._layers()

    def _layers(self) -> tuple[Size, ...]:
        return () if self.info is None else self.info.layers

    def _what_changed(self) -> None:
        digits = self.what.currentData() == DIGITS
        if digits:
            self.subject.setCurrentIndex(self.subject.findData("mnist-1024"))
        self.epochs.setValue(EPOCHS if digits else 1)
        for one in (self.subject, self.rank):
            one.setEnabled(not digits)
        self._subject_changed()

    def _subject_changed(self) -> None:
        self._suited = self._subject()
        sizes = self._layers() if self.named is None else ()
        titles = {str(n): f"{n}: {inputs:,} × {outputs:,}" for n, (outputs, inputs) in enumerate(sizes, 1)}
        chosen = self.layer.currentData() or LARGEST
        self.layer.blockSignals(True)
        self.layer.clear()
        self.layer.addItem("its largest", LARGEST)
        for number, title in titles.items():
            self.layer.addItem(title, int(number))
        self.layer.setCurrentIndex(chosen if chosen < self.layer.count() else LARGEST)
        self.layer.blockSignals(False)
        self.layer.setEnabled(bool(sizes))
        self.layer.setVisible(self.named is None)
        named = self.named
        if named is not None and named.modes[0].cores in CORES:
            self.cores.set_value(named.modes[0].cores)
        self._suggest()

    def _suggest(self) -> None:
        """Write factors that suit: the paper's where it has some of as many cores, else even ones."""
        if (size := self.layer_size) is None:
            self.outputs.clear()
            self.inputs.clear()
            return
        known = () if self.named is None else self.named.modes
        try:
            made = next((m for m in known if m.cores == self.cores.value), None) or suggested(*size, self.cores.value)
        except FlipscopeError:
            return
        self.outputs.setText(dotted(made.outputs))
        self.inputs.setText(dotted(made.inputs))


def _factors(name: str) -> QLineEdit:
    made = QLineEdit()
    made.setAccessibleName(name)
    made.setToolTip(f"{name}, e.g. 4·8·8·4; the first is the most significant")
    made.setPlaceholderText("known after Run")
    made.setMinimumWidth(104)
    return made
