"""Export: a packed network for other tools, each form in a module of its own.

Every form tells the same layers (engine.export.layers) and gives the same scores, bit for bit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import UnknownName
from engine.export import arrays, c_source, memories, onnx_graph
from engine.export.layers import packed
from engine.files import write_atomically, write_folder
from engine.inference.network import Network, PackedNetwork

Piece = tuple[str, bytes]
"""The name of a file in a folder, or "" where there is one file only, and bytes that go on it."""


@dataclass(frozen=True)
class Format:
    """A form of export. suffix: of its file, "" for a folder. pieces: of a network and the name it goes by."""

    title: str
    suffix: str
    pieces: Callable[[PackedNetwork, str], Iterator[Piece]]


def _c(network: PackedNetwork, name: str) -> Iterator[Piece]:
    return (("", text.encode()) for text in c_source.source(network, name))


def _hex(network: PackedNetwork, name: str) -> Iterator[Piece]:  # noqa: ARG001 - its files are named by layer
    return ((file, text.encode()) for file, text in memories.files(network))


def _npz(network: PackedNetwork, name: str) -> Iterator[Piece]:  # noqa: ARG001 - its arrays are named by layer
    return (("", piece) for piece in arrays.pieces(network))


def _onnx(network: PackedNetwork, name: str) -> Iterator[Piece]:  # noqa: ARG001 - the model's own name is in it
    yield "", onnx_graph.model(network)


FORMATS = {
    "c": Format("C99 source", ".c", _c),
    "hex": Format("Memory files for an FPGA, a folder", "", _hex),
    "npz": Format("NumPy arrays", ".npz", _npz),
    "onnx": Format("ONNX graph", ".onnx", _onnx),
}


def write(network: Network, form: str, path: str | os.PathLike[str]) -> Generator[None, None, int]:
    """Write a network in one of FORMATS, whole or not at all; gives the bytes written.

    Yields between pieces of some milliseconds, so that others can go first. A file that is there is replaced, a
    folder is not. Raises UnknownName, Unsupported, CannotWrite.
    """
    if form not in FORMATS:
        raise UnknownName("format", form, FORMATS)
    target, contents = Path(path), dict[str, bytearray]()
    for file, piece in FORMATS[form].pieces(packed(network), target.stem):
        contents.setdefault(file, bytearray()).extend(piece)
        yield
    if FORMATS[form].suffix:
        write_atomically(target, contents[""])
    else:
        write_folder(target, contents)
    return sum(map(len, contents.values()))
