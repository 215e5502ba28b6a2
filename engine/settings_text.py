"""The settings of a run in words, for the help of the command line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.config import CHOICES, LIVE, RANGES, RunConfig


def settings_text() -> str:
    """Every setting that --set takes: its default, and its range or what each choice is. A star: may change live."""
    lines = ["settings for --set (*: may change while a run is under way):"]
    for key, default in RunConfig().to_json().items():
        lines += _lines(f"{key}{'*' if key in LIVE else ''}", key, default)
    return "\n".join(lines)


def _lines(name: str, key: str, default: Any) -> Iterator[str]:
    shown = {None: "none", "": "nothing"}.get(default, default)
    if key in CHOICES:
        yield f"  {name:<24} {shown} unless set"
        for choice, line in CHOICES[key].items():
            yield f"    {choice:<22} {line}"
    elif key in RANGES:
        low, high = RANGES[key]
        yield f"  {name:<24} {shown} unless set; {low:g} to {high:g}"
    else:
        yield f"  {name:<24} {shown} unless set"
