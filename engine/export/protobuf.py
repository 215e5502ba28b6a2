"""As much of Protocol Buffers' wire format as an ONNX file needs: integers, texts, bytes and messages within."""

from __future__ import annotations

_VARINT, _BLOCK = 0, 2


def integer(field: int, value: int) -> bytes:
    """An int32, int64 or enum; negative ones as two's complement of 64 bits."""
    return _varint(field << 3 | _VARINT) + _varint(value & (1 << 64) - 1)


def block(field: int, content: bytes) -> bytes:
    """Bytes, or a message that is encoded already."""
    return _varint(field << 3 | _BLOCK) + _varint(len(content)) + content


def text(field: int, value: str) -> bytes:
    return block(field, value.encode(errors="replace"))


def _varint(value: int) -> bytes:
    """Seven bits a byte, lowest first; the top bit says that more follow."""
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)
