"""Pictures from anywhere, which nobody vouches for: read within limits, brought to the input of a model."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from engine import digits
from engine.errors import BadFile
from engine.files import checked_size, room_for
from engine.inference.network import Metadata

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
"""The kinds that are decoded; others (PostScript, fonts, …) are not even tried."""
GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N", "F"})
MAX_BYTES = 64 << 20
MAX_PIXELS = 32 << 20
WORKING_SIDE = 1024
SHOWN_SIDE = 512
_VALUES = 24
"""Bytes that a pixel of more than 8 bits takes on its way to 8."""
_LINE = 12
"""Bytes that a line of a picture takes beside its pixels."""
LEAST_CONTRAST = 24.0
"""Ink differs from its surface by at least this much of 255; less is an empty sheet."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Shares of red, green and blue in grey (ITU-R BT.601)."""

Picture = NDArray[np.uint8]

_REMEDY = "Choose a PNG, JPEG, BMP, GIF, TIFF or WebP picture."


def read(path: str | os.PathLike[str]) -> Picture:
    """Read a picture as u8 [h, w, 3], upright, first frame, transparency filled, at most 1024 a side.

    Raises BadFile for what is missing, damaged, too large or not a picture.
    """
    with _opened(Path(path)) as opened:
        stored = opened.width * opened.height
        opened.draft(None, (WORKING_SIDE, WORKING_SIDE))  # a JPEG is decoded no larger than is wanted
        if _needs(opened, stored) > room_for(Path(path).stat().st_size):
            raise BadFile(f"'{path}' would be too large a picture once unpacked.", "Make it smaller first.")
        picture = _eight_bit(opened)
        picture = _shrunk(picture) if max(picture.size) >= 2 * WORKING_SIDE else picture
        ImageOps.exif_transpose(picture, in_place=True)
        picture = _opaque(picture)
        picture.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX)
        return np.array(picture)


def look(path: str | os.PathLike[str]) -> tuple[int, int, bool]:
    """Height and width of a picture as it is stored, and whether it is grey, without decoding it. Raises BadFile."""
    with _opened(Path(path)) as opened:
        width, height = opened.size
        return height, width, opened.mode in GREY_MODES


def ink(picture: Picture) -> Picture:
    """Grey u8 [h, w] of a picture u8 [h, w, 3], ink bright and surface 0; all 0 where there is no contrast.

    The border tells the surface's brightness: dark ink on light paper and chalk on a board come out alike. What
    differs from the surface by no more than the border's own noise is surface too.
    """
    grey = picture.astype(np.float32) @ LUMA
    border = _border(grey)
    surface = float(np.median(border))
    strength = surface - grey if surface > (float(grey.min()) + float(grey.max())) / 2 else grey - surface
    noise = 4.5 * float(np.median(np.abs(border - surface)))
    strength[strength <= noise] = 0
    strongest = float(strength.max())
    if strongest < LEAST_CONTRAST:
        return np.zeros(grey.shape, np.uint8)
    return np.rint(strength.clip(0) * (255 / strongest)).astype(np.uint8)


def prepare(picture: Picture, metadata: Metadata) -> tuple[Picture, bool]:
    """Bring a picture u8 [h, w, 3] to a model's input u8 [H, W, C]; and whether there is nothing on it."""
    if digits.is_prepared(metadata.preparation, metadata.input_shape):
        digit = digits.prepared(ink(picture), metadata.preparation, metadata.input_shape)
        return (np.zeros(metadata.input_shape, np.uint8) if digit is None else digit), digit is None
    seen = np.repeat(ink(picture)[..., np.newaxis], 3, 2) if metadata.preparation == digits.INK else picture
    return resized(seen, metadata.input_shape), False


def resized(picture: Picture, shape: tuple[int, int, int]) -> Picture:
    """A picture u8 [h, w, 3] as u8 [H, W, C]; of one channel, its grey."""
    if picture.shape == shape:
        return picture
    height, width, channels = shape
    planes = [picture.astype(np.float32) @ LUMA] if channels == 1 else [picture[:, :, i % 3] for i in range(channels)]
    averaged = [digits.area_average(plane.astype(np.float32), height, width) for plane in planes]
    return np.rint(np.stack(averaged, axis=-1)).astype(np.uint8)


