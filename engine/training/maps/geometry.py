"""The shapes of one layer: a convolution on maps, or a dense layer as a window that sees a whole map."""

from __future__ import annotations

from dataclasses import dataclass

from engine.bits import WORD, words_for
from engine.inference.operations import Shape
from engine.jit.layout import whole
from engine.jit.training.maps import LANES
from engine.training.plan import ConvLayer, LayerPlan


@dataclass(frozen=True)
class Geometry:
    """Of one layer, for one image.

    Attributes:
        height, width, channels: of the map that comes in. down, across: of the window. pool: side of the windows that
            sums are pooled in, 1 for none.
        dense: whether the window is the whole map. on_pixels: whether the map is of 8-bit pixels, else of signs.
    """

    height: int
    width: int
    channels: int
    down: int
    across: int
    stride: int
    padding: int
    pool: int
    outputs: int
    dense: bool
    on_pixels: bool
    shortcut: bool

    @classmethod
    def of(cls, plan: LayerPlan, takes: Shape, *, on_pixels: bool = False) -> Geometry:
        """Of a layer that takes such maps, or vectors."""
        height, width, channels = takes if len(takes) == 3 else (1, 1, *takes)
        if isinstance(plan, ConvLayer):
            window = (plan.kernel, plan.kernel, plan.stride, plan.padding, plan.pool.size if plan.pool else 1)
        else:
            window = (height, width, 1, 0, 1)
        dense = not isinstance(plan, ConvLayer)
        return cls(height, width, channels, *window, plan.outputs, dense, on_pixels, plan.shortcut)

    @property
    def wide(self) -> int:
        """Outputs, padded to whole vectors."""
        return whole(self.outputs, LANES)

    @property
    def deep(self) -> int:
        """Channels, padded to whole vectors; pixels are not."""
        return self.channels if self.on_pixels else whole(self.channels, LANES)

    @property
    def brightest(self) -> int:
        """The largest of what comes in: pixels, or signs."""
        return 255 if self.on_pixels else 1

    @property
    def place_bytes(self) -> int:
        """Of one place of the map that comes in: pixels, or words of signs."""
        return self.channels if self.on_pixels else words_for(self.channels) * WORD // 8

    @property
    def ringed(self) -> tuple[int, int]:
        """Height and width of the map that comes in, with its padding."""
        return self.height + 2 * self.padding, self.width + 2 * self.padding

    @property
    def sums(self) -> tuple[int, int]:
        """Height and width of the map of sums."""
        height, width = self.ringed
        return (height - self.down) // self.stride + 1, (width - self.across) // self.stride + 1

    @property
    def gives(self) -> tuple[int, int]:
        """Height and width of the map that goes on, pooled."""
        height, width = self.sums
        return height // self.pool, width // self.pool

    @property
    def places(self) -> int:
        """Of the map that goes on."""
        return self.gives[0] * self.gives[1]

    @property
    def reach(self) -> int:
        """Places of the ringed map from the first window's corner to the last one's, row by row, both included."""
        height, width = self.sums
        return self.stride * ((height - 1) * self.ringed[1] + width - 1) + 1

    @property
    def spread(self) -> tuple[int, int]:
        """Height and width of the map of gradients that the way back to what came in is a plain convolution of."""
        return (1, 1) if self.dense else (self.height + self.down - 1, self.width + self.across - 1)

    @property
    def inputs(self) -> int:
        """Weights of one output."""
        return self.down * self.across * self.channels

    @property
    def macs(self) -> int:
        """Multiply-accumulates of its sums, with those of the padding of outputs and channels."""
        height, width = self.sums
        return height * width * self.wide * self.down * self.across * self.deep
