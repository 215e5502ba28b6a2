"""Pickles of others, read without trusting them: what they would have made stays inert, and only known names pass."""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Callable, Mapping
from typing import Any

from engine.files import room_for

Name = tuple[str, str]
"""Module and name of a class or function."""

ARRAYS: tuple[Name, ...] = (
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
)
"""What an array was pickled with."""


STEP_BYTES = 96
"""What a step of a pickle may take, in the mean, beside the bytes that it carries."""


class Inert:
    """Stands for whatever a pickle would have made: it keeps what it is given and does nothing."""

    def __init__(self, *given: object) -> None:
        self.given = given
        self.state: Any = ()

    def __setstate__(self, state: object) -> None:
        self.state = state


def inert(content: bytes, known: Mapping[Name, Callable[..., object]]) -> Any:
    """What a pickle holds, byte strings as bytes, every object made by what `known` says stands for its name.

    Raises UnpicklingError for a name that is not known, for what would take more than there is room for, and for a
    damaged file.
    """
    try:
        _weigh(content)
        return _Unpickler(content, known).load()
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # pickle fails in nearly every way there is on damaged data
        raise pickle.UnpicklingError(f"no sound pickle: {error}") from error


def _weigh(content: bytes) -> None:
    """Raise UnpicklingError for a pickle that would take much more memory than it is long.

    A step of one byte makes an object, and a place in the memo that is far away makes all places before it.
    """
    most = room_for(len(content)) // STEP_BYTES
    for steps, (step, value, _) in enumerate(pickletools.genops(content)):
        if steps >= most or ("PUT" in step.name and isinstance(value, int) and value > most):
            raise pickle.UnpicklingError("it unfolds to more than there is room for")


class _Unpickler(pickle.Unpickler):
    def __init__(self, content: bytes, known: Mapping[Name, Callable[..., object]]) -> None:
        super().__init__(io.BytesIO(content), encoding="bytes")
        self._known = known

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._known:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in it")
        return self._known[module, name]
