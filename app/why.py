""" "Why?" of every panel: what is seen in it, what its figures are, and the lesson that says why."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from app.lesson_dialog import lesson_link
from app.theme import GAP, theme
from app.widgets.card import Card, label

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def explain(panel: QWidget, seen: str, measured: str, lesson: str) -> None:
    """Say of a panel what F1 in it tells. Its title can be clicked for that, or reached by Tab and opened by Enter.

    Args:
        seen: what is seen, in two sentences.
        measured: what its figures are, with their units, and how they came about; also the tip of a card's title, and
            of what is no card.
        lesson: the name of the one that says why (app.lessons).
    """
    panel.setWhatsThis(seen)
    panel.setProperty("measured", measured)
    panel.setProperty("lesson", lesson)
    if not isinstance(panel, Card):
        panel.setToolTip(panel.toolTip() or measured)
        return
    panel.hint.tell_more(measured)
    panel.title.setToolTip(f"{measured}\nClick for more (F1)")
    panel.title.setAccessibleName(f"{panel.title.text()}: what is seen here")
    panel.title.setCursor(Qt.CursorShape.WhatsThisCursor)
    panel.title.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    panel.title.installEventFilter(_Asking(panel))


def explained(widget: QWidget | None) -> QWidget | None:
    """The panel that a widget is in, or is, of which `explain` has said something; None where there is none."""
    while widget is not None and not widget.whatsThis():
        widget = widget.parentWidget()
    return widget


class PanelHelp(QDialog):
    """What is seen in a panel, how it was measured, and the way to its lesson."""

    def __init__(self, panel: QWidget) -> None:
        super().__init__(panel.window())
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("What am I seeing?")
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(GAP)
        title = panel.title.text() if isinstance(panel, Card) else panel.accessibleName()
        seen, measured = label(panel.whatsThis()), label(panel.property("measured"), "muted")
        for words in (seen, measured):
            words.setWordWrap(True)
            words.setMinimumWidth(440)
        for part in (label(title, "title"), seen, measured, lesson_link(panel.property("lesson"))):
            column.addWidget(part)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())  # the style's own is not of the theme
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        theme().dress(self)


class _Asking(QObject):
    """Opens a card's help where its title is pressed."""

    def __init__(self, card: Card) -> None:
        super().__init__(card)
        self._card = card

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        entered = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in ENTER
        if entered or event.type() == QEvent.Type.MouseButtonRelease:
            PanelHelp(self._card).open()
            return True
        return super().eventFilter(watched, event)
