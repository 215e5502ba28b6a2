"""The forms of one layer side by side: what each stores, loses, reads right and takes; counted at once or measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.figures import digits, duration
from app.widgets.figure_table import MISSING, FigureTable
from engine.tensortrain import costs
from engine.tensortrain.costs import Cost
from engine.tensortrain.messages import FORMS, Form, Layer
from engine.tensortrain.modes import Factors, Modes

ROWS = (
    ("parameters", "Numbers that are stored of the layer"),
    ("layer smaller", "Bits of the layer as it is over its bits in this form; floats have 32, signs 1"),
    ("network smaller", "The same of the whole network, of which the rest stays as it is"),
    ("memory", "Of the weights, as they are stored"),
    ("held meanwhile", "Values of one image, or of what is half contracted, that are held at once, as float32"),
    ("relative error", "Frobenius norm of the difference over that of the matrix, measured"),
    ("accuracy, decomposed", "Of the network on the test set with the layer in this form, nothing trained"),
    ("accuracy, fine-tuned", "After training the form and its shift; the rest of the network stays"),
    ("1 image", "Time of one product, float32 on one thread"),
    ("100 images", "The same for 100 images together"),
)
BATCHES = {"1 image": 1, "100 images": 100}
Figures = Mapping[str, Form]
Times = Mapping[tuple[str, int], float]


@dataclass(frozen=True)
class Found:
    """What a run has measured: of the layer, its forms, times by form and batch, and errors of trains by rank."""

    layer: Layer | None = None
    forms: dict[str, Form] = field(default_factory=dict)
    times: dict[tuple[str, int], float] = field(default_factory=dict)
    errors: dict[int, float] = field(default_factory=dict)


def counted(outputs: int, inputs: int, modes: Modes, bonds: Factors) -> dict[str, tuple[Factors, Cost]]:
    """Ranks and cost of every form, that of low rank with about as many parameters as the train."""
    train = costs.train(modes, bonds)
    rank = costs.rank_of(train.parameters, outputs, inputs)
    low = (1, rank, 1), costs.low_rank(outputs, inputs, rank)
    return dict(zip(FORMS, (((1, 1), costs.dense(outputs, inputs)), (bonds, train), low), strict=True))


class FormsTable(FigureTable):
    """Figures that are counted follow the choices; those that were measured are shown with the choices they are of."""

    def __init__(self) -> None:
        super().__init__("The layer in three forms", FORMS, ROWS)

    def show_nothing(self) -> None:
        """The choices make no layer."""
        for row, _ in ROWS:
            for form in FORMS:
                self.show_cell(row, form)

    def show_layer(self, counts: dict[str, tuple[Factors, Cost]], modes: Modes, stored: int, found: Found) -> None:
        """Show what was counted, and of what was found what is of the same train. stored: bits of a dense weight."""
        self.show_nothing()
        whole = counts["dense"][1].parameters * stored
        for form, (ranks, cost) in counts.items():
            bits = whole if form == "dense" else cost.parameters * costs.FLOAT_BITS
            self.show_cell("parameters", form, f"{cost.parameters:,}")
            self.show_cell("layer smaller", form, _times(whole / bits), warning=bits > whole)
            self.show_cell("memory", form, _bytes(bits / 8))
            self.show_cell("held meanwhile", form, _bytes(4 * cost.working))
            layer = found.layer
            if layer is not None and layer.rest and layer.outputs * layer.inputs * layer.stored == whole:
                self.show_cell("network smaller", form, _times((layer.rest + whole) / (layer.rest + bits)))
            if layer is not None and layer.modes == modes:
                self._show_found(form, ranks, found)
        if found.layer is not None and found.layer.modes == modes and found.errors:
            rank = max(counts["tensor train"][0])
            at_most = [error for known, error in found.errors.items() if known >= rank]
            self.show_cell("relative error", "tensor train", digits(at_most[0]) if at_most else MISSING)

    def _show_found(self, form: str, ranks: Factors, found: Found) -> None:
        one, layer = found.forms.get(form), found.layer
        if one is None or layer is None or one.ranks != ranks:
            return
        if one.error is not None:
            self.show_cell("relative error", form, digits(one.error))
        before = layer.accuracy if form == "dense" else one.before
        for row, accuracy in (("accuracy, decomposed", before), ("accuracy, fine-tuned", one.after)):
            if accuracy is not None:
                self.show_cell(row, form, f"{100 * accuracy:.2f} %")
        for row, batch in BATCHES.items():
            mine, dense = (found.times.get((name, batch)) for name in (form, "dense"))
            if mine is not None and dense is not None:
                slower = form != "dense" and mine > dense
                said = f" ({digits(mine / dense, 2)}× slower)" if slower else ""
                self.show_cell(row, form, duration(mine) + said, warning=slower)


def _times(ratio: float) -> str:
    """Whole ones where there are many, as papers count them."""
    return f"{int(ratio):,}×" if ratio >= 1000 else f"{digits(ratio)}×"


def _bytes(count: float) -> str:
    for scale, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= scale:
            return f"{digits(count / scale)} {unit}"
    return f"{count:.0f} B"
