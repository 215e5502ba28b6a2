"""A popover beside a widget, pointing at it, and the ring around that widget; the window goes on being used."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QPolygon
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.lesson_dialog import opening
from app.theme import GRID, RADIUS, theme, tokens
from app.widgets.card import label, set_role

WIDTH, ARROW, MARGIN = 360, 10, 8
"""Pixels: of the popover, of its arrow, and what it keeps from the window's edges."""
FORTH = (Qt.Key.Key_Right, Qt.Key.Key_Return, Qt.Key.Key_Enter)


def placed(size: QSize, target: QRect | None, room: QRect) -> tuple[QRect, str]:
    """Where a popover of this size goes, and on which side of the target: "right", "left", "below", "above".

    "" where there is no target, or no side has room: then it lies in the lower right corner.
    """
    within = room.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
    if target is not None:
        x, y = target.center().x() - size.width() // 2, target.center().y() - size.height() // 2
        x = max(within.left(), min(x, within.right() - size.width() + 1))
        y = max(within.top(), min(y, within.bottom() - size.height() + 1))
        for side, corner in (
            ("right", QPoint(target.right() + 1, y)),
            ("left", QPoint(target.left() - size.width(), y)),
            ("below", QPoint(x, target.bottom() + 1)),
            ("above", QPoint(x, target.top() - size.height())),
        ):
            if within.contains(QRect(corner, size)):
                return QRect(corner, size), side
    return QRect(within.bottomRight() - QPoint(size.width() - 1, size.height() - 1), size), ""


class Ring(QWidget):
    """An outline around what a popover points at; the mouse goes through it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tokens().color("float_"), 2))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS, RADIUS)


class Popover(QFrame):
    """A title, a few sentences, what is measured now, and the way on, back and out.

    Right or Enter goes on, Left back, Escape out. `act_asked` is of the one button that a step may have.
    """

    on_asked = Signal()
    back_asked = Signal()
    out_asked = Signal()
    act_asked = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window, self._column = window, QVBoxLayout(self)
        self._side, self._tip = "", 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedWidth(WIDTH)
        self.title, self.count = label("", "title"), label("", "muted")
        self.words, self.fact = label(), label("", "muted")
        self.lesson = opening(label())
        for text in (self.words, self.fact):
            text.setWordWrap(True)
        self.act = self._button("", self.act_asked.emit)
        self.out = self._button("Skip the tour", self.out_asked.emit)
        self.out.setProperty("flat", True)
        self.back = self._button("Back", self.back_asked.emit)
        self.on = self._button("Next", self.on_asked.emit)
        self._lay_out()
        theme().dress(self)
        self.hide()

    def say(self, title: str, words: str, lesson: str, place: tuple[int, int]) -> None:
        """Show a step. lesson: Markdown with a link. place: which step of how many, from 1."""
        number, last = place
        self.title.setText(title)
        self.words.setText(words)
        self.lesson.setText(lesson)
        self.count.setText(f"{number} of {last}")
        self.back.setEnabled(number > 1)
        self.on.setText("Next" if number < last else "Done")
        self.out.setVisible(number < last)
        self.setAccessibleName(f"Tour, {number} of {last}: {title}")
        self.setAccessibleDescription(words)

    def tell(self, fact: str, act: str) -> None:
        """Show what is measured now, or that nothing is, and a button that changes that; "" for none."""
        set_role(self.fact, "muted" if act else "good")
        self.fact.setText(fact)
        self.fact.setVisible(bool(fact))
        self.act.setText(act)
        self.act.setVisible(bool(act))

    def point_at(self, target: QRect | None) -> None:
        """Go beside a place of the window, or into its corner."""
        self._column.activate()
        size = QSize(WIDTH, self._column.heightForWidth(WIDTH))
        where, self._side = placed(size, target, self._window.rect())
        if target is not None and self._side in ("right", "left"):
            self._tip = max(RADIUS + ARROW, min(target.center().y() - where.top(), where.height() - RADIUS - ARROW))
        elif target is not None:
            self._tip = max(RADIUS + ARROW, min(target.center().x() - where.left(), where.width() - RADIUS - ARROW))
        self.setFixedHeight(where.height())
        self.move(where.topLeft())
        self.update()

    # ------------------------------------------------------------ keys and painting

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._take(event.key()):
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The arrows walk the tour from its buttons too."""
        taken = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._take(event.key())
        return taken or super().eventFilter(watched, event)

    def _take(self, key: int) -> bool:
        if key == Qt.Key.Key_Escape:
            self.out_asked.emit()
        elif key in FORTH:
            self.on_asked.emit()
        elif key == Qt.Key.Key_Left:
            self.back_asked.emit()
        else:
            return False
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        t, inner = tokens(), QRectF(self.rect()).adjusted(ARROW, ARROW, -ARROW, -ARROW)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(t.color("float_"), 1))
        painter.setBrush(t.color("raised"))
        painter.drawRoundedRect(inner, RADIUS, RADIUS)
        if self._side:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(t.color("float_"))
            painter.drawPolygon(self._arrow())

    def _arrow(self) -> QPolygon:
        width, height, at = self.width(), self.height(), self._tip
        match self._side:
            case "right":
                corners = (QPoint(0, at), QPoint(ARROW, at - ARROW), QPoint(ARROW, at + ARROW))
            case "left":
                corners = (QPoint(width, at), QPoint(width - ARROW, at - ARROW), QPoint(width - ARROW, at + ARROW))
            case "below":
                corners = (QPoint(at, 0), QPoint(at - ARROW, ARROW), QPoint(at + ARROW, ARROW))
            case _:
                corners = (QPoint(at, height), QPoint(at - ARROW, height - ARROW), QPoint(at + ARROW, height - ARROW))
        return QPolygon(list(corners))

    # ------------------------------------------------------------ making it

    def _button(self, text: str, asked: object) -> QPushButton:
        button = QPushButton(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(asked)
        button.installEventFilter(self)
        return button

    def _lay_out(self) -> None:
        column = self._column
        column.setContentsMargins(ARROW + 16, ARROW + 12, ARROW + 16, ARROW + 12)
        column.setSpacing(GRID)
        head, foot = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.count)
        foot.addWidget(self.out)
        foot.addStretch(1)
        foot.addWidget(self.back)
        foot.addWidget(self.on)
        column.addLayout(head)
        for part in (self.words, self.fact, self.act, self.lesson):
            column.addWidget(part)
        column.addLayout(foot)
