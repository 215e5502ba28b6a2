"""Lessons: short pages in Markdown with a picture each, in assets/lessons; what the window shows are those files."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

FOLDER = Path(str(files("assets"))) / "lessons"
INDEX, SETTINGS = "README", "settings"


def text(name: str) -> str:
    """The page of a lesson, Markdown."""
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


@cache
def titles() -> dict[str, str]:
    """The title of every lesson by its name, in the order of the index."""
    return {name: title for title, name in re.findall(r"^\d+\. \[([^\]]+)\]\((\w+)\.md\)$", text(INDEX), re.MULTILINE)}


@cache
def settings() -> dict[str, str]:
    """What each setting of a run is about, Markdown by key: the sections of a page of their own."""
    _, *sections = re.split(r"^## `(\w+)`$", text(SETTINGS), flags=re.MULTILINE)
    return {key: body.strip() for key, body in zip(sections[::2], sections[1::2], strict=True)}