def shown(picture: Picture) -> Picture:
    """The picture for showing beside its preparation: grey u8 [h, w], ink bright, at most 512 a side."""
    grey = Image.fromarray(ink(picture))
    grey.thumbnail((SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.BOX)
    return np.array(grey)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """A picture file whose size is within the limits; whatever its decoder trips over is the file's fault."""
    checked_size(path, "a picture", MAX_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as opened:
                width, height = opened.size
                if width * height > MAX_PIXELS:
                    what = f"'{path}' is a picture of {width:,} x {height:,}; at most {MAX_PIXELS:,} pixels are read."
                    raise BadFile(what, "Make it smaller first.")
                yield opened
    except BadFile:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise BadFile(f"'{path}' would be too large a picture once unpacked.", "Make it smaller first.") from error
    except Exception as error:  # decoders raise nearly every type there is on damaged data
        raise BadFile(f"'{path}' is not a picture that can be read: {error}.", _REMEDY) from error


def _needs(opened: Image.Image, stored: int) -> int:
    """Bytes that it takes to decode a picture and bring it to 8 bits; stored: pixels in the file."""
    each = _VALUES if opened.mode.startswith(("I", "F")) else 1 if opened.mode in ("1", "L", "P") else 4
    each += {"WEBP": 3 * 4, "TIFF": each}.get(opened.format or "", 0)
    # every line has a pointer and is filled to whole words
    return (each * opened.width + _LINE) * opened.height + _coefficients(opened, stored)


def _coefficients(opened: Image.Image, stored: int) -> int:
    """Bytes of a progressive JPEG's coefficients, which are all kept: two each, fewer of colours than of brightness."""
    if not opened.info.get("progressive"):
        return 0
    sampled: list[tuple[int, int]] = [(across, down) for _, across, down, _ in getattr(opened, "layer", ())]
    most = max((across for across, _ in sampled), default=0) * max((down for _, down in sampled), default=0)
    return 2 * stored * sum(across * down for across, down in sampled) // max(1, most)  # a damaged one is told below


def _shrunk(picture: Image.Image) -> Image.Image:
    """A large picture averaged over whole squares, a band at a time, so that nothing of its full size is made."""
    factor = max(picture.size) // WORKING_SIDE
    width, height = (-(-side // factor) for side in picture.size)
    bands = [_colours(picture.crop((0, top, picture.width, min(top + factor, picture.height)))).reduce(factor)
             for top in range(0, picture.height, factor)]  # fmt: skip
    whole = Image.new(bands[0].mode, (width, height))
    for row, band in enumerate(bands):
        whole.paste(band, (0, row))
    whole.info = {key: value for key, value in picture.info.items() if key != "transparency"}
    return whole


def _colours(picture: Image.Image) -> Image.Image:
    """In colours that can be averaged, with transparency where there is any."""
    return picture.convert("RGBA" if _is_transparent(picture) else "RGB")


def _is_transparent(picture: Image.Image) -> bool:
    return "A" in picture.getbands() or "transparency" in picture.info


def _eight_bit(opened: Image.Image) -> Image.Image:
    """The first frame with 8 bits a channel, its orientation tag kept."""
    opened.load()
    if not opened.mode.startswith(("I", "F")):
        return opened
    values = np.nan_to_num(np.array(opened, np.float32), copy=False)
    highest = float(values.max(initial=0))
    full = next((scale for scale in (1.0, 255.0, 65535.0) if highest <= scale), highest)
    if opened.mode != "F":
        full = max(full, 65535.0 if opened.mode.startswith("I;16") else 255.0)
    reduced = Image.fromarray((values.clip(0) * (255 / full)).astype(np.uint8))
    reduced.info["exif"] = opened.getexif().tobytes()
    return reduced


def _opaque(picture: Image.Image) -> Image.Image:
    """Fill transparency with the opposite of what is drawn: dark ink gets a white surface, bright ink a black one."""
    if not _is_transparent(picture):
        return picture.convert("RGB")
    layered = picture if picture.mode == "RGBA" else picture.convert("RGBA")
    values: NDArray[Any] = np.asarray(layered.reduce(max(1, max(layered.size) // 256)), np.float64)
    weight = values[..., 3].sum()
    brightness = (values[..., :3].mean(axis=-1) * values[..., 3]).sum() / weight if weight else 0.0
    surface = (255, 255, 255, 255) if brightness < 128 else (0, 0, 0, 255)
    return Image.alpha_composite(Image.new("RGBA", layered.size, surface), layered).convert("RGB")


def _border(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """The pixels along the four edges, a fiftieth of the shorter side deep."""
    depth = max(1, min(grey.shape) // 50)
    edges = (grey[:depth], grey[-depth:], grey[:, :depth], grey[:, -depth:])
    return np.concatenate([edge.ravel() for edge in edges])
