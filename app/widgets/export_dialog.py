"""The question where, and in which form, the model in use is to be written for other tools."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from app.session import Notice, Session
from engine.export import FORMATS, Format


def ask_export(parent: QWidget, session: Session) -> None:
    """Ask for a file and write it; what cannot be is told on the Draw page."""
    model = session.model
    if model is None:
        session.noticed.emit(
            Notice("draw", "There is no model to export yet.", "Open one, or wait until it is loaded.")
        )
        return
    filters = {filter_text(form): name for name, form in FORMATS.items()}
    typed, chosen = QFileDialog.getSaveFileName(parent, "Export the model", model.name, ";;".join(filters))
    if not typed:
        return
    name = filters[chosen]
    suffix = FORMATS[name].suffix
    path = typed if typed.lower().endswith(suffix) else typed + suffix
    if path != typed and Path(path).exists():  # the dialog has asked about what was typed, not about this file
        session.noticed.emit(Notice("draw", f"'{path}' is there already.", "Choose it by its whole name, or another."))
        return
    session.exporter.write(name, path)


def filter_text(form: Format) -> str:
    """A form as a file dialog lists it."""
    return f"{form.title} (*{form.suffix})"
