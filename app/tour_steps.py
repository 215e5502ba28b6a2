"""What the tour shows: each step points at a widget of a page and says what is measured there now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from app.figures import digits, percent
from app.widgets.strip import size
from app.widgets.wear_card import in_words
from engine import messages as m

if TYPE_CHECKING:
    from app.window import Window

UNTRAINED = "Nothing is in training yet; it fills with the first steps."
STARTING = "Training is starting: this fills with its first steps."
THREE = (
    (92, 84),
    (124, 56),
    (168, 58),
    (190, 92),
    (166, 126),
    (128, 138),
    (172, 146),
    (200, 186),
    (168, 226),
    (96, 214),
)
"""A digit for a canvas on which nothing is drawn, in units of it."""


@dataclass(frozen=True)
class Step:
    """One step. lesson: its name, "" for none. title: of the lesson, where it has one.

    target: what it points at. fact: what is measured there now, a sentence. trains: needs a run to show anything.
    """

    page: str
    lesson: str
    words: str
    target: Callable[[Window], QWidget | None]
    fact: Callable[[Window], str]
    trains: bool = False
    title: str = ""


def _bits(window: Window) -> str:
    model = window.session.model
    if model is None:
        return "The network is loading."
    smaller = f"{model.float_bytes / max(1, model.weight_bytes):.0f}× less than in float32"
    return f"{model.name}: {model.weight_count:,} weights in {size(model.weight_bytes)}, {smaller}."


def _layer(window: Window) -> m.LayerFrame | None:
    """The layer shown on the Learn page, as of the moment shown."""
    moment, shown = window.session.moment(), window.learn.bits.layer
    return None if moment is None or shown >= len(moment.layers) else moment.layers[shown]


def _untrained(window: Window) -> str:
    """Why there is nothing to tell of a layer yet."""
    return STARTING if window.session.run.moving else UNTRAINED


def _flips(window: Window) -> str:
    layer, moment = _layer(window), window.session.moment()
    if layer is None or moment is None:
        return _untrained(window)
    count = layer.outputs * layer.inputs
    return f"At step {moment.step:,} {digits(100 * layer.flip_rate, 2)} % of {count:,} weights flip."


def _latents(window: Window) -> str:
    layer = _layer(window)
    if layer is None:
        return _untrained(window)
    return f"{percent(layer.clipped)} of this layer's have reached an end, −1 or +1, where they are held."


def _signs(window: Window) -> str:
    layer = _layer(window)
    return _untrained(window) if layer is None else f"{percent(layer.positive)} of the values become +1 on this batch."


def _product(window: Window) -> str:
    p = window.kernels.dot.steps.product
    if p is None:
        return ""
    return f"Here {p.matches} of {p.k} pairs are equal: 2 × {p.matches} − {p.k} = {p.value:+d}.".replace("-", "−")


def _sums(window: Window) -> str:
    layers = window.draw.panels.layers
    signs = layers[0].signs if layers else None
    if signs is None:
        return "Draw a digit: its sums appear here."
    return f"Neuron 0 now: {layers[0].describe(0).partition(': ')[2]}."


def _broken(window: Window) -> str:
    worn = window.session.wearing.worn
    return "" if worn is None else f"{in_words(worn)}."


def _nothing(_window: Window) -> str:
    return ""


def _weights_card(window: Window) -> QWidget:
    return window.draw.panels.weights


def _bits_card(window: Window) -> QWidget:
    return window.learn.bits


def _latent_card(window: Window) -> QWidget:
    return window.learn.latent_card


def _sign_card(window: Window) -> QWidget:
    return window.learn.sign_card


def _dot_card(window: Window) -> QWidget:
    return window.kernels.dot


def _first_layer(window: Window) -> QWidget | None:
    return next(iter(window.draw.panels.layers), None)


def _help(window: Window) -> QWidget:
    return window.rail.help


STEPS: tuple[Step, ...] = (
    Step(
        "draw", "bit", "Each of these squares is one weight of the network that reads your drawing, one bit: white is "
        "+1, black is −1. There is nothing else to it; the whole network is such bits and a threshold a neuron.",
        _weights_card, _bits,
    ),
    Step(
        "learn", "flip", "While it trains a bit can only do one thing: turn. Amber squares flipped just now. Early on "
        "it glitters; as the learning rate falls it comes to rest.",
        _bits_card, _flips, trains=True,
    ),
    Step(
        "learn", "latent", "Bits cannot be changed a little, so training moves a hidden real number behind each. Only "
        "where that crosses zero, in the middle, the bit flips.",
        _latent_card, _latents, trains=True,
    ),
    Step(
        "learn", "sign", "Each neuron takes the sign of such a value, and a sign has no slope to learn from. The "
        "straight-through estimator passes the gradient as if it had one, between −1 and +1.",
        _sign_card, _signs, trains=True,
    ),
    Step(
        "kernels", "xnor", "Signs multiply to +1 where they are equal. So a product of 64 pairs is one xor and one "
        "count of bits, and exact. Click a bit: the sum moves by 2.",
        _dot_card, _product,
    ),
    Step(
        "draw", "threshold", "What follows such a sum, batch-norm and a sign, only asks on which side of one number it "
        "lies. That number is rounded to an integer: every neuron becomes a count and a comparison.",
        _first_layer, _sums,
    ),
    Step(
        "draw", "faults", "Move the slider here: bits of this very network are stored wrong, and your digit is read "
        "again. A wrong bit moves a sum by 2 and no more, so that much must break before the answer does.",
        _weights_card, _broken,
    ),
    Step(
        "labs", "", "Labs answer larger questions on this machine. F1 in any panel, or a click on its title, says what "
        "is seen there and leads to the lesson. Help, at the left, has them all, and this tour.",
        _help, _nothing, title="And when you ask why",
    ),
)  # fmt: skip
