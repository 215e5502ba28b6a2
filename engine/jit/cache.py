"""Compiled objects kept between runs: keyed by what made them, checked before use, never in the way."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from engine import paths
from engine.files import CannotWrite, write_atomically

log = logging.getLogger(__name__)

DIGEST = hashlib.sha256().digest_size


def key(*parts: str) -> str:
    """The name of an object made from these: LLVM's version, triple, CPU, features and the IR."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def load(name: str) -> bytes | None:
    """The object of that name, or None where there is none that is whole."""
    try:
        data = _path(name).read_bytes()
    except OSError:
        return None
    digest, body = data[:DIGEST], data[DIGEST:]
    if digest != _digest(name, body):
        log.warning("a kernel in the cache is damaged; it is compiled anew")
        return None
    return body


def store(name: str, body: bytes) -> None:
    """Keep an object. Two processes may do so at once: each writes the whole file, and the last rename stays."""
    path = _path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, _digest(name, body) + body)
    except (CannotWrite, OSError) as error:
        log.info("kernels are not kept: %s", error)


def _digest(name: str, body: bytes) -> bytes:
    """Of the name as well: an object in another one's place was compiled for who knows what."""
    return hashlib.sha256(name.encode() + body).digest()


def _path(name: str) -> Path:
    return paths.cache_dir() / "kernels" / f"{name}.o"
