"""The chooser of networks: those that are offered, any that can be written by its name, and one's own from a file."""

from __future__ import annotations

from itertools import groupby

from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from app.run_words import model_title
from app.session import Notice, Session
from app.theme import GRID
from app.widgets.run_fields import RunFields
from engine.errors import FlipscopeError
from engine.training.models import NAMES, architecture, chosen
from engine.training.plan import ConvLayer, LayerPlan


def layers_line(model: str, layers: str) -> str:
    """A network's hidden layers in the paper's notation, e.g. "32C5/2 – 64C3 – MP2 – 64C3 – scores"."""
    try:
        hidden = architecture(model, layers).hidden
    except FlipscopeError as error:
        return f"⚠ {error}"
    return " – ".join([*run_lengths([layer_words(layer) for layer in hidden]), "scores"])


def run_lengths(words: list[str]) -> list[str]:
    """Successive equal words as one with their number: "3 × 512"."""
    groups = [(word, len(list(same))) for word, same in groupby(words)]
    return [word if count == 1 else f"{count} × {word}" for word, count in groups]


def layer_words(layer: LayerPlan) -> str:
    """One layer, e.g. "512", "64C3", "32C5/2 – MP2", "x + 96C3"."""
    if isinstance(layer, ConvLayer):
        stride = f"/{layer.stride}" if layer.stride > 1 else ""
        pool = "" if layer.pool is None else f" – MP{layer.pool.size}"
        word = f"{layer.outputs}C{layer.kernel}{stride}{pool}"
    else:
        word = str(layer.outputs)
    return f"x + {word}" if layer.shortcut else word


class ModelPicker(QWidget):
    """Names in a list; another name can be typed over it, and a .toml file brings a network of one's own."""

    def __init__(self, session: Session, fields: RunFields) -> None:
        super().__init__()
        self._session, self._fields = session, fields
        self.box = QComboBox()
        self.name = QLineEdit()
        self.box.setLineEdit(self.name)
        self.box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.box.setAccessibleName("Network")
        self.box.setToolTip("Networks that were tried; another one can be written or chosen from a file")
        self.name.setAccessibleName("Network by name")
        self.name.setToolTip("Kind, widths and how many, as in mlp-512x2 or cnn-32-64-64")
        for name in NAMES:
            self.box.addItem(model_title(name), name)
        self.box.activated.connect(lambda index: self._choose(self.box.itemData(index)))
        self.name.editingFinished.connect(self._typed)
        self.file = QPushButton("File…")
        self.file.setAccessibleName("Choose a network from a TOML file")
        self.file.setToolTip("A network of your own, as a short TOML file (docs/models.md)")
        self.file.clicked.connect(lambda _checked=False: self._ask_file())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID - 2)
        row.addWidget(self.box, 1)
        row.addWidget(self.file)

    def show_model(self, model: str) -> None:
        """Show a network by its name."""
        index = self.box.findData(model)
        self.box.setCurrentIndex(index)
        if index < 0 and not self.name.hasFocus():
            self.box.setEditText(model_title(model))

    def open_file(self, path: str) -> None:
        """Take the network of a .toml file; what is wrong with it is told on the page."""
        self._choose(path)

    def _choose(self, text: str) -> None:
        try:
            self._session.compose({"layers": ""} | chosen(text))
        except FlipscopeError as error:
            self._session.noticed.emit(Notice("learn", error.what, error.remedy))
            self._fields.refresh()

    def _typed(self) -> None:
        name = self.box.currentText().strip().replace("×", "x")
        if name and name != self._fields.values.model:
            self._choose(name)

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open a network", "", "Networks (*.toml)")
        if path:
            self.open_file(path)
