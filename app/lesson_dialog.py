"""A lesson beside the window: its page in Markdown, its picture in the theme's colours, links to the other lessons."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLabel, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from app import lessons
from app.theme import GRID, theme, tokens
from app.widgets.card import keep_link_color, label

SIZE = (700, 680)


class LessonPage(QTextBrowser):
    """Shows one lesson at a time; links lead to others, and back."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Lesson")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSearchPaths([str(lessons.FOLDER)])
        self.setOpenExternalLinks(True)
        self.document().setDocumentMargin(2 * GRID)
        theme().changed.connect(self.reload)

    def show_lesson(self, name: str) -> None:
        """Turn to a lesson."""
        self.setSource(QUrl(f"{name}.md"), QTextDocument.ResourceType.MarkdownResource)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Pictures are there for both themes: in the dark one "bit.png" is the file "bit-dark.png"."""
        url = QUrl(name)
        if kind == QTextDocument.ResourceType.ImageResource.value and tokens().dark:
            url = QUrl(url.toString().replace(".png", "-dark.png"))
        return super().loadResource(kind, url)


class LessonDialog(QDialog):
    """A lesson in a window of its own, so that the other stays in sight and can be used meanwhile."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*SIZE)
        self.page = LessonPage()
        back, every = QPushButton("Back"), QPushButton("All lessons")
        close = QPushButton("Close")
        row = QHBoxLayout()
        row.setContentsMargins(2 * GRID, GRID, 2 * GRID, 2 * GRID)
        for button in (back, every):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.page, 1)
        column.addLayout(row)
        theme().dress(self)
        back.setEnabled(False)
        self.page.backwardAvailable.connect(back.setEnabled)
        self.page.sourceChanged.connect(self._name)
        back.clicked.connect(self.page.backward)
        every.clicked.connect(lambda: self.page.show_lesson(lessons.INDEX))
        close.clicked.connect(self.close)
        self.page.show_lesson(name)

    def _name(self, url: QUrl) -> None:
        name = url.fileName().removesuffix(".md")
        self.setWindowTitle(lessons.titles().get(name, "Lessons"))


def lesson_link(name: str) -> QLabel:
    """The way to a lesson: its title, to be clicked, or reached by Tab and opened by Enter."""
    link = label(f"Lesson: [{lessons.titles()[name]}]({name}.md)")
    link.setToolTip("Opens beside the window")
    return opening(link)


def opening(words: QLabel) -> QLabel:
    """Have the links in a label of Markdown open lessons."""
    words.setTextFormat(Qt.TextFormat.MarkdownText)
    words.setTextInteractionFlags(Qt.TextInteractionFlag.LinksAccessibleByMouse | _BY_KEYS)
    words.linkActivated.connect(lambda file: LessonDialog(file.removesuffix(".md"), words.window()).show())
    keep_link_color(words)
    return words


_BY_KEYS = Qt.TextInteractionFlag.LinksAccessibleByKeyboard
