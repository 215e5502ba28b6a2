"""The window: a rail of pages, a status line, shortcuts, files dropped anywhere, and an orderly end."""

from __future__ import annotations

import binascii
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.actions import ACTIONS
from app.focus import leave_keys
from app.help import HelpDialog
from app.icons import icon
from app.notify import ExceptionHook, Toast
from app.pages.draw import DrawPage
from app.pages.kernels import KernelsPage
from app.pages.labs import LabsPage
from app.pages.learn import LearnPage
from app.session import Notice, Session
from app.theme import Choice, theme, tokens
from app.why import PanelHelp, explained
from app.widgets.status import StatusLine

PAGES = (("draw", "Draw"), ("learn", "Learn"), ("kernels", "Kernels"), ("labs", "Labs"))
MAKERS: dict[str, Callable[[Session], QWidget]] = {
    "draw": DrawPage,
    "learn": LearnPage,
    "kernels": KernelsPage,
    "labs": LabsPage,
}
SIZE = QSize(1280, 800)
TITLE_BAR = 40
"""What a window manager may add to a window's height, about."""
PICTURES = "*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff"


class Window(QMainWindow):
    """Shows one page of a session at a time. `painted` is emitted once, after the first picture is on the screen."""

    painted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session: Session = session
        self._pages: dict[str, QWidget] = {}
        self._shown = False
        self.setWindowTitle("Flipscope")
        self.setMinimumSize(1024, 680)
        self.setAcceptDrops(True)
        self._stack = QStackedWidget()
        self._buttons = QButtonGroup(self)
        self._status = StatusLine(session)
        self.setCentralWidget(self._frame())
        self._toast = Toast(self)
        self._hook = ExceptionHook()
        self._hook.happened.connect(self._toast.say)
        self._hook.install()
        session.noticed.connect(self._notice)
        session.exporter.done.connect(self._toast.say)
        theme().changed.connect(self._restyle)
        self._restyle()
        self._make_shortcuts()
        self._restore_geometry()
        self.show_page(session.settings.page if session.settings.page in dict(PAGES) else "draw")

    # ------------------------------------------------------------ pages

    def page(self, name: str) -> QWidget:
        """The page of that name, made at first use."""
        if name not in self._pages:
            page = MAKERS[name](self.session)
            if isinstance(page, DrawPage):
                page.watch_asked.connect(lambda: self.show_page("learn"))
                page.bar.open_asked.connect(self.ask_open)
            leave_keys(page)
            self._pages[name] = page
            self._stack.addWidget(page)
        return self._pages[name]

    def show_page(self, name: str) -> None:
        """Bring a page to the front."""
        self._stack.setCurrentWidget(self.page(name))
        self.page(name).setFocus()
        self._buttons.button([key for key, _ in PAGES].index(name)).setChecked(True)
        self.session.show_page(name)
        self._toast.page_shown(name)

    def _make_remaining_pages(self) -> None:
        """Make one page that has not been shown yet at each idle moment, so that the first switch is quick."""
        for name, _ in PAGES:
            if name not in self._pages:
                self.page(name)
                QTimer.singleShot(150, self, self._make_remaining_pages)
                return

    # ------------------------------------------------------------ what actions do

    def toggle_mode(self) -> None:
        """Float to XNOR or back."""
        self.session.set_mode("float" if self.session.mode == "xnor" else "xnor")

    def toggle_runs(self) -> None:
        """Show the kept runs on the Learn page, or the run again."""
        learn = self._learn()
        learn.show_runs(not learn.runs.isVisible())

    def toggle_setup(self) -> None:
        """Show what is trained and how on the Learn page, or the curves again."""
        learn = self._learn()
        learn.show_setup("" if learn.setup.isVisible() else "method")

    def _learn(self) -> LearnPage:
        self.show_page("learn")
        learn = self.page("learn")
        assert isinstance(learn, LearnPage)
        return learn

    def toggle_theme(self) -> None:
        """Light to dark or back, and remember it."""
        choice: Choice = "light" if tokens().dark else "dark"
        self.session.settings.theme = choice
        theme().choose(choice)

    def explain(self) -> None:
        """What the panel shows that has the keys, else the page in front."""
        panel = explained(QApplication.focusWidget())
        if panel is None:
            self.show_help()
        else:
            PanelHelp(panel).open()

    def show_help(self) -> None:
        """What the page in front shows, and the keys."""
        HelpDialog(self.session.visible_page, self).open()

    def ask_open(self) -> None:
        """Choose a model or a picture to open."""
        path, _ = QFileDialog.getOpenFileName(
            self, "Open a model or a picture", "", f"Models and pictures (*.safetensors {PICTURES});;All files (*)"
        )
        if path:
            self.open_file(path)

    def open_file(self, path: str) -> None:
        """Open a model file, or a picture on the Draw page."""
        self.show_page("draw")
        if Path(path).suffix.lower() == ".safetensors":
            self.session.open_model(path)
        else:
            self.session.open_picture(path)

    def request_close(self) -> None:
        """Close from an action."""
        self.close()

    # ------------------------------------------------------------ events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Single-key shortcuts: what arrives here is what the focused widget had no use for."""
        if event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier):
            pressed = QKeySequence(event.key()).toString()
            for action in ACTIONS:
                if action.single_key and action.shortcut == pressed and not event.isAutoRepeat():
                    action.run(self)
                    return
        super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and event.mimeData().urls()[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.open_file(event.mimeData().urls()[0].toLocalFile())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._shown:
            self._shown = True
            QTimer.singleShot(0, self, self._after_first_paint)

    def _after_first_paint(self) -> None:
        self.repaint()
        self.painted.emit()
        QTimer.singleShot(600, self, self._make_remaining_pages)

    def closeEvent(self, event: QCloseEvent) -> None:
        settings = self.session.settings
        settings.geometry = binascii.b2a_base64(self.saveGeometry().data(), newline=False).decode()
        self.hide()  # the children may take a moment to save; the person need not watch
        self._hook.remove()
        self.session.end()
        event.accept()

    # ------------------------------------------------------------ making it

    def _frame(self) -> QWidget:
        frame = QWidget()
        frame.setObjectName("page")
        columns = QHBoxLayout(frame)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(0)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self._stack, 1)
        right.addWidget(self._status)
        columns.addWidget(self._rail())
        columns.addLayout(right, 1)
        return frame

    def _rail(self) -> QFrame:
        rail = QFrame()
        rail.setObjectName("rail")
        rail.setFixedWidth(72)
        column = QVBoxLayout(rail)
        column.setContentsMargins(6, 8, 6, 8)
        for index, (name, text) in enumerate(PAGES):
            button = _rail_button(text, f"{text} page (Ctrl+{index + 1})")
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, name=name: self.show_page(name))
            self._buttons.addButton(button, index)
            column.addWidget(button)
        column.addStretch(1)
        self._theme_button = _rail_button("Theme", "Light or dark (Ctrl+T)")
        self._theme_button.clicked.connect(self.toggle_theme)
        self._help_button = _rail_button("Help", "What this page shows, lessons, keys")
        self._help_button.clicked.connect(self.show_help)
        column.addWidget(self._theme_button)
        column.addWidget(self._help_button)
        return rail

    def _make_shortcuts(self) -> None:
        for spec in ACTIONS:
            if not spec.single_key:
                action = QAction(spec.text, self)
                action.setShortcut(QKeySequence(spec.shortcut))
                action.triggered.connect(lambda _=False, spec=spec: spec.run(self))
                self.addAction(action)

    def _restore_geometry(self) -> None:
        room = self.screen().availableGeometry()
        if room.width() <= SIZE.width() or room.height() <= SIZE.height() + TITLE_BAR:
            self.setWindowState(Qt.WindowState.WindowMaximized)
        self.resize(SIZE)
        stored = self.session.settings.geometry
        if stored:
            try:
                self.restoreGeometry(QByteArray(binascii.a2b_base64(stored)))
            except binascii.Error:
                self.session.settings.geometry = ""

    def _restyle(self) -> None:
        t = tokens()
        for index, (name, _) in enumerate(PAGES):
            self._buttons.button(index).setIcon(icon(name, t.text))
        self._theme_button.setIcon(icon("theme", t.muted))
        self._help_button.setIcon(icon("help", t.muted))
        self.setWindowIcon(icon("flipscope", t.text, 64))

    def _notice(self, notice: Notice) -> None:
        """A notice for a page in the background, or for every page, is a toast as well."""
        if notice.page != self.session.visible_page:
            self._toast.say(
                f"{notice.what} {notice.remedy}".strip(),
                notice.report if notice.action == "report" else "",
                notice.page,
            )


def _rail_button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setProperty("flat", True)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
    button.setIconSize(QSize(22, 22))
    button.setFixedSize(60, 54)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
