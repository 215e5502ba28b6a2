"""The panel of the tensor train lab: one layer in three forms, its spectrum, and digits by bits and accuracy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import numpy as np
from PySide6.QtWidgets import QStackedWidget, QWidget

from app.labs import About, LabPanel, csv
from app.theme import Tokens
from app.widgets.card import Card
from app.widgets.compress_options import CompressOptions
from app.widgets.core_diagram import CoreDiagram
from app.widgets.figure_table import FigureTable
from app.widgets.forms_table import FormsTable, Found, counted
from app.widgets.lab_cards import card, stack
from app.widgets.plot import Axis, Paint, Plot
from engine import messages as m
from engine.errors import FlipscopeError
from engine.tensortrain.decompose import limits
from engine.tensortrain.messages import Errors, Form, Layer, Point, RunCompress, RunDigits, Spectrum, Timing
from engine.tensortrain.paper import MNIST, ROWS, parameters

FAMILY_NAMES: dict[str, tuple[str, Paint]] = {
    "dense": ("dense", lambda t: t.float_),
    "tensor-train": ("TT", lambda t: t.flip_word),
    "low-rank": ("low-rank", lambda t: t.twin),
    "hashed": ("hashed", lambda t: t.muted),
    "bnn": ("BNN", lambda t: t.text),
    "bnn-tensor-train": ("BNN+TT", lambda t: t.xnor),
}

SEEN = {
    "train": (
        "The matrix as a chain of small cores: each holds one factor of the outputs, above, and one of the inputs, "
        "below. A bond is as thick as its rank, through which all that its two sides know of each other must pass.",
        "Parameters of each core: outputs times inputs times both ranks, counted.",
    ),
    "forms": (
        "The same layer as a matrix, as a tensor train and as a product of two matrices with about as many parameters. "
        "What is smaller is not always faster: a slower form says how many times.",
        "Parameters, bytes and errors are counted or measured in float32; times are medians of seven turns on one "
        "thread, accuracies are over the whole test set.",
    ),
    "spectrum": (
        "How much of the matrix each further rank of a bond holds, largest first. Where a line falls steeply a small "
        "rank keeps nearly all; where it is level, as of weights that training left random, every cut loses much.",
        "Singular values of the unfolding at each bond over the Frobenius norm of the matrix, both axes logarithmic; "
        "the dashed line is the rank that is chosen.",
    ),
    "paper": (
        "What the paper's tables say of parameters, computed from its shapes and ranks alone. The first column is the "
        "layers that are replaced, the others the whole networks.",
        "Times fewer parameters; TT is a tensor train of the rank behind it, MR a matrix of that rank.",
    ),
    "digits": (
        "Every point is the same network for digits with its hidden layer in another form, trained from nothing. Left "
        "is smaller and above is more accurate.",
        "Accuracy in % over MNIST's test set after the epochs that were chosen, one seed; bits of all that is stored "
        "of the network, batch-norm folded.",
    ),
}
"""What is seen in each card, and what its figures are."""


class CompressPanel(LabPanel):
    """See LabPanel."""

    name: ClassVar[str] = "compress"
    title: ClassVar[str] = "Tensor train"
    order: ClassVar[int] = 3
    about: ClassVar[About] = About(
        question="How small can a dense layer get?",
        method="Both sides of the matrix are split into factors, and its entries become products of small matrices, "
        "one a factor: a tensor train. TT-SVD cuts the singular values of the unfoldings at the rank; a product is "
        "contracted core by core and never makes the matrix. Beside it: a product of two matrices with as many "
        "parameters. Fine-tuning trains the new form, the rest of the network stays. On digits each point is a "
        "network of 1,024 hidden outputs, trained from nothing; BNNs take bits of the image and give signs.",
        limits="Bits that training has made at random hardly compress: spectra of a BNN are flat. A train of binary "
        "cores has whole numbers for weights, not ±1, so the packed network cannot hold it: it runs in float32, where "
        "its sums are exact up to rank 8. Small trains are slower than the matrix. MNIST is easy.",
        source="A. Novikov et al., Tensorizing Neural Networks, 2015, arXiv 1509.06569 (its abstract; what its tables "
        "say of parameters is counted again here). TT-SVD: I. Oseledets 2011. HashedNets: W. Chen et al. 2015.",
        claims=(
            "The matrix of a dense layer of VGG becomes up to 200,000 times smaller, and the whole network up to 7 "
            "times, at the expense of little accuracy.",
        ),
        lesson="train",
    )

    def parts(self) -> Iterator[None]:
        self._found = Found()
        self._spectra: dict[int, Spectrum] = {}
        self._points: list[Point] = []
        self.options = CompressOptions(self.session)
        yield
        self.diagram = CoreDiagram("Press Run: the size of this layer is in its file.")
        self.table = FormsTable()
        self.spectrum = _spectrum_plot()
        yield
        self.paper = _paper_table()
        self.digits = _digits_plot()
        yield
        self._lay_out()
        self.options.changed.connect(self._choices_changed)
        self._choices_changed()

    def request(self) -> RunCompress | RunDigits:
        return self.options.request()

    def begin(self, request: m.RunLab) -> None:
        if isinstance(request, RunDigits):
            self._points = []
            self.digits.clear_lines()
        else:
            self._found, self._spectra = Found(), {}
            self.spectrum.clear_lines()
        self.found.emit(self._in_words())
        self._refresh()

    def show_result(self, result: m.LabResult) -> None:
        found = self._found
        match result:
            case Layer():
                self._found = replace(found, layer=result)
            case Form():
                found.forms[result.form] = result
            case Timing(form, batch, seconds):
                found.times[form, batch] = seconds
            case Errors(ranks, errors):
                found.errors.update(zip(ranks.tolist(), errors.tolist(), strict=True))
            case Spectrum():
                self._add_spectrum(result)
            case Point():
                self._add_point(result)
        self.found.emit(self._in_words())
        self._refresh()

    def csv(self) -> str:
        rows = list[str]()
        for one in self._found.forms.values():
            said = f"{one.form},{'·'.join(map(str, one.ranks[1:-1]))},{one.parameters},{one.bits}"
            figures = (("relative error", one.error), ("decomposed", one.before), ("fine-tuned", one.after))
            rows += [f"{name},{said},{value:.6g}" for name, value in figures if value is not None]
        rows += [f"seconds of {batch},{form},,,,{value:.6g}" for (form, batch), value in self._found.times.items()]
        rows += [f"relative error,tensor train,{rank},,,{error:.6g}" for rank, error in self._found.errors.items()]
        for spectrum in self._spectra.values():
            rows += [f"singular value,bond {spectrum.bond},{i},,,{v:.6g}" for i, v in enumerate(spectrum.values, 1)]
        rows += [
            f"accuracy on digits,{p.family},{p.rank or ''},{p.parameters},{p.network_bits},{p.accuracy:.6g}"
            for p in self._points
        ]
        return csv("what,of,rank,parameters,bits,value", rows)

    # ------------------------------------------------------------ showing

    def _choices_changed(self) -> None:
        self._refresh()
        self.edited.emit()

    def _refresh(self) -> None:
        """Count anew what the choices make, and put what was found beside it."""
        options, layer = self.options, self._found.layer
        self._side.setCurrentIndex(0 if options.named is None else 1)
        size = options.layer_size
        try:
            if size is None:
                raise FlipscopeError("", "")
            modes = options.modes()
            bonds = modes.bonds([options.rank.value])
        except FlipscopeError:
            self.diagram.show_train(None)
            self.table.show_nothing()
            self._table_card.set_hint("")
            return
        self.diagram.show_train(modes, bonds)
        self.spectrum.set_marker(float(options.rank.value))
        packed = options.info is not None and options.info.form == "packed"
        self.table.show_layer(counted(*size, modes, bonds), modes, 1 if packed else 32, self._found)
        self._table_card.set_hint(
            layer.title if layer is not None and layer.modes == modes else "counted; Run measures"
        )
        self._tell_limits(bonds, modes == (None if layer is None else layer.modes))

    def _tell_limits(self, bonds: tuple[int, ...], current: bool) -> None:
        """What the singular values alone say of the error at these ranks."""
        values = [self._spectra[bond].values for bond in sorted(self._spectra)]
        if not current or len(values) != len(bonds) - 2 or not values:
            self._spectrum_card.set_hint("kept: left of the line")
            return
        least, most = limits(values, bonds)
        span = f"{least:.3f} to {most:.3f}"
        self._spectrum_card.hint.say(f"error from {span} at this rank", f"error {span}")

    def _add_spectrum(self, spectrum: Spectrum) -> None:
        self._spectra[spectrum.bond] = spectrum
        name = f"bond {spectrum.bond}"
        if name not in self.spectrum.series:
            self.spectrum.add_line(name, _bond_paint(spectrum.bond - 1))
        self.spectrum.set_line(name, np.arange(1, len(spectrum.values) + 1), spectrum.values)

    def _add_point(self, point: Point) -> None:
        self._points.append(point)
        mine = sorted((p.network_bits, 100 * p.accuracy) for p in self._points if p.family == point.family)
        self.digits.set_line(FAMILY_NAMES[point.family][0], *zip(*mine, strict=True))

    def _in_words(self) -> str:
        """Accuracies so far: of the layer's forms, and of networks for digits, a line a family."""
        told = []
        for one in self._found.forms.values():
            if one.before is not None:
                after = "" if one.after is None else f", fine-tuned {100 * one.after:.2f} %"
                told.append(f"{one.form} of {one.parameters:,}: {100 * one.before:.2f} % right{after}")
        for family, (title, _) in FAMILY_NAMES.items():
            mine = [p for p in self._points if p.family == family]
            said = ", ".join(f"{100 * p.accuracy:.2f} %" + (f" at r={p.rank}" if p.rank else "") for p in mine)
            told += [f"{title}: {said}"] if mine else []
        return "\n".join(told)

    # ------------------------------------------------------------ making it

    def _lay_out(self) -> None:
        diagram = self._card("train", "The train", self.diagram, hint="outputs above, inputs below, ranks between")
        paper = self._card("paper", "The paper's layers, counted again", self.paper, hint="times smaller")
        digits = self._card("digits", "Digits: bits against accuracy", self.digits, hint="each point trained")
        self._table_card = self._card("forms", "The layer in three forms", self.table)
        self._spectrum_card = self._card("spectrum", "Singular values of the unfoldings", self.spectrum)
        self._side = QStackedWidget()
        self._side.addWidget(self._spectrum_card)
        self._side.addWidget(paper)
        upper, lower = [(54, diagram), (46, self._side)], [(54, self._table_card), (46, digits)]
        stack(self, self.options, (38, upper), (62, lower))

    def _card(self, what: str, title: str, body: QWidget, hint: str = "") -> Card:
        return card(title, body, *SEEN[what], self.about.lesson, hint=hint)


