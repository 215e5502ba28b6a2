"""Everything the keyboard and the menus can do: one record an action; shortcuts and help are derived from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.widgets.export_dialog import ask_export

if TYPE_CHECKING:
    from app.window import Window


@dataclass(frozen=True)
class Action:
    """key: unique; text: what it does; shortcut: as Qt writes it; run: what happens.

    A single-key shortcut acts only where the focused widget has no use for the key itself, so that Space still
    presses a focused button.
    """

    key: str
    text: str
    shortcut: str
    run: Callable[[Window], None]

    @property
    def single_key(self) -> bool:
        return "+" not in self.shortcut and not self.shortcut.startswith("F")


ACTIONS: tuple[Action, ...] = (
    Action("draw", "Draw page", "Ctrl+1", lambda w: w.show_page("draw")),
    Action("learn", "Learn page", "Ctrl+2", lambda w: w.show_page("learn")),
    Action("kernels", "Kernels page", "Ctrl+3", lambda w: w.show_page("kernels")),
    Action("labs", "Labs page", "Ctrl+4", lambda w: w.show_page("labs")),
    Action("open", "Open a model or a picture…", "Ctrl+O", lambda w: w.ask_open()),
    Action("export", "Export the model…", "Ctrl+E", lambda w: ask_export(w, w.session)),
    Action("runs", "Kept runs, or back to the run", "Ctrl+R", lambda w: w.toggle_runs()),
    Action("setup", "What is trained, and how", "Ctrl+,", lambda w: w.toggle_setup()),
    Action("help", "What am I seeing?", "F1", lambda w: w.explain()),
    Action("tour", "A tour in eight steps", "Shift+F1", lambda w: w.start_tour()),
    Action("theme", "Light or dark", "Ctrl+T", lambda w: w.toggle_theme()),
    Action("quit", "Quit", "Ctrl+Q", lambda w: w.request_close()),
    Action("run", "Run or pause training", "Space", lambda w: w.session.toggle_run()),
    Action("step", "One training step", "S", lambda w: w.session.step_once()),
    Action("mode", "Float or XNOR", "X", lambda w: w.toggle_mode()),
    Action("race", "Race plain torch, or end the race", "G", lambda w: w.session.race.toggle()),
    Action("reset", "Begin the run anew", "R", lambda w: w.session.reset_run()),
)
