"""What a run goes on from: its beginning, or a saved training state that can be gone on with here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import shorten

import numpy as np
import torch

import engine
from engine import datasets
from engine.checkpoint import Checkpoint
from engine.config import LIVE, RunConfig
from engine.datasets import extra
from engine.errors import BadFile, BadInput, UnknownName
from engine.inference.network import Metadata
from engine.runs import INPUTS, RunFolder
from engine.training import models, start, steppers
from engine.training.devices import set_up_torch
from engine.training.loop import Loop, Place
from engine.training.parallel import ALONE, World
from engine.training.reestimate import sample
from engine.training.steppers import Arrays


@dataclass(frozen=True)
class Trainable:
    """A state of a run and its data set. title: of a run that begins with a model, after that and what it adds."""

    saved: Checkpoint
    data: datasets.Dataset
    title: str = ""

    @classmethod
    def beginning(cls, config: RunConfig) -> Trainable:
        """Of a new run. Raises UnknownName, Unsupported, BadFile, BadInput."""
        config = _located(config)
        steppers.best(config)
        data = _data(config)
        arrays = models.initial(config, data.input_shape, len(data.class_names))
        title = ""
        if config.start:
            arrays = start.beginning(config, arrays, sample(data.train_images, config.seed))
            title = start.title(config)
        return cls(Checkpoint(config, 0, 0, 0, 0.0, "", arrays), data, title)

    @classmethod
    def resumed(cls, path: Path, config: RunConfig | None = None) -> Trainable:
        """Of the run that a file was saved by, going on with `config` where it is given.

        Raises BadFile where the state is not that of a run that can be made here, BadInput where the settings differ
        in what cannot change any more, Unsupported.
        """
        saved = Checkpoint.load(path)
        going_on = saved.config if config is None else _allowed(_located(saved.config), _located(config))
        folder = RunFolder(path.absolute().parent)
        going_on = folder.located(going_on) if folder.holds_a_run else going_on
        data = _data(going_on)
        _check(saved, data, path)
        steppers.best(going_on)
        return cls(replace(saved, config=going_on), data)

    def with_config(self, config: RunConfig) -> Trainable:
        """The same with settings that name its files otherwise."""
        return replace(self, saved=replace(self.saved, config=config))

    def loop(self, name: str, elapsed: Callable[[], float], world: World = ALONE) -> Loop:
        """The loop of the run of that name, with torch set up for it."""
        saved, data = self.saved, self.data
        set_up_torch(saved.config)
        about = Metadata(
            name=name,
            architecture=saved.config.model,
            input_shape=data.input_shape,
            class_names=data.class_names,
            preparation=data.preparation,
            dataset=data.name,
            seed=saved.config.seed,
            versions=producers(),
        )
        place = Place(saved.step, saved.epoch, saved.position)
        return Loop(saved.config, data, saved.arrays, elapsed, about, place, world)


def versions() -> dict[str, str]:
    """Versions of what makes the numbers."""
    return {"torch": str(torch.__version__), "numpy": np.__version__}


def producers() -> dict[str, str]:
    """Versions of all that a run is made by."""
    return {"flipscope": engine.__version__, **versions()}


def _check(saved: Checkpoint, data: datasets.Dataset, path: Path) -> None:
    """Raise BadFile unless the arrays are those of the run that the settings describe."""
    try:
        expected = models.initial(saved.config, data.input_shape, len(data.class_names))
        _check_arrays(saved.arrays, expected)
    except (BadInput, UnknownName) as error:
        raise BadFile(f"'{path}' cannot be resumed: {error.what}", error.remedy) from error
    if saved.position >= len(data.train_images):
        raise BadFile(f"'{path}' says it is beyond the end of its data set.", "Resume from another checkpoint.")


def _check_arrays(arrays: Arrays, expected: Arrays) -> None:
    """Raise BadInput unless `arrays` holds everything that `expected` does, of the same shapes and dtypes."""
    for name, like in expected.items():
        found = arrays.get(name)
        if found is None or found.shape != like.shape or found.dtype != like.dtype:
            what = "is missing" if found is None else f"is {found.dtype} {found.shape}"
            raise BadInput(
                f"'{name}' of the training state {what}; {like.dtype} {like.shape} was expected.",
                "Resume from another checkpoint.",
            )


def _located(config: RunConfig) -> RunConfig:
    """The settings with a data set and files that can be found from any folder. Raises UnknownName."""
    files = {key: str(datasets.at_home(path).resolve()) for key in INPUTS if (path := getattr(config, key))}
    return config.with_changes(files | {"data": datasets.identity(config.data)})


def _data(config: RunConfig) -> datasets.Dataset:
    """What a run is trained on and tested by. Raises UnknownName, NotFetched, BadFile, BadInput."""
    data = datasets.load_to_train(config.data)
    return extra.joined(data, Path(config.extra), config.extra_share) if config.extra else data


def _allowed(saved: RunConfig, asked: RunConfig) -> RunConfig:
    """The settings asked for, if a run may change to them while it is under way. Raises BadInput."""
    fixed = set(saved.to_json()) - LIVE - {"time_limit", "threads", "device"}
    for key in sorted(fixed):
        if getattr(saved, key) != getattr(asked, key):
            was, asked_for = (shorten(str(getattr(config, key)), 60) for config in (saved, asked))
            raise BadInput(
                f"The run was begun with {key} '{was}', which cannot become '{asked_for}'.",
                "Resume it as it was, or start a new run.",
            )
    return asked
