"""The window's log file, and what a hard crash leaves there."""

from __future__ import annotations

import faulthandler
import logging
import logging.handlers
from typing import TextIO

from engine import paths

_fault_file: TextIO | None = None


def start_logging() -> None:
    """Log to a rotating file, and to stderr where the folder cannot be written."""
    global _fault_file
    handler: logging.Handler
    try:
        folder = paths.log_dir()
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(folder / "window.log", maxBytes=1 << 20, backupCount=2)
        _fault_file = open(folder / "window-fault.log", "a", encoding="utf-8")  # noqa: SIM115 - open until the end
        faulthandler.enable(_fault_file)
    except OSError as error:
        handler = logging.StreamHandler()
        logging.getLogger(__name__).warning("logging to stderr: %s", error)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
