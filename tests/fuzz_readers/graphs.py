"""Graphs: Planetoid's pickles and npz files, bent; and pickles that unfold."""

from __future__ import annotations

import functools
import pickle
import struct

import numpy as np

from engine.graph import sources
from tests.fuzz_readers.data import write_npz
from tests.graph import made

_PARTS = ("x", "y", "tx", "ty", "allx", "ally", "graph", "test.index")


def make_planetoid(draw, folder):
    """The eight files; of some, another part's bytes, a pickle of something else, a pickle's own bytes bent, a bomb."""
    files = dict(_sound(draw.integer(0, 4)))
    for _ in range(draw.choice([0, 0, 1, 1, 2])):
        part = draw.choice(_PARTS)
        match draw.integer(0, 5):
            case 0:
                files[part] = files[draw.choice(_PARTS)]
            case 1:
                files[part] = pickle.dumps(draw.bent(_loose(part)), draw.integer(0, 4))
            case 2:
                files[part] = _swapped(draw, files[part])
            case 3 if draw.chance(0.1):
                files[part] = draw.choice(pickle_bombs())
            case _:
                files[part] = draw.torn(files[part])
    return made.save(folder / "g", files)


@functools.cache
def _sound(seed):
    graph = made.small(seed, numbers=seed == 3)
    return made.planetoid(graph, np.random.default_rng(seed).permutation(graph.test))


def _loose(part):
    """Something like what a part holds, of plain lists and dictionaries."""
    return {0: [1, 2], 1: [0], 2: [0, 2]} if part == "graph" else [[0, 1, 0], [1, 0, 0], {"shape": [2, 3]}]


def _swapped(draw, content):
    """A pickle with one of its names or types replaced by another of the same length or not."""
    old, new = draw.choice([
        (b"i4", b"f8"), (b"f4", b"O8"), (b"f4", b"V9"), (b"csr_matrix", b"csc_matrix"), (b"_shape", b"_shap_"),
        (b"numpy.core.multiarray", b"posix"), (b"ndarray", b"system"), (b"indptr", b"indices"), (b"K\x28", b"K\x00"),
        (b"<", b">"), (b"R", b"b"), (b"]", b"}"), (b"e", b"a"), (b"t", b"l"), (b"q\x01", b"r\xff\xff\xff\x7f"),
    ])  # fmt: skip
    return content.replace(old, new, draw.choice([1, 1, -1]))


@functools.cache
def pickle_bombs():
    """Short pickles, or ones of a megabyte, that would unfold to much more."""
    megabyte = 1 << 20
    shared = b"\x80\x02}(" + b"K\0]q\0(" + b"K\1" * 1000 + b"e" + b"".join(
        b"M" + struct.pack("<H", node) + b"h\0" for node in range(20_000)
    ) + b"u."  # fmt: skip
    return (
        b"\x80\x02]r\xff\xff\xff\x7f.",  # a place in the memo that is far away
        b"\x80\x02]p2147483647\n.",
        b"\x80\x02" + b"]" * megabyte + b".",
        b"\x80\x02" + b"}" * megabyte + b".",
        b"(" * megabyte + b".",
        b"\x80\x04\x8e" + struct.pack("<Q", 1 << 62) + b".",  # bytes that are not there
        b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b".",
        b"\x80\x02" + b"](" * 200_000 + b"e" * 200_000 + b".",  # a list in a list in a list
        shared,  # every node has the same thousand neighbours
        b"I" + b"9" * megabyte + b"\n.",
    )


def read_planetoid(path):
    sources.load(str(path))


def make_graph_npz(draw, folder):
    arrays = {name: np.asarray(array) for name, array in sources.to_npz(made.small(draw.integer(0, 4))).items()}
    for _ in range(draw.choice([0, 0, 1, 1, 2])):
        _bend(draw, arrays)
    if draw.chance(0.02):
        arrays["edges"] = np.zeros((2, 20 << 20), np.uint8)
    return write_npz(draw, folder / "g.npz", arrays)


def _bend(draw, arrays):
    name = draw.choice(sorted(arrays))
    array = arrays[name]
    match draw.integer(0, 5):
        case 0:
            del arrays[name]
        case 1:
            with np.errstate(all="ignore"):
                arrays[name] = array.astype(draw.choice(["u1", "i1", "i8", "f4", "f8", "bool", "U3"]))
        case 2:
            arrays[name] = draw.choice([array[..., :0], array[np.newaxis], array.ravel(), array[::-1], array[..., 1:]])
        case 3:
            extreme = np.array(draw.choice([-1, 0, 1, 39, 40, 99, 2**31 - 1]))
            arrays[name] = np.full(array.shape, extreme.astype(array.dtype))
        case 4 if array.size:
            changed = array.copy()
            extreme = np.array(draw.choice([-1, 40, 10**6, 2**31 - 1])).astype(array.dtype)
            changed.flat[draw.integer(0, array.size - 1)] = extreme
            arrays[name] = changed
        case _:
            arrays[draw.choice(["names", "unknown", "data", "edges"])] = array


def read_graph_npz(path):
    sources.load(str(path))
