"""Toasts in the corner of the window, and the hook that turns an unexpected exception into one."""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from app.theme import theme

log = logging.getLogger(__name__)

MARGIN = 16
SHOWN_MS = 12_000
COPY = "Copy report"


class Toast(QWidget):
    """One message over the window's lower right corner, with a report to copy where there is one."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.setObjectName("toast")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._report = self._page = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 10, 10)
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setMinimumWidth(300)
        self._copy = QPushButton(COPY)
        self._copy.clicked.connect(self._copy_report)
        close = QPushButton("✕")
        close.setProperty("flat", True)
        close.setAccessibleName("Dismiss this message")
        close.clicked.connect(self.hide)
        for part, stretch in ((self._text, 1), (self._copy, 0), (close, 0)):
            row.addWidget(part, stretch)
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._timer.timeout.connect(self.hide)
        theme().dress(self)
        parent.installEventFilter(self)
        self.hide()

    def say(self, text: str, report: str = "", page: str = "") -> None:
        """Show a message for some seconds; one with a report stays until it is dismissed.

        page: whose notice it repeats, if any.
        """
        self._page = page
        self._text.setText(text)
        self._report = report
        self._copy.setText(COPY)  # the report before this one may have been copied
        self._copy.setVisible(bool(report))
        self._timer.stop()
        if not report:
            self._timer.start()
        self._place()
        self.show()
        self.raise_()

    def page_shown(self, name: str) -> None:
        """The page says it itself now."""
        if self._page == name:
            self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner when the window is resized."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        parent = self._window
        self.setFixedWidth(min(460, parent.width() - 2 * MARGIN))
        self.adjustSize()
        self.move(parent.width() - self.width() - MARGIN, parent.height() - self.height() - 28 - MARGIN)

    def _copy_report(self) -> None:
        QGuiApplication.clipboard().setText(self._report)
        self._copy.setText("Copied")


class ExceptionHook(QObject):
    """Logs what nobody expected and says so; training and the rest of the window go on."""

    happened = Signal(str, str)

    def install(self) -> None:
        """Take over sys.excepthook; PySide sends exceptions of slots there too."""
        sys.excepthook = self._hook

    def remove(self) -> None:
        """Give sys.excepthook back."""
        sys.excepthook = sys.__excepthook__

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        report = "".join(traceback.format_exception(kind, error, trace))
        log.error("unexpected\n%s", report)
        self.happened.emit(f"Something unexpected happened ({kind.__name__}). The rest goes on.", report)
