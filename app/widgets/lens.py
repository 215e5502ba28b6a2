"""Where the bits of a matrix lie on the pixels of a panel: zoom and pan, in device pixels; no Qt."""

from __future__ import annotations

from dataclasses import dataclass

from app.widgets.bitraster import Bins, bins

SQUARE = 28.0
"""Points of one bit at the nearest zoom."""


@dataclass
class Lens:
    """A view of `outputs` x `inputs` bits on `width` x `height` device pixels, `ratio` of them a point.

    zoom 0 fills the panel, whatever its shape; zoom 1 shows squares; between them the scales go evenly in ratio.
    left, top: the bit at the corner, with its fraction.
    """

    outputs: int = 1
    inputs: int = 1
    width: int = 1
    height: int = 1
    ratio: float = 1.0
    zoom: float = 0.0
    left: float = 0.0
    top: float = 0.0

    @property
    def scales(self) -> tuple[float, float]:
        """Device pixels a bit, across and down."""
        fit_x, fit_y = self.width / self.inputs, self.height / self.outputs
        nearest = max(SQUARE * self.ratio, fit_x, fit_y)
        return fit_x ** (1 - self.zoom) * nearest**self.zoom, fit_y ** (1 - self.zoom) * nearest**self.zoom

    def fit(self) -> None:
        """Show everything."""
        self.zoom = self.left = self.top = 0.0

    def move_by(self, x: float, y: float) -> None:
        """Shift the picture by points."""
        sx, sy = self.scales
        self.left -= x * self.ratio / sx
        self.top -= y * self.ratio / sy
        self.clamp()

    def zoom_by(self, amount: float, x: float, y: float) -> None:
        """Change the zoom, keeping the bit under the point (x, y) where it is."""
        column, row = self.at(x, y)
        self.zoom = min(max(self.zoom + amount, 0.0), 1.0)
        sx, sy = self.scales
        self.left, self.top = column - x * self.ratio / sx, row - y * self.ratio / sy
        self.clamp()

    def center_on(self, row: int, column: int) -> None:
        """Bring a bit to the middle."""
        sx, sy = self.scales
        self.left, self.top = column - self.width / sx / 2, row - self.height / sy / 2
        self.clamp()

    def clamp(self) -> None:
        """Keep the panel covered."""
        sx, sy = self.scales
        self.left = min(max(self.left, 0.0), max(0.0, self.inputs - self.width / sx))
        self.top = min(max(self.top, 0.0), max(0.0, self.outputs - self.height / sy))

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Column and row under a point, with their fractions."""
        sx, sy = self.scales
        return self.left + x * self.ratio / sx, self.top + y * self.ratio / sy

    def square(self, row: int, column: int) -> tuple[float, float, float, float]:
        """Left, top, width and height of a bit in points."""
        sx, sy = self.scales
        left, top = (column - self.left) * sx, (row - self.top) * sy
        return left / self.ratio, top / self.ratio, sx / self.ratio, sy / self.ratio

    def bins(self) -> tuple[Bins, Bins]:
        """The bits under each row and column of pixels."""
        sx, sy = self.scales
        return bins(self.height, sy, self.top, self.outputs), bins(self.width, sx, self.left, self.inputs)
