"""Whether a window can be opened here, tried in a process of its own: Qt ends the one in which it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from app.cli.printing import Record
from engine.errors import Unsupported

PATIENCE = 20
"""Seconds."""
TRY = """
import json
from PySide6.QtGui import QGuiApplication
app = QGuiApplication(["flipscope"])
screen = app.primaryScreen()
size = screen.size()
print(json.dumps({
    "platform": app.platformName(),
    "screen": f"{size.width()}x{size.height()} at scale {screen.devicePixelRatio():g}",
    "style": app.styleHints().colorScheme().name.lower(),
}))
"""


def missing() -> bool:
    """Whether nothing names a display where one must be named."""
    return sys.platform == "linux" and not any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")))


def demand() -> None:
    """Raises Unsupported where no window can be opened for want of a named display."""
    if missing():
        raise Unsupported("There is no display for the window.", "Set DISPLAY, or use the commands: flipscope --help.")


def display() -> Record:
    """Qt's platform and the screen, or the reason why there is none, a sentence of ours or Qt's own words."""
    if missing():
        return {"ready": False, "reason": "DISPLAY and WAYLAND_DISPLAY are not set."}
    try:
        done = subprocess.run(
            [sys.executable, "-c", TRY], capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return {"ready": False, "reason": f"Qt did not answer within {PATIENCE} s."}
    if done.returncode == 0:
        return {"ready": True, "reason": "", **json.loads(done.stdout)}
    words = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return {"ready": False, "reason": " ".join(words[:3]) or f"Qt ended with {done.returncode}."}
