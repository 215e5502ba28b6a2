"""Where tiles lie on a page: the largest whole scale at which they fit, in device pixels; no Qt."""

from __future__ import annotations

from dataclasses import dataclass

Shape = tuple[int, int, int]
"""Height, width and channels of a tile; its channels lie side by side."""

SPACE = 6
"""Device pixels between tiles."""
CHANNELS = (0xFFE0443A, 0xFF35A853, 0xFF4285F4)
"""RGB32 of the lines under red, green and blue."""
LINE = 3
"""Device pixels that they take with the space over them."""
MOST = 14
"""Points a bit at most."""


@dataclass(frozen=True)
class Layout:
    """A page of `width` x `height` with `down` x `across` tiles of `rows` x `columns` bits, `scale` pixels a bit."""

    width: int
    height: int
    rows: int
    columns: int
    scale: int
    down: int
    across: int

    @classmethod
    def of(cls, size: tuple[int, int], shape: Shape, count: int, ratio: float) -> Layout:
        """The layout of `count` tiles on a page of `size` (width, height), `ratio` device pixels a point.

        The largest scale, up to MOST a point, at which every tile fits. Where there are too many, one to three a
        point: what fills the room best, many small tiles before few.
        """
        (width, height), rows, columns = size, shape[0], shape[1] * shape[2]
        room = height - LINE if shape[2] == len(CHANNELS) else height

        def fitting(scale: int) -> tuple[int, int]:
            return (room + SPACE) // (rows * scale + SPACE), (width + SPACE) // (columns * scale + SPACE)

        def filled(scale: int) -> int:
            down, across = fitting(scale)
            return down * across * rows * columns * scale**2

        for scale in range(round(MOST * ratio), 0, -1):
            down, across = fitting(scale)
            if count and down * across >= count:
                break
        else:
            scale = max(range(1, round(3 * ratio) + 1), key=lambda scale: (filled(scale), -scale))
            down, across = fitting(scale)
        return cls(width, height, rows, columns, scale, max(1, down), max(1, across))

    @property
    def per_page(self) -> int:
        """Tiles of a full page."""
        return self.down * self.across

    def corner(self, place: int) -> tuple[int, int]:
        """Top and left of a place on the page; what is left over parts the tiles evenly."""
        tile_height, tile_width = self.rows * self.scale, self.columns * self.scale
        gap_x = (self.width - self.across * tile_width) // max(1, self.across - 1) if self.across > 1 else 0
        gap_y = (self.height - self.down * tile_height) // max(1, self.down - 1) if self.down > 1 else 0
        gap_x, gap_y = min(gap_x, 2 * SPACE), min(gap_y, 2 * SPACE)
        return place // self.across * (tile_height + gap_y), place % self.across * (tile_width + gap_x)
