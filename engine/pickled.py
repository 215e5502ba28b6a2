"""Pickles of others, read without trusting them: what they would have made stays inert, and only known names pass."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Mapping
from typing import Any

Name = tuple[str, str]
"""Module and name of a class or function."""

ARRAYS: tuple[Name, ...] = (
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
)
"""What an array was pickled with."""


class Inert:
    """Stands for whatever a pickle would have made: it keeps what it is given and does nothing."""

    def __init__(self, *given: object) -> None:
        self.given = given
        self.state: Any = ()

    def __setstate__(self, state: object) -> None:
        self.state = state


def inert(content: bytes, known: Mapping[Name, Callable[..., object]]) -> Any:
    """What a pickle holds, byte strings as bytes, every object made by what `known` says stands for its name.

    Raises what pickle raises: UnpicklingError for a name that is not known, and whatever a damaged file leads to.
    """
    return _Unpickler(content, known).load()


class _Unpickler(pickle.Unpickler):
    def __init__(self, content: bytes, known: Mapping[Name, Callable[..., object]]) -> None:
        super().__init__(io.BytesIO(content), encoding="bytes")
        self._known = known

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._known:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in it")
        return self._known[module, name]
