"""Data sets of one's own: IDX files, npz archives, batches of CIFAR-10; with bombs among them."""

from __future__ import annotations

import functools
import gzip
import io
import pickle
import struct
import warnings
import zipfile

import numpy as np

from engine.datasets.readers import cifar, idx, npz
from tests.fuzz_readers.draw import HOSTILE

BOMB = 160 << 20
"""Bytes that a bomb of less than a megabyte unfolds to."""

# ---------------------------------------------------------------- IDX


def make_idx(draw, folder):
    count, height, width = draw.integer(1, 9), draw.integer(0, 9), draw.integer(1, 9)
    zipped = ".gz" if draw.chance(0.6) else ""
    bomb = zipped and draw.chance(0.02)
    for kind, shape in (("images-idx3", (count, height, width)), ("labels-idx1", (count,))):
        lengths = [draw.choice([1, 2**16, 2**31, 2**32 - 1]) if draw.chance(0.03) else side for side in shape]
        content = struct.pack(f">4B{len(shape)}I", 0, 0, 8, len(shape), *lengths) + draw.bytes(int(np.prod(shape)))
        content = _bomb_of_idx(len(shape)) if bomb else draw.torn(content) if draw.chance(0.2) else content
        whole = gzip.compress(content, 1) if zipped and not bomb else content
        whole = draw.torn(whole) if draw.chance(0.3) else whole
        (folder / f"train-{kind}-ubyte{zipped}").write_bytes(whole)
    return folder


@functools.cache
def _bomb_of_idx(axes):
    shape = (BOMB // 784, 28, 28)[:axes] if axes == 3 else (BOMB,)
    return gzip.compress(struct.pack(f">4B{axes}I", 0, 0, 8, axes, *shape) + bytes(int(np.prod(shape))), 1)


def read_idx(path):
    idx.read(path)


# ---------------------------------------------------------------- npz


def make_npz(draw, folder):
    path = folder / "d.npz"
    if draw.chance(0.02):
        path.write_bytes(_bomb_of_npz(draw.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])))
        return path
    count, shape = draw.integer(0, 9), tuple(draw.rng.integers(1, 9, draw.choice([2, 3])).tolist())
    images = draw.rng.integers(0, 256, (count, *shape), dtype=np.uint8)
    arrays = {
        "images": images,
        "labels": draw.rng.integers(0, 3, count),
        "names": np.array(list(draw.choice(["abc", "012"]))),
    }
    if draw.chance(0.2):
        arrays["residual"] = draw.rng.integers(0, 256, (3, count, 4, 5), dtype=np.uint8)
        del arrays["images"]
    if draw.chance(0.3):
        arrays["test"] = draw.rng.random(draw.choice([count, count, 3])) < 0.5
    if draw.chance(0.3):
        arrays = {f"{part}_{key}": array for part in ("train", "test") for key, array in arrays.items()}
    return write_npz(draw, path, arrays)


def write_npz(draw, path, arrays):
    """An npz of which one member, or the whole, is bent at times."""
    content, bent = io.BytesIO(), draw.choice([*arrays, None]) if draw.chance(0.4) else None
    methods = (*[zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED] * 4, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    with zipfile.ZipFile(content, "w", draw.choice(methods)) as archive:
        for name, array in arrays.items():
            _add(archive, f"{name}.npy", _bent_npy(draw, array) if name == bent else _npy(array))
    path.write_bytes(draw.torn(content.getvalue()) if draw.chance(0.3) else content.getvalue())
    return path


def _npy(array):
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    return content.getvalue()


def _bent_npy(draw, array):
    """An array as .npy, its header or its bytes bent."""
    if draw.chance(0.4):
        return draw.torn(_npy(array))
    fields = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape}
    kinds = ("|O", "<f4", "|u1", "<i8", "<U0", "|V9", "|S3", "<m8[s]", [("a", "<i4")])
    odd = ((-1,), (0, 2**70), (2**40, 2**40), (2, -3), (0, 2**62, 2**62), (True,), (1.5,), ())
    fields[draw.choice(list(fields))] = draw.choice([*HOSTILE, *kinds, *odd])
    text = repr(fields)
    if draw.chance(0.1):
        text = draw.choice(["(" * 3000, "[" * 9000, "{'descr': " * 500, text + "\n\t x = (", "-" * 9000 + "1", "10L"])
    version = draw.choice([*[(1, 0)] * 8, (2, 0), (3, 0), (9, 9)])
    length = struct.pack("<H" if version[0] == 1 else "<I", len(text.encode(errors="replace")))
    return b"\x93NUMPY" + bytes(version) + length + text.encode(errors="replace") + array.tobytes()


def _add(archive, name, content):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the same name twice
        archive.writestr(name, content)


@functools.cache
def _bomb_of_npz(method):
    content, count = io.BytesIO(), (BOMB if method == zipfile.ZIP_DEFLATED else 1 << 20) // 784
    with zipfile.ZipFile(content, "w", method, compresslevel=1) as archive:
        for name, shape in (("labels", (count,)), ("images", (count, 28, 28))):
            head = io.BytesIO()
            np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": shape})
            with archive.open(f"{name}.npy", "w") as member:
                member.write(head.getvalue())
                for _ in range(int(np.prod(shape)) >> 20):
                    member.write(bytes(1 << 20))
                member.write(bytes(int(np.prod(shape)) & (1 << 20) - 1))
    return content.getvalue()


def read_npz(path):
    npz.read(path)


# ---------------------------------------------------------------- CIFAR-10


def make_cifar(draw, folder):
    """None of these is the published file, whatever it looks like."""
    suffix = draw.choice(["", ".bin"])
    sound = pickle.dumps({b"data": [1], b"labels": [2]}) if not suffix else draw.bytes(3073)
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        if draw.chance(0.9):
            (folder / f"{name}{suffix}").write_bytes(draw.torn(sound))
    return folder


def read_cifar(path):
    assert cifar.read(path) is None


# ---------------------------------------------------------------- bombs


def bombs(folder):
    """(reader, path) of a bomb of every kind."""
    for kind, axes in (("images-idx3", 3), ("labels-idx1", 1)):
        (folder / f"train-{kind}-ubyte.gz").write_bytes(_bomb_of_idx(axes))
    yield read_idx, folder
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA):
        path = folder / f"{method}.npz"
        path.write_bytes(_bomb_of_npz(method))
        yield read_npz, path
