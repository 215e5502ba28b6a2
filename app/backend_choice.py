"""Which backend "Float" and "XNOR" mean: the best ready one of each kind, or the one chosen."""

from __future__ import annotations

from typing import Literal

from app.settings import Settings
from engine import messages as m

Mode = Literal["float", "xnor"]


class BackendChoice:
    """The backends that the inference worker told of, and the choice among them."""

    def __init__(self, settings: Settings) -> None:
        self.rows: tuple[m.BackendInfo, ...] = ()
        self._settings = settings

    @property
    def xnor_backend(self) -> m.BackendInfo | None:
        """The backend that "XNOR" means: the chosen one if it is ready, else the best that is."""
        able = self._able("xnor")
        chosen = [b for b in able if b.name == self._settings.backend]
        return chosen[0] if chosen else max(able, key=lambda b: b.rank, default=None)

    @property
    def float_backend(self) -> m.BackendInfo | None:
        """The backend that "Float" means."""
        return max(self._able("float"), key=lambda b: b.rank, default=None)

    def active(self, mode: Mode) -> str:
        """Name of the backend that evaluates in a mode, or "" before any is known."""
        info = self.float_backend if mode == "float" else self.xnor_backend
        return info.name if info else ""

    def _able(self, kind: Mode) -> list[m.BackendInfo]:
        return [b for b in self.rows if b.kind == kind and b.ready]
