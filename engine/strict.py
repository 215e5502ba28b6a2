"""Tables of TOML files read strictly: every key known, every value of its kind."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Collection, Mapping
from typing import Any

from engine.errors import BadFile, UnknownName


def loaded(content: bytes | str) -> dict[str, Any]:
    """The tables of a TOML text. Raises BadFile."""
    try:
        return tomllib.loads(content.decode() if isinstance(content, bytes) else content)
    except (ValueError, RecursionError) as error:  # not UTF-8, or no TOML
        raise BadFile(f"It is no TOML: {error}.", "Mend it, or fetch it again.") from error


def check_keys(table: Mapping[str, Any], kind: str, known: Collection[str], required: Collection[str] = ()) -> None:
    """Raise UnknownName, which names the nearest, for a key that nobody reads, and BadFile for one that is missing."""
    for key in table:
        if key not in known:
            raise UnknownName(kind, key, known)
    missing = [key for key in required if key not in table]
    if missing:
        raise BadFile(f"It does not name {', '.join(missing)}.", f"Every {kind} of these must be there.")


def typed(key: str, value: Any, *kinds: type) -> Any:
    """The value, if it is of one of these kinds; true and false are no numbers. Raises BadFile."""
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise BadFile(f"{key} is {value!r}.", f"Give it as {' or '.join(_WORDS[kind] for kind in kinds)}.")
    return value


def number(key: str, value: Any) -> float:
    """The value as a float, if it is a number and not beyond all floats. Raises BadFile."""
    try:
        return float(typed(key, value, int, float))
    except OverflowError:
        raise BadFile(f"{key} is larger than any number is.", "Give an ordinary one.") from None


_WORDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    datetime.date: "a date",
}
