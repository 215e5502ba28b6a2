"""What is seen on each page, in a few sentences; the lessons, and the keys."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLayout, QVBoxLayout, QWidget

from app import lessons
from app.actions import ACTIONS
from app.lesson_dialog import opening
from app.theme import GAP, GRID, theme
from app.widgets.card import label

PAGES: dict[str, tuple[str, str]] = {
    "draw": (
        "You draw, every backend reads",
        "The canvas is cropped, scaled and centred to the 28×28 picture that the network was trained on. "
        "Each hidden layer answers with one bit for each of its neurons: white is +1, black is −1. The float "
        "backend multiplies in float32; the XNOR backends compare bits and count the equal ones. Their scores are "
        "the same numbers, bit for bit, because a product of signs is a count. The slider under Weights breaks stored "
        "bits of this very network, always the same ones: they are amber, and the digit is read again. A digit's "
        "key, 0 to 9, keeps the drawing as that digit: below are those that are kept, how every model does on them, "
        "and the way to train on them too.",
    ),
    "learn": (
        "One square, one weight bit",
        "The network computes with the signs of its weights: white +1, black −1. Training moves a hidden real "
        "number behind each bit, the latent weight; when it crosses zero the bit flips and glows amber. The sign has "
        "no slope to learn from, so its gradient is passed straight through wherever the value lies within ±1. "
        "Early on many bits flip at each step; as the loss falls and the learning rate fades, they come to rest.",
    ),
    "kernels": (
        "How fast is counting bits?",
        "Each bar is the median time of one product of ±1 matrices, with its quartiles, after its result was compared "
        "with the plain integer product. Multiplying signs is XNOR: equal bits give +1, different bits −1, so a dot "
        "product of k signs is 2 × (equal bits) − k. One 64-bit word holds 64 weights, 32 times less memory than "
        "float32. In the roofline every measured row is a dot: its speed over how much it computes with each byte it "
        "must move. The level line is what this core can count at most, the slanted ones what its memory can bring. "
        "A GPU's are computed from its clock and NVIDIA's rates, not measured.",
    ),
    "labs": (
        "Experiments on binarized networks",
        "Each tab asks one question of a paper and answers it on this machine: press Run. The words on the left say "
        "how, where the answer ends, and what the paper claims, apart from what was measured here. A run has a process "
        "of its own at lower priority; Stop ends it at once, and the rest of the window goes on meanwhile.",
    ),
}


class HelpDialog(QDialog):
    """What the page shows, every lesson and every shortcut. `tour_asked`: the tour is wanted."""

    tour_asked = Signal()

    def __init__(self, page: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("What am I seeing?")
        title, text = PAGES[page]
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(GAP)
        column.setSizeConstraint(QLayout.SizeConstraint.SetFixedSize)  # Qt gives dialogs two thirds of a screen else
        body = label(text)
        body.setWordWrap(True)
        body.setMinimumWidth(480)
        column.addWidget(label(title, "title"))
        column.addWidget(body)
        column.addWidget(label("F1 in a panel, or a click on its title, tells about the panel alone.", "muted"))
        column.addLayout(_lessons())
        column.addLayout(_keys())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())  # the style's own is not of the theme
        buttons.rejected.connect(self.reject)
        tour = buttons.addButton("Take the tour", QDialogButtonBox.ButtonRole.ActionRole)
        tour.setIcon(QIcon())
        tour.clicked.connect(self._tour)
        column.addWidget(buttons)
        theme().dress(self)

    def _tour(self) -> None:
        self.accept()
        self.tour_asked.emit()


def _lessons() -> QGridLayout:
    """Links to all of them, in two columns."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(GRID // 2)
    links = [opening(label(f"[{title}]({name}.md)")) for name, title in lessons.titles().items()]
    half = (len(links) + 1) // 2
    for index, link in enumerate(links):
        grid.addWidget(link, index % half, index // half)
    return grid


def _keys() -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(24)
    half = (len(ACTIONS) + 1) // 2
    for index, action in enumerate(ACTIONS):
        row, column = index % half, 2 * (index // half)
        grid.addWidget(label(action.shortcut, figures=True), row, column, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(label(action.text, "muted"), row, column + 1)
    grid.setColumnStretch(3, 1)
    return grid
