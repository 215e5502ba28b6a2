"""Lessons: every page is listed, every link and picture is there, every setting is told about, links open pages."""

import re

import pytest
from PySide6.QtWidgets import QLabel

from app import lessons
from app.lesson_dialog import LessonDialog, lesson_link
from app.options import BY_KEY, LESSONS
from app.theme import theme

PAGES = sorted(path.stem for path in lessons.FOLDER.glob("*.md"))


def test_the_index_lists_every_lesson_by_its_title():
    assert set(lessons.titles()) | {lessons.INDEX, lessons.SETTINGS} == set(PAGES)
    for name, title in lessons.titles().items():
        assert lessons.text(name).startswith(f"# {title}\n")


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_lessons_and_call_them_by_their_titles(name):
    for text, target in re.findall(r"\[([^\]]+)\]\((\w+)\.md\)", lessons.text(name)):
        assert target in PAGES
        if f"Next: [{text}]" in lessons.text(name) or f"Lesson: [{text}]" in lessons.text(name):
            assert text == lessons.titles()[target]


def test_every_setting_is_told_about():
    assert set(lessons.settings()) == set(BY_KEY)
    assert set(LESSONS.values()) <= set(lessons.titles())


def test_a_link_opens_its_lesson_and_links_lead_on(qtbot):
    link = lesson_link("flip")
    qtbot.addWidget(link)
    assert isinstance(link, QLabel)
    link.linkActivated.emit("flip.md")
    (dialog,) = link.findChildren(LessonDialog)
    assert dialog.windowTitle() == lessons.titles()["flip"]
    assert "learning rate" in dialog.page.toPlainText()
    dialog.page.show_lesson("sign")
    assert dialog.windowTitle() == lessons.titles()["sign"]
    dialog.page.backward()
    assert dialog.windowTitle() == lessons.titles()["flip"]
    theme().choose("light")
    theme().choose("dark")
    assert "learning rate" in dialog.page.toPlainText()


def test_links_are_in_the_colour_of_the_theme_in_force(qtbot):
    link = lesson_link("bit")
    qtbot.addWidget(link)
    link.resize(400, 24)
    for choice in ("light", "dark", "light"):
        theme().choose(choice)
        image = link.grab().toImage()
        colors = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
        assert theme().tokens.float_.lower() in colors
    theme().choose("dark")
