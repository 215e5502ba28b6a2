"""Pictures, folders of them by class, and drawings brought into the tray; with bombs among them."""

from __future__ import annotations

import functools
import io
import struct
import zlib

import numpy as np
from PIL import Image

from app.models_list import ModelsList
from app.settings import Settings
from app.tray import Tray
from engine import digits, drawings
from engine import messages as m
from engine.datasets import own
from engine.inference import pictures, recognise
from tests.app.fakes import FakeChannel
from tests.fuzz_readers.data import BOMB, make_idx, make_npz

_FORMATS = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"), "JPEG": ("L", "RGB", "CMYK"), "PPM": ("1", "L", "RGB"),
    "BMP": ("1", "L", "P", "RGB"), "GIF": ("L", "P"), "TIFF": ("1", "L", "RGB", "RGBA", "F", "I;16", "CMYK", "LAB"),
    "WEBP": ("RGB", "RGBA"),
}  # fmt: skip
_BOMBS = (
    (30_000, 1000, 2), (5000, 5000, 6), (40_000, 40_000, 0), (1, 30_000_000, 0), (5000, 5000, 0), (2047, 2047, 6),
)  # fmt: skip
"""Width, height and kind of pictures of nothing."""

# ---------------------------------------------------------------- one picture


def make_picture(draw, folder):
    path = folder / "p.png"
    path.write_bytes(_bomb(draw) if draw.chance(0.02) else draw.torn(_picture(draw)))
    return path


def read_picture(path):
    height, width, _ = pictures.look(path)
    picture = pictures.read(path)
    assert picture.dtype == np.uint8
    assert max(picture.shape[:2]) <= min(max(height, width), pictures.WORKING_SIDE)
    pictures.resized(picture, (28, 28, 1))


def _picture(draw):
    """Noise in any form that is read, or a dark stroke on light paper."""
    form = draw.choice(list(_FORMATS))
    width, height = draw.integer(1, 40), draw.integer(1, 40)
    colours = draw.rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    if draw.chance(0.3):
        colours[:] = 230
        colours[height // 4 : height // 2 + 1, width // 4 : width // 2 + 1] = 20
    picture, mode = Image.fromarray(colours), draw.choice(_FORMATS[form])
    picture = picture.convert("L").convert(mode) if mode.startswith(("I", "F")) else picture.convert(mode)
    content = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = draw.integer(0, 9)
    picture.save(content, form, **({"exif": exif} if form in ("JPEG", "PNG", "TIFF", "WEBP") else {}))
    return content.getvalue()


# ---------------------------------------------------------------- folders of pictures


def make_folder(draw, folder):
    """A folder a class, perhaps apart in `train` and `test`, with what else may lie in such folders."""
    root = folder / "pictures"
    names = draw.choice([("0", "1", "7"), ("cat", "dog"), ("é \u200f", "x" * 200), ("train", "test"), ("0", "zero")])
    for part in draw.choice([("train", "test"), ("train", "test"), ("",), ("train",)]):
        for name in names:
            _make_class(draw, root / part / name)
    if draw.chance(0.2):
        _astray(draw, root)
    return root


def _make_class(draw, folder):
    """Pictures of one form and size in each class, with another one among them at times."""
    folder.mkdir(parents=True)
    usual = _picture(draw)
    for number in range(draw.choice([0, 1, 1, 2, 5])):
        content = _bomb(draw) if draw.chance(0.005) else _picture(draw) if draw.chance(0.2) else usual
        suffix = draw.choice(["png", "PNG", "jpeg", "gif", "webp", "txt"])
        (folder / f"{number}.{suffix}").write_bytes(draw.torn(content) if draw.chance(0.03) else content)


def _astray(draw, root):
    """Folders that are called pictures, links that lead nowhere or in a circle, empty and hidden things."""
    where = draw.choice([root, *(path for path in root.rglob("*") if path.is_dir())])
    match draw.integer(0, 4):
        case 0:
            (where / "folder.png").mkdir()
        case 1:
            (where / "gone.png").symlink_to(where / "nowhere.png")
        case 2:
            (where / "circle").symlink_to(root, target_is_directory=True)
        case 3:
            (where / "empty.png").touch()
        case _:
            (where / ".hidden").mkdir()
            (where / ".hidden.png").write_bytes(b"x")


def read_folder(path):
    dataset = own.load(path)
    assert dataset.train_images.dtype == np.uint8
    assert max(dataset.input_shape) <= 64


# ---------------------------------------------------------------- drawings


def make_drawings(draw, folder):
    return draw.choice([make_npz, make_idx, make_folder])(draw, folder)


def read_drawings(path):
    """As the tray imports them: read by the worker, then taken over by the window."""
    channel = FakeChannel()
    tray = Tray(channel, ModelsList(channel, Settings(), channel.said, channel.said), channel)
    for event in recognise.read(m.ReadDrawings(str(path))):
        if event is not None:
            tray.take(event)
    kept = channel.last(m.KeepDrawings)
    if kept is not None:
        assert kept.images.shape == (len(kept.labels), digits.SIDE, digits.SIDE)
        assert 0 < len(kept.labels) <= drawings.MOST
        assert 0 <= kept.labels.min() <= kept.labels.max() <= 9


# ---------------------------------------------------------------- bombs


def _bomb(draw):
    return _bomb_of_png(*draw.choice(_BOMBS))


@functools.cache
def _bomb_of_png(width, height, kind):
    """A PNG of nothing. kind: 0 grey, 2 RGB, 6 RGBA."""
    room = min(BOMB, height * (1 + width * {0: 1, 2: 3, 6: 4}[kind]))
    packer = zlib.compressobj(1)
    packed = [packer.compress(bytes(1 << 20)) for _ in range((room >> 20) + 1)] + [packer.flush()]
    head = struct.pack(">2I5B", width, height, 8, kind, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", b"".join(packed)), (b"IEND", b""))
    made = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(made)


def bombs(folder):
    """(reader, path) of a bomb of every kind."""
    for number, bomb in enumerate(_BOMBS):
        path = folder / f"{number}.png"
        path.write_bytes(_bomb_of_png(*bomb))
        yield read_picture, path
