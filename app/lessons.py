"""What each setting of a run is about, in a few sentences, and the dialog that shows them."""

from __future__ import annotations

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QVBoxLayout, QWidget

from app.options import Option, title_of
from app.theme import GAP, GRID
from app.widgets.card import label
from engine.choices import CHOICES, RANGES

TEXTS: dict[str, str] = {
    "data": "Images with a class each. The network sees the training images only; the curve of accuracy is of the test "
    "images, which it never learns from.",
    "augmentation": "Each time an image is learned from, it is changed a little, so that the network learns what stays "
    "the same: a three remains a three when it is shifted or drawn with a thicker pen.",
    "augment_until": "Tests show images as they are. When the last part of training does so too, batch-norm and the "
    "last flips settle on what will be asked.",
    "model": "mlp: every output sees every value of the layer before. cnn and convnet: small filters slide over the "
    "image. resnet: float32 shortcuts carry a value around each binary convolution. Numbers are outputs a layer, "
    "and ×N how many such layers.",
    "kind": "The binary network multiplies signs by signs, which is XNOR and a count of bits. The others keep more in "
    "float32 and show what the bits cost in accuracy.",
    "inputs": "The first layer usually takes 8-bit pixels, exactly. A network that takes bits is binary from end to "
    "end, which is the form that can be verified.",
    "output": "The last layer's scores decide which class wins. Batch-norm scales each class by itself; with a bias "
    "and one common scale the scores stay integers up to that scale, which is the form that can be verified.",
    "optimizer": "How a gradient becomes a step of the latent weights, the real numbers behind the bits. A bit flips "
    "only when its latent weight crosses zero, so what matters is how steadily it is pushed one way.",
    "learning_rate": "With a high rate latent weights cross zero often and many bits flip at each step; as it falls "
    "they come to rest. Watch the curve of flips while you turn it.",
    "momentum": "A share of the last step is made again. It averages noisy gradients, and lets a latent weight run on "
    "over zero.",
    "flip_threshold": "Bop has no latent weights. It averages each weight's gradient, and where the mean, taken with "
    "the sign of the weight, exceeds τ, the bit flips. Lower it and watch the squares glow.",
    "adaptivity": "With a small γ the mean is long: a bit flips only when many batches agree. With a large one it "
    "follows the latest batches.",
    "rate_scale": "A layer with few inputs has larger gradients than one with many. The paper's scale, after Glorot, "
    "evens that out.",
    "loss": "Cross-entropy never stops asking for a larger margin; squared hinge is content with a margin of 1. The "
    "paper trains with squared hinge.",
    "weights": "A stochastic sign is drawn at every step, with a chance that grows with the latent weight. It acts as "
    "noise in training; the deployed network always takes the plain sign.",
    "activations": "The same choice for what the layers hand on. The paper's results with stochastic activations are "
    "those of its Torch version.",
    "estimator": "The sign has no slope to learn from. The straight-through estimator passes the gradient where the "
    "value lies within ±1; ApproxSign weighs it by how near to zero that is.",
    "scaling": "XNOR-Net multiplies every output by the mean size of its latent weights. Where batch-norm follows, it "
    "divides by the same again: that is why deployment needs no scale.",
    "thresholds": "A learned threshold moves the point where a sign turns. Folding puts it into the integer threshold "
    "that is there anyway, so that it costs nothing.",
    "batch_norm": "Batch-norm centres and scales each output over the batch; without it, signs would soon all agree. "
    "The shift-based form uses powers of two, whose products are shifts.",
    "dropout_input": "Pixels left out at random in training, so that no single one is relied on.",
    "weight_faults": "At each step some weight bits are read wrong, other ones each time, as a memory that errs would. "
    "A network that has learned to bear it bears it later too: see the lab of memory faults.",
    "dropout_hidden": "Activations left out at random in training. A zero is neither +1 nor −1, so it is for training "
    "only.",
    "epochs": "One epoch is every training image once. Schedules that fall do so over all of them.",
    "time_limit": "A budget in seconds, in place of epochs: schedules fall over the time.",
    "schedule": "A binary network comes to rest only when its learning rate does: as long as latent weights near zero "
    "are pushed about, bits flip.",
    "final_rate": "The rate falls by the same factor each epoch and ends here.",
    "halve_every": "The rate is halved after so many epochs, again and again.",
    "batch_size": "The mean gradient of so many images makes a step. Small batches flip more bits, with more noise.",
    "evaluations_per_epoch": "Scoring folds the network, re-estimates its batch-norm statistics and runs the packed "
    "form over the test set. More scores make a finer curve and take time from training.",
    "seed": "First weights, order of images, augmentation and noise are drawn from it: equal seeds repeat a run on the "
    "processor bit for bit.",
    "spread": "Latent weights near zero flip early; far from zero they are slow to. Drawn signs need them far apart.",
    "threads": "On a machine with two cores or fewer one thread is best: the window needs the other.",
    "device": "Where training runs. An NVIDIA card pays for wide networks and large batches.",
}
"""By setting."""


class LessonDialog(QDialog):
    """What a setting is about, and each of its choices, the one in force in bold."""

    def __init__(self, option: Option, value: object, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(option.title)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(GAP)
        column.addWidget(label(option.title, "title"))
        text = label(TEXTS.get(option.key, option.line))
        text.setWordWrap(True)
        text.setMinimumWidth(460)
        column.addWidget(text)
        column.addLayout(_choices(option, value))
        when = "It may be changed while a run is under way." if option.live else "It is fixed once a run has begun."
        column.addWidget(label(when, "muted"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())  # the style's own is not of the theme
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)


def _choices(option: Option, value: object) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(GAP)
    grid.setVerticalSpacing(GRID)
    for row, (choice, line) in enumerate(CHOICES.get(option.key, {}).items()):
        said = label(line, "muted")
        said.setWordWrap(True)
        grid.addWidget(label(title_of(choice), "title" if choice == value else ""), row, 0)
        grid.addWidget(said, row, 1)
    if option.key in RANGES:
        low, high = RANGES[option.key]
        grid.addWidget(label(f"From {low:g} to {high:g}; now {value:g}." if isinstance(value, int | float) else
                             f"From {low:g} to {high:g}; now {option.none}.", "muted"), 0, 0, 1, 2)  # fmt: skip
    grid.setColumnStretch(1, 1)
    return grid
