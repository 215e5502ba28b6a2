"""A checkpoint: all that a run needs to go on, beside its network in one model file."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine.config import RunConfig
from engine.errors import BadFile, FlipscopeError
from engine.inference import modelfile
from engine.inference.network import Network


@dataclass(frozen=True)
class Standing:
    """How far a run is, and its settings as they are now.

    step, epoch, position: see training.loop.Place. seconds: of training so far. run: name of the run.
    """

    config: RunConfig
    step: int
    epoch: int
    position: int
    seconds: float
    run: str

    @classmethod
    def of(cls, path: Path) -> Standing:
        """What the header of a model file says, at the price of reading the header. Raises BadFile."""
        return cls(**_values(modelfile.load_extra(path), path))


@dataclass(frozen=True)
class Checkpoint(Standing):
    """A standing with the canonical arrays of its training state."""

    arrays: dict[str, NDArray[Any]]

    def to_bytes(self, network: Network) -> bytes:
        """A model file: the network, and this beside it."""
        extra = {field.name: getattr(self, field.name) for field in fields(Standing)}
        return modelfile.to_bytes(network, self.arrays, extra | {"config": self.config.to_json()})

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Read the training state of a model file. Raises BadFile where there is none, or it is not one of ours."""
        arrays, extra = modelfile.load_state(path)
        return cls(arrays=dict(arrays), **_values(extra, path))


def _values(extra: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The fields of a standing out of a model file's record. Raises BadFile."""
    values: dict[str, Any] = {key: extra.get(key) for key in _SOUND}
    if not all(sound(values[key]) for key, sound in _SOUND.items()) or not isinstance(extra.get("config"), dict):
        raise BadFile(f"The training state in '{path}' is not complete.", "Resume from another checkpoint.")
    try:
        return values | {"config": RunConfig.from_json(extra["config"])}
    except (FlipscopeError, TypeError) as error:
        raise BadFile(f"The settings in '{path}' are not understood: {error}", "Resume another run.") from error


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 62


_SOUND: dict[str, Callable[[object], bool]] = {
    "step": _is_count,
    "epoch": _is_count,
    "position": _is_count,
    "seconds": lambda value: isinstance(value, int | float) and 0 <= value < math.inf,
    "run": lambda value: isinstance(value, str),
}
