"""The window: a rail of pages, a status line, shortcuts, files dropped anywhere, and an orderly end."""

from __future__ import annotations

import binascii
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

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
    QFileDialog,
    QHBoxLayout,
    QMainWindow,
    QVBoxLayout,
    QWidget,
)

from app.actions import ACTIONS
from app.help import HelpDialog
from app.icons import icon
from app.notify import ExceptionHook, Toast
from app.page_stack import MAKERS, PageStack
from app.session import Notice, Session
from app.theme import Choice, theme, tokens
from app.tour import Tour
from app.why import PanelHelp, explained
from app.widgets.rail import Rail
from app.widgets.status import StatusLine

if TYPE_CHECKING:
    from app.pages.draw import DrawPage
    from app.pages.kernels import KernelsPage
    from app.pages.learn import LearnPage

PAGES = (("draw", "Draw"), ("learn", "Learn"), ("kernels", "Kernels"), ("labs", "Labs"))
SIZE = QSize(1280, 800)
TITLE_BAR = 40
"""What a window manager may add to a window's height, about."""
PICTURES = "*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff"


class Window(QMainWindow):
    """Shows one page of a session at a time.

    `painted` is emitted once, after the first picture is on the screen, and `whole` once, when every page is made.
    """

    painted = Signal()
    whole = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session: Session = session
        self._shown = False
        self.setWindowTitle("Flipscope")
        self.setMinimumSize(1024, 680)
        self.setAcceptDrops(True)
        self._stack = PageStack(session)
        self._stack.made.connect(self._page_made)
        self.rail = Rail(PAGES)
        self.rail.page_asked.connect(self.show_page)
        self.rail.theme_asked.connect(self.toggle_theme)
        self.rail.help_asked.connect(self.show_help)
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
        first = session.settings.page if session.settings.page in dict(PAGES) else "draw"
        self.page(first)
        self.show_page(first)

    # ------------------------------------------------------------ pages

    def page(self, name: str) -> QWidget:
        """The page of that name, whole."""
        return self._stack.page(name)

    @property
    def draw(self) -> DrawPage:
        return cast("DrawPage", self.page("draw"))

    @property
    def learn(self) -> LearnPage:
        return cast("LearnPage", self.page("learn"))

    @property
    def kernels(self) -> KernelsPage:
        return cast("KernelsPage", self.page("kernels"))

    def show_page(self, name: str) -> None:
        """Bring a page to the front, as soon as it is made."""
        self._stack.bring(name)
        self.rail.mark(name)
        self.session.show_page(name)
        self._toast.page_shown(name)

    def _page_made(self, name: str) -> None:
        if name == "draw":
            self.draw.watch_asked.connect(lambda: self.show_page("learn"))
            self.draw.bar.open_asked.connect(self.ask_open)
        if all(self._stack.is_whole(page) for page in MAKERS):
            self.whole.emit()

    # ------------------------------------------------------------ what actions do

    def toggle_mode(self) -> None:
        """Float to XNOR or back."""
        self.session.set_mode("float" if self.session.mode == "xnor" else "xnor")

    def toggle_runs(self) -> None:
        """Show the kept runs on the Learn page, or the run again."""
        self.show_page("learn")
        self.learn.show_runs(not self.learn.runs.isVisible())

    def toggle_setup(self) -> None:
        """Show what is trained and how on the Learn page, or the curves again."""
        self.show_page("learn")
        self.learn.show_setup("" if self.learn.setup.isVisible() else "method")

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
        dialog = HelpDialog(self.session.visible_page, self)
        dialog.tour_asked.connect(self.start_tour)
        dialog.open()

    def start_tour(self) -> None:
        """Begin the tour, which is not begun by itself again."""
        self.session.settings.toured = True
        self.tour.begin()

    @cached_property
    def tour(self) -> Tour:
        """Made when it is wanted first."""
        return Tour(self)

    def ask_open(self) -> None:
        """Choose a model or a picture to open."""
        path, _ = QFileDialog.getOpenFileName(
            self._stack.currentWidget(),
            "Open a model or a picture",
            "",
            f"Models, pictures, zipped runs (*.safetensors *.zip {PICTURES});;All files (*)",
        )
        if path:
            self.open_file(path)

    def open_file(self, path: str) -> None:
        """Open a model file, or a picture on the Draw page, or a zipped run among the kept ones."""
        if Path(path).suffix.lower() == ".zip":
            self.show_page("learn")
            self.learn.show_runs(True)
            self.session.library.import_zip(path)
            return
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
        QTimer.singleShot(600, self._stack, self._stack.make_rest)

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
        columns.addWidget(self.rail)
        columns.addLayout(right, 1)
        for part in (self.rail, self._status):
            theme().dress(part)
        return frame

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
        self.setWindowIcon(icon("flipscope", tokens().text, 64))

    def _notice(self, notice: Notice) -> None:
        """A notice for a page in the background, or for every page, is a toast as well."""
        if notice.page != self.session.visible_page:
            self._toast.say(
                f"{notice.what} {notice.remedy}".strip(),
                notice.report if notice.action == "report" else "",
                notice.page,
            )
