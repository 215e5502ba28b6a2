"""Branching: a new run that goes on from a checkpoint of another one, with that one's past as its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from engine.checkpoint import Checkpoint
from engine.config import RunConfig
from engine.inference import modelfile
from engine.runs import CHANGES, METRICS, Origin, RunFolder


def branch(
    saved: Checkpoint, source: Path, root: Path, versions: Mapping[str, str], now: datetime, config: RunConfig
) -> RunFolder:
    """A new run folder under `root` whose newest save is `saved`, read from the model file `source`.

    It says whence it came, and has the tables and curves of that run up to there where `source` lies in its folder.

    Args:
        config: the settings it goes on with.

    Raises:
        BadFile, CannotWrite.
    """
    network = modelfile.load(source)
    parent = RunFolder(source.absolute().parent)
    begun = parent.located(config) if parent.holds_a_run else config
    folder = RunFolder.create(root, begun, versions, now, Origin(saved.run, saved.step, saved.epoch))
    if parent.holds_a_run:
        for file in (CHANGES, METRICS):
            folder.copy_rows(parent, file, saved.step)
        folder.save_curves(parent.curves(saved.step))
    named = replace(network, metadata=replace(network.metadata, name=folder.name))
    folder.save(replace(saved, config=folder.located(config), run=folder.name).to_bytes(named))
    return folder
