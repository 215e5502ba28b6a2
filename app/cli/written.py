"""A command line from what it asks for: the inverse of parsing, read off the parser itself."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any


def written(parser: argparse.ArgumentParser, values: Mapping[str, Any]) -> list[str]:
    """The arguments that `parser` parses to these values, by destination; what is at its default is left out."""
    named: list[str] = []
    placed: list[str] = []
    for action in parser._actions:
        value = values.get(action.dest, action.default)
        if value == action.default:
            continue
        several = isinstance(value, Sequence) and not isinstance(value, str)
        texts = [str(one) for one in (value if several else [value])]
        if not action.option_strings:
            placed += texts
        elif action.nargs == 0:
            named += [action.option_strings[0]]
        elif isinstance(action, argparse._AppendAction):
            named += [part for text in texts for part in (action.option_strings[0], text)]
        else:
            named += [action.option_strings[0], *texts]
    return placed + named  # an option that takes several would swallow what stands behind it
