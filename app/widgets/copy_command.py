"""A button that puts what is on the screen on the clipboard, as the command that does the same."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton, QToolTip

from app.as_command import Command
from app.icons import icon
from app.theme import theme, tokens
from engine.errors import FlipscopeError

WIDTH = 34


class CopyCommand(QPushButton):
    """Asks `command` when it is pressed, which may raise a FlipscopeError; says what it copied, or why it could not."""

    def __init__(self, what: str, command: Callable[[], Command]) -> None:
        super().__init__()
        self._command = command
        self.setAccessibleName(f"Copy {what} as a command")
        self.setToolTip(f"Copy {what} as a command: the line that gives the same figures without the window")
        self.setFixedWidth(WIDTH)
        self.setStyleSheet("padding-left: 0; padding-right: 0;")
        self.clicked.connect(lambda _checked=False: self.copy())
        theme().changed.connect(self._recolor)
        self._recolor()

    def copy(self) -> None:
        """Copy it."""
        try:
            command = self._command()
        except FlipscopeError as error:
            self._say(f"✗ {error}")
            return
        QGuiApplication.clipboard().setText(command.line)
        self._say("\n".join(filter(None, ("Copied:", command.line, command.caveat))))

    def _say(self, words: str) -> None:
        self.setAccessibleDescription(words)
        QToolTip.showText(self.mapToGlobal(QPoint(0, self.height())), words, self)

    def _recolor(self) -> None:
        self.setIcon(icon("command", tokens().text, 18))
