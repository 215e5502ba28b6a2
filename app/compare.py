"""A picture of runs over each other without a window: what the Learn page shows, drawn where nobody looks."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine import paths, runlist
from engine.errors import BadInput
from engine.files import CannotWrite


def save_comparison(runs: Sequence[str], measure: str, over: str, out: str) -> dict[str, Any]:
    """Save a PNG of "accuracy", "loss" or "flips" of some runs over "step", "epoch" or "second".

    Raises UnknownName, BadFile, BadInput, CannotWrite.
    """
    if sys.platform == "linux" and not any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY"))):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from app import run_words
    from app.launch import application
    from app.theme import theme
    from app.widgets.overlay import LETTERS, Compared
    from app.widgets.overlay_card import SIZE, OverlayCard

    if len(runs) > len(LETTERS):
        raise BadInput(f"{len(runs)} runs cannot be told apart.", f"Name at most {len(LETTERS)}.")
    folders = [runlist.find(paths.runs_dir(), run) for run in runs]
    application()
    theme().choose("light")
    card = OverlayCard()
    card.resize(SIZE)
    card.measure.select(measure)
    card.span.select(over)
    card.show_runs(
        [
            Compared(index, run_words.title(runlist.row(folder)), runlist.read(folder).trace)
            for index, folder in enumerate(folders)
        ]
    )
    saved = card.save_picture(out)
    card.deleteLater()
    application().processEvents()
    if not saved:
        raise CannotWrite(f"'{out}' cannot be written as a picture.", "Choose a .png in a folder you may write to.")
    return {"path": out, "bytes": Path(out).stat().st_size, "runs": [folder.name for folder in folders]}
