"""The command of this room, as a plain record that survives JSON."""

from __future__ import annotations

from typing import Any

from engine import export
from engine.files import not_over
from engine.inference import modelfile


def exported(path: str, form: str, out: str) -> dict[str, Any]:
    """Write the network of a model file in one of export.FORMATS. Raises FlipscopeError."""
    network = modelfile.load(path)
    not_over(out, path)
    writing = export.write(network, form, out)
    while True:
        try:
            next(writing)
        except StopIteration as end:
            return {"model": path, "format": form, "path": out, "bytes": end.value}
