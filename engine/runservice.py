"""What is done with kept runs when they are not trained: naming, deleting, restoring, exporting; and the service."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import time
from collections import deque
from dataclasses import replace
from pathlib import Path

from engine import runlist, runzip
from engine.errors import BadInput, reason
from engine.files import CannotWrite, write_atomically
from engine.inference import modelfile
from engine.messages import runs as r
from engine.runhold import Hold
from engine.runs import METRICS, About, RunFolder
from engine.worker import Run

log = logging.getLogger(__name__)

DELETED = ".deleted"
"""Folder beside the runs that holds the deleted ones, until they are too old to be wanted back."""
KEPT_DAYS = 7


def describe(folder: RunFolder, title: str | None = None, note: str | None = None) -> None:
    """Put a title or a note down, where one is given. Raises BadInput, BadFile, CannotWrite."""
    about = folder.about()
    title = about.title if title is None else " ".join(title.split())
    folder.describe(About(title, about.note if note is None else note.strip(), about.origin))


def delete(folder: RunFolder) -> None:
    """Move a run out of the list; those deleted too long ago go for good. Raises InUse, CannotWrite."""
    Hold(folder).release()
    purge(folder.path.parent, time.time())
    target = _deleted(folder)
    if target.exists():  # it was deleted before, and then imported again: both can be brought back
        _move(target, target.with_name(f"{target.name}-{secrets.token_hex(4)}"))
    _move(folder.path, target)
    os.utime(target)  # when it was deleted, for `purge`


def restore(folder: RunFolder) -> None:
    """Bring a deleted run back to where it was. Raises BadInput, CannotWrite."""
    if not _deleted(folder).is_dir():
        raise BadInput(f"No deleted run '{folder.name}' is kept.", f"They are kept for {KEPT_DAYS} days.")
    _move(_deleted(folder), folder.path)


def purge(root: Path, now: float) -> None:
    """Remove for good what was deleted too long ago."""
    for path in (root / DELETED).glob("*/"):
        if now - path.stat().st_mtime > 86400 * KEPT_DAYS:
            log.info("removing the deleted run '%s'", path.name)
            shutil.rmtree(path, ignore_errors=True)


def export(folder: RunFolder, what: str, path: Path) -> None:
    """Write a run's metrics ("csv"), its network without training state ("model"), or the whole folder ("zip").

    Raises BadFile, BadInput, CannotWrite.
    """
    if path.resolve().parent == folder.path.resolve():
        raise BadInput(f"'{path}' is a file of the run itself.", "Export it to another folder.")
    if what == "csv":
        deque(folder.rows(METRICS), maxlen=0)  # so that a broken one is told
        write_atomically(path, (folder.path / METRICS).read_bytes())
    elif what == "zip":
        runzip.pack(folder, path)
    else:
        network = modelfile.load(folder.last)
        title = folder.about().title
        named = replace(network, metadata=replace(network.metadata, name=title)) if title else network
        modelfile.save(path, named)


def carry_out(command: r.ListRuns | r.RunCommand) -> Run:
    """The generator that carries a command about kept runs out."""
    if isinstance(command, r.ListRuns):
        yield from runlist.listing(Path(command.root))
        return
    if isinstance(command, r.ImportRun):
        yield r.RunImported(command.key, runlist.row(runzip.unpack(Path(command.key), Path(command.root))))
        return
    folder = RunFolder(Path(command.key))
    match command:
        case r.ReadRun():
            yield runlist.read(folder)
        case r.DescribeRun():
            describe(folder, command.title, command.note)
            yield r.RunListed(command.key, runlist.row(folder))
        case r.DeleteRun():
            delete(folder)
            yield r.RunDeleted(command.key)
        case r.RestoreRun():
            restore(folder)
            yield r.RunListed(command.key, runlist.row(folder))
        case r.ExportRun():
            export(folder, command.what, Path(command.path))
            yield r.RunExported(command.key, command.path)


def _deleted(folder: RunFolder) -> Path:
    return folder.path.parent / DELETED / folder.name


def _move(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(exist_ok=True)
        source.rename(target)
    except OSError as error:
        raise CannotWrite(
            f"'{source}' could not be moved: {reason(error)}.", "Close what holds its files open, and retry."
        ) from error
