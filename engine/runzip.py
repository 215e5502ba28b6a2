"""A run folder as one zip file, to be sent and opened on another machine. Archives are bombs until proven otherwise."""

from __future__ import annotations

import errno
import re
import secrets
import shutil
import struct
import zlib
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from engine import runlist
from engine.datasets.readers import MOST_BYTES
from engine.errors import BadFile, BadInput, reason
from engine.files import CannotWrite, atomic_file, checked_size
from engine.inference import modelfile
from engine.runs import (
    ABOUT,
    CHANGES,
    CONFIG,
    CURVES,
    INPUTS,
    LAST,
    MAX_CURVES,
    MAX_JSON,
    MAX_TABLE,
    METRICS,
    VERSIONS,
    RunFolder,
)

MAX_ZIP = 4 << 30
"""Bytes of an archive that is opened."""
MAX_GROWTH, SPARE = 50, 16 << 20
"""What is in it has at most so many times its bytes, and these."""
MAX_FILES, MAX_DIRECTORY = 1000, 1 << 20
"""Entries of an archive, and bytes of their directory, that are read."""
SIZES = dict.fromkeys((CONFIG, VERSIONS, ABOUT), MAX_JSON) | dict.fromkeys((CHANGES, METRICS), MAX_TABLE)
SIZES |= {CURVES: MAX_CURVES, LAST: modelfile.MAX_BYTES}
SIZES |= {INPUTS["extra"]: MOST_BYTES, INPUTS["start"]: modelfile.MAX_BYTES}
METHODS = (ZIP_STORED, ZIP_DEFLATED)
"""Ways of packing that are read; others can claim gigabytes for their tables."""
CHECKPOINT = re.compile(r"checkpoint-\d{5}\.safetensors")
FOLDER = re.compile(r'[^./\\:*?"<>|\x00-\x1f][^/\\:*?"<>|\x00-\x1f]{0,149}')
"""What a run's folder may be called: nothing that leads elsewhere, on no system."""
END = struct.Struct("<4s4H2LH")
"""The record that ends an archive: mark, disks, entries, bytes and place of the directory, length of a comment."""
SLICE = 1 << 20


def pack(folder: RunFolder, path: Path) -> None:
    """Write everything that a run folder holds to a zip file. Raises BadFile, CannotWrite."""
    folder.read_json(CONFIG)  # so that a broken one is told
    files = sorted(file for file in folder.path.iterdir() if _most(file.name) is not None)
    with atomic_file(path) as file, ZipFile(file, "w", ZIP_DEFLATED, strict_timestamps=False) as packed:
        for one in files:
            packed.write(one, f"{folder.name}/{one.name}")


def unpack(source: Path, root: Path) -> RunFolder:
    """Put the run that a zip file holds among those under `root`; what is no part of a run is passed over.

    It is written beside them and checked before it is one of them. Raises BadFile, BadInput, CannotWrite.
    """
    size = checked_size(source, "a zipped run", MAX_ZIP)
    part = root / f".{secrets.token_hex(4)}.part"
    try:
        _check_end(source)
        with ZipFile(source) as packed:
            name, members = _members(packed, size)
            if (root / name).exists():
                raise BadInput(f"A run '{name}' is here already.", "Delete that one first, or keep it.")
            part.mkdir(parents=True)
            for member in members:
                with packed.open(member) as data, (part / member.filename.split("/")[1]).open("xb") as file:
                    shutil.copyfileobj(data, file, SLICE)
        RunFolder(part).read_json(CONFIG)
        if (problem := runlist.row(RunFolder(part)).problem) != "":
            raise BadFile(f"The run in '{source}' is broken. {problem}", "Have it zipped and sent again.")
        part.rename(root / name)
    except (BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise BadFile(f"'{source}' is no whole zip file: {error}.", "Have it zipped and sent again.") from error
    except OSError as error:
        if error.errno == errno.EINVAL:  # it points to before its own beginning
            raise BadFile(f"'{source}' is no whole zip file.", "Have it zipped and sent again.") from error
        raise CannotWrite(f"'{source}' could not be unpacked: {reason(error)}.", "Check the disk.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return RunFolder(root / name)


def _check_end(source: Path) -> None:
    """Raise BadFile unless the archive ends as a plain one does, with a directory that may be read into memory."""
    with source.open("rb") as file:
        file.seek(max(0, source.stat().st_size - END.size))
        tail = file.read(END.size)
    if len(tail) == END.size:
        mark, _, _, _, entries, length, _, comment = END.unpack(tail)
        if mark == b"PK\5\6" and comment == 0 and entries <= MAX_FILES and length <= MAX_DIRECTORY:
            return
    raise BadFile(f"'{source}' is no zip file of a run.", "Choose one that 'runs export --format zip' wrote.")


def _members(packed: ZipFile, size: int) -> tuple[str, list[ZipInfo]]:
    """The name of the run and the files of its folder, all of bearable sizes. Raises BadFile."""
    if len(packed.infolist()) > MAX_FILES:
        raise BadFile(f"The archive has {len(packed.infolist()):,} entries.", "Choose one of a run folder.")
    homes = [one.filename.split("/")[0] for one in packed.infolist() if one.filename.split("/")[1:] == [CONFIG]]
    if len(homes) != 1 or not FOLDER.fullmatch(homes[0]):
        raise BadFile("The archive holds no run folder, or several.", "Choose a zip file of one run folder.")
    members = [one for one in packed.infolist() if _is_of(one.filename, homes[0])]
    for one in members:
        most = _most(one.filename.split("/")[1]) or 0
        if one.compress_type not in METHODS:
            raise BadFile(f"'{one.filename}' is packed in a way that is not read.", "Have it zipped by Flipscope.")
        if one.file_size > most:
            raise BadFile(f"'{one.filename}' claims {one.file_size:,} bytes.", f"At most {most:,} are unpacked.")
    if len({one.filename for one in members}) < len(members):
        raise BadFile("The archive holds a file twice.", "Choose a zip file of one run folder.")
    total = sum(one.file_size for one in members)
    if total > MAX_GROWTH * size + SPARE:
        raise BadFile(f"{size:,} bytes claim to hold {total:,}.", f"At most {MAX_GROWTH} times as many are unpacked.")
    return homes[0], members


def _is_of(path: str, home: str) -> bool:
    """Whether a path in an archive is that of a file of the run folder."""
    folder, _, file = path.partition("/")
    return folder == home and _most(file) is not None


def _most(file: str) -> int | None:
    """Bytes that a file of a run folder may have; None where there is none of that name."""
    return modelfile.MAX_BYTES if CHECKPOINT.fullmatch(file) else SIZES.get(file)