def _spectrum_plot() -> Plot:
    return Plot(
        "Singular values of the unfoldings",
        Axis("rank", log=True, low=1.0),
        Axis("singular value over the norm", log=True),
        empty="Press Run: the singular values of this layer at every bond.",
    )


def _digits_plot() -> Plot:
    plot = Plot(
        "Digits: bits against accuracy",
        Axis("bits of the network", log=True, low=3e4, high=6e7),
        Axis("accuracy", "%", high=100.0),
        empty="Choose 'train on digits' and press Run: every form is trained on MNIST, ten minutes or more in all.",
    )
    for title, paint in FAMILY_NAMES.values():
        plot.add_line(title, paint, symbol=True)
    return plot


def _paper_table() -> FigureTable:
    """What the paper's tables say of parameters, from its shapes and ranks alone."""
    columns = ("layer", "VGG-16", "VGG-19")
    tips = [(row.name, "fc6" if row.ranks[1] is None else "fc6 and fc7") for row in ROWS]
    digits = [(f"MNIST {'·'.join(map(str, modes.outputs))}", "1,024 × 1,024 at rank 8") for modes in MNIST.modes]
    made = FigureTable("The paper's layers, counted again", columns, [*tips, *digits])
    for row in ROWS:
        made.show_cell(row.name, "layer", f"{int(row.layer_factor):,}")
        for network in columns[1:]:
            made.show_cell(row.name, network, f"{row.network_factor(network):.1f}")
    for (title, _), modes in zip(digits, MNIST.modes, strict=True):
        count = sum(parameters(modes, 8))
        made.show_cell(title, "layer", f"{MNIST.outputs * MNIST.inputs / count:,.0f}")
    return made


def _bond_paint(index: int) -> Paint:
    def paint(t: Tokens) -> str:
        return t.layer(index)

    return paint


PANEL = CompressPanel
