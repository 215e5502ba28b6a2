"""Files as every room reads and writes them: whole or not at all, and never larger than what was promised."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from engine.errors import BadFile, FlipscopeError, reason


class CannotWrite(FlipscopeError):
    """The disk or the folder refused; what was there before is untouched."""


STALE = 60.0
"""Seconds after which nobody goes on writing a file."""
_LEAST_ROOM = 48 << 20
_REMEDIES = {
    errno.ENOSPC: "Free some space on the disk and save again.",
    errno.EDQUOT: "Free some of your share of the disk and save again.",
    errno.EACCES: "Choose a folder you may write to.",
    errno.EROFS: "Choose a folder you may write to.",
    errno.ENOENT: "Choose a folder that exists.",
    errno.ENOTDIR: "Choose a folder that exists.",
    errno.EISDIR: "Choose a file name, not a folder.",
}


def write_atomically(path: str | os.PathLike[str], data: bytes | bytearray) -> None:
    """Put `data` at `path`: written beside it, flushed to the disk, then renamed over it. Raises CannotWrite."""
    with atomic_file(path) as file:
        file.write(data)


def place(path: str | os.PathLike[str]) -> Path:
    """Where a file is put: behind links, and in the place of an ordinary file or of nothing. Raises CannotWrite."""
    target = Path(os.path.realpath(path))
    if os.path.lexists(target) and not target.is_file():
        kind = "a folder" if target.is_dir() else "no ordinary file"
        raise CannotWrite(f"'{path}' could not be saved: it is {kind}.", "Choose the name of a file.")
    return target


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file to write that is put at `path` when it is complete, or not at all. Raises CannotWrite."""
    target = place(path)
    beside = target.with_name(f".{target.name}-{secrets.token_hex(4)}.part")
    try:
        with open(beside, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def write_folder(path: str | os.PathLike[str], files: Mapping[str, bytes | bytearray]) -> None:
    """Make a folder of these files by name, whole or not at all. Raises CannotWrite, also where `path` is there."""
    target = Path(path)
    if target.exists():
        raise CannotWrite(f"'{target}' is there already.", "Give the name of a new folder.")
    beside = target.with_name(f".{target.name}-{secrets.token_hex(4)}.part")
    try:
        beside.mkdir()
        for name, data in files.items():
            write_atomically(beside / name, data)
        beside.rename(target)
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what writers that were killed have left there half-written; not what may still be being written."""
    for left in folder.glob(".*-????????.part"):
        with contextlib.suppress(OSError):
            if left.stat().st_mtime < time.time() - STALE:
                left.unlink()


def not_over(out: str | os.PathLike[str], *inputs: str | os.PathLike[str]) -> None:
    """Raise CannotWrite where a file would be written over one that it is made of."""
    for given in inputs:
        if os.path.exists(out) and os.path.exists(given) and os.path.samefile(out, given):
            raise CannotWrite(f"'{out}' is what would be read.", "Choose another name for what is written.")


def cannot_write(path: Path, error: OSError) -> CannotWrite:
    """What to raise where the disk refused."""
    remedy = _REMEDIES.get(error.errno or 0, "Check the disk and the folder, or save elsewhere.")
    return CannotWrite(f"'{path}' could not be saved: {reason(error)}.", remedy)


def room_for(size: int) -> int:
    """Most bytes that a packed file of `size` bytes may unfold to; one that would take more is taken for a bomb."""
    return 3 * size + _LEAST_ROOM


def checked_size(path: str | os.PathLike[str], kind: str, limit: int) -> int:
    """Size in bytes of a non-empty file of at most `limit` bytes. Raises BadFile elsewhere.

    kind: what it is opened as, for the message, e.g. "a model".
    """
    target = Path(path)
    try:
        if target.is_dir():
            raise BadFile(f"'{target}' is a folder.", f"Choose {kind} file.")
        size = target.stat().st_size
    except FileNotFoundError:
        raise BadFile(f"There is no file '{target}'.", "Check the name and the folder.") from None
    except (OSError, ValueError) as error:
        raise BadFile(f"'{target}' cannot be read: {reason(error)}.", "Check the name and your permissions.") from error
    if size == 0:
        raise BadFile(f"'{target}' is empty.", f"Choose {kind} file that was saved whole.")
    if size > limit:
        what = f"'{target}' has {size:,} bytes; {kind} file of more than {limit:,} bytes is not read."
        raise BadFile(what, "Choose a smaller file.")
    return size
