"""What every backend holds to alike: the inputs it accepts, the rule of the scores, the stages of a network."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.bits import Words, pack, words_for
from engine.digits import SET
from engine.errors import BadInput, Unsupported
from engine.inference.network import (
    Affine,
    Conv,
    Dense,
    FloatNetwork,
    MaxPool,
    Network,
    PackedNetwork,
    Product,
    Shape,
    Shortcut,
    Sign,
    Threshold,
)

MOST_TERMS = 2**31 - 1

Value = TypeVar("Value", bound=np.generic)

TOGETHER = 1 << 21
"""Values of one layer, of all images that are taken through a network together."""


Floats = NDArray[np.float32]


def value_of(sums: NDArray[np.int32], affine: Affine, before: Floats | None) -> Floats:
    """Scores or the value float32 [B, …, outputs] of sums; a Shortcut adds to the value before.

    Each operation is rounded: to float, times scale, plus shift, plus the value before.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        own: Floats = sums.astype(np.float32) * affine.scale + affine.shift
        if not isinstance(affine, Shortcut):
            return own
        assert before is not None
        value: Floats = before + own
    return value


def signs_of(value: Floats) -> NDArray[np.bool_]:
    """Which of a value's signs are +1."""
    with np.errstate(invalid="ignore"):
        signs: NDArray[np.bool_] = value >= 0
    return signs


@dataclass(frozen=True)
class Stage:
    """One layer of a packed network: its product, what pools the sums, and what is made of them.

    after: a Threshold makes signs of the sums, an Affine a value (Shortcut: of the one before), whose signs follow;
    that of the last layer makes the scores. takes: shape of one image's input. gives: shape of its sums, after pooling.
    """

    product: Product
    pool: MaxPool | None
    after: Threshold | Affine
    takes: Shape
    gives: Shape
    last: bool = False

    @property
    def valued(self) -> bool:
        """Whether its sums make a value, of which the signs are."""
        return isinstance(self.after, Affine) and not self.last

    @property
    def rising(self) -> NDArray[np.bool_]:
        """bool [outputs]: whether an output is +1 from a sum on upwards (gamma > 0), or not beyond one."""
        return self.after.at_least if isinstance(self.after, Threshold) else np.ones(self.product.outputs, np.bool_)


def stages(network: PackedNetwork) -> Iterator[Stage]:
    """The layers in order. Raises Unsupported."""
    pool: MaxPool | None = None
    for operation, (takes, gives) in zip(network.operations, network.shapes(), strict=True):
        match operation:
            case Dense() | Conv():
                product, entered, pool = operation, takes, None
            case MaxPool():
                pool = operation
            case Threshold() | Affine():
                yield Stage(product, pool, operation, entered, gives, operation is network.operations[-1])
            case Sign():
                pass
            case _:
                raise Unsupported("This order of operations is not known here.", "Update Flipscope.")


def convolution(conv: Conv, after: Threshold, shape: Shape) -> Stage:
    """One convolution of maps of this shape, with its threshold, as a stage by itself. Raises BadInput."""
    return Stage(conv, None, after, shape, after.gives(conv.gives(shape)))


def images_together(network: Network, most: int) -> int:
    """Images taken through all layers together, at most this many: as few as keep the largest map in the cache."""
    largest = max(math.prod(shape) for step in network.shapes() for shape in step)
    return max(1, min(most, TOGETHER // largest))


def packed_only(network: Network, backend: str) -> PackedNetwork:
    """The network, if it is a packed one. Raises Unsupported for a float network."""
    if not isinstance(network, PackedNetwork):
        raise Unsupported(f"'{backend}' runs binarized networks, and this one has float weights.", "Use 'float-blas'.")
    return network


def taken(network: Network, images: NDArray[Any]) -> NDArray[np.generic]:
    """Images u8 [B, H, W, C] as a network takes them: as they are, or in words with bit 1 for a bright pixel."""
    if isinstance(network, FloatNetwork) or network.source == "u8":
        return np.ascontiguousarray(images)
    bright = images >= SET
    return pack(bright if isinstance(network.operations[0], Conv) else bright.reshape(len(images), -1))


def check_images(network: Network, images: NDArray[np.generic]) -> None:
    """Accept images as the network takes them (see PackedNetwork), words with padding 0. Raises BadInput elsewhere."""
    height, width, channels = shape = network.metadata.input_shape
    if isinstance(network, FloatNetwork) or network.source == "u8":
        _check_array("Images", images, np.uint8, shape)
    elif isinstance(network.operations[0], Conv):
        _check_words("Images", images, channels, (height, width))
    else:
        _check_words("Images", images, network.metadata.inputs)


def check_operand(words: Words, k: int) -> None:
    """Accept words [N, W] of k bits with padding 0. Raises BadInput elsewhere."""
    if not isinstance(k, (int, np.integer)) or not 1 <= k <= MOST_TERMS:
        raise BadInput(f"k is {k!r}.", f"A product has 1 to {MOST_TERMS:,} terms, so that sums are int32.")
    _check_words("An operand", words, k)


def check_maps(maps: Words, shape: Shape) -> None:
    """Accept maps in words [B, H, W, ceil(C/64)] of this shape, padding 0. Raises BadInput elsewhere."""
    height, width, channels = shape
    _check_words("Maps", maps, channels, (height, width))


def given(result: NDArray[Value], out: NDArray[Value] | None) -> NDArray[Value]:
    """The result, in `out` where there is one."""
    if out is None:
        return result
    out[...] = result
    return out


def _check_words(what: str, words: NDArray[Any], bits: int, places: Shape = ()) -> None:
    _check_array(what, words, np.uint64, (*places, words_for(bits)))
    tail = bits % 64
    if tail and np.any(words[..., -1] >> np.uint64(tail)):
        raise BadInput(f"{what} have padding bits that are set.", "Padding bits must be 0.")


def _check_array(what: str, array: NDArray[np.generic], dtype: type, shape: tuple[int, ...]) -> None:
    right = isinstance(array, np.ndarray) and array.dtype == dtype
    if right and array.shape[1:] == shape and array.flags.c_contiguous and array.flags.aligned:
        return
    wanted = f"{np.dtype(dtype)} (any, {', '.join(map(str, shape))})"
    if not right or array.ndim != len(shape) + 1:
        found = f"{getattr(array, 'dtype', type(array).__name__)} {getattr(array, 'shape', '')}"
        raise BadInput(f"{what} came as {found}; {wanted} was expected.", "Convert them first.")
    if array.shape[1:] != shape:
        raise BadInput(f"{what} came as {array.shape}; {wanted} was expected.", "Prepare them for this model.")
    raise BadInput(f"{what} are not contiguous and aligned in memory.", "Give a copy of them.")
