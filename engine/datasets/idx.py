"""Gzipped IDX files, the format of MNIST and its kin: a magic number, the lengths of the axes, then the bytes.

Format: two zero bytes, a type (8 for unsigned bytes), the number of axes, each length as big-endian uint32, the data
in C order (http://yann.lecun.com/exdb/mnist/).
"""

from __future__ import annotations

import math
import zlib

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadFile

UNSIGNED_BYTE = 8
MOST_BYTES = 1 << 28
"""No header can make the reader take more memory than this."""

_GZIP = 31  # zlib's window setting for a gzip wrapper, whose checksum is then verified
_REMEDY = "Reinstall Flipscope, or fetch the file again."


def read(compressed: bytes, name: str, axes: int) -> NDArray[np.uint8]:
    """Decode one gzipped IDX file of unsigned bytes.

    Args:
        compressed: the whole file.
        name: what errors call it.
        axes: the number of axes that is expected, 1 for labels and 3 for images.

    Returns:
        u8 array of the shape in the header, never more than MOST_BYTES and never more than the file really holds.

    Raises:
        BadFile: not gzip, truncated, corrupted, of another kind, or of another length than its header says.
    """
    stream = zlib.decompressobj(_GZIP)
    try:
        content = stream.decompress(compressed, 4 + 4 * axes)
        shape = _shape(content, name, axes)
        wanted = math.prod(shape)
        content = stream.decompress(stream.unconsumed_tail, wanted + 1) if wanted < MOST_BYTES else b""
        rest = stream.decompress(stream.unconsumed_tail, 1)  # reads the checksum, which stands behind the last byte
    except zlib.error as error:
        raise BadFile(f"'{name}' is not a sound gzip file ({error}).", _REMEDY) from None
    if len(content) != wanted or rest or not stream.eof:
        raise BadFile(f"'{name}' does not hold the {wanted} bytes that its header announces.", _REMEDY)
    return np.frombuffer(content, np.uint8).reshape(shape)


def _shape(header: bytes, name: str, axes: int) -> tuple[int, ...]:
    if header[:4] != bytes((0, 0, UNSIGNED_BYTE, axes)) or len(header) != 4 + 4 * axes:
        raise BadFile(f"'{name}' is not an IDX file of unsigned bytes with {axes} axes.", _REMEDY)
    return tuple(int(length) for length in np.frombuffer(header, ">u4", axes, 4))
