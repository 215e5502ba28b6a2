"""A network as one C99 file: no library, no allocation, packed weights and integer thresholds as constants."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import __version__
from engine.bits import pack
from engine.digits import MNIST, SET
from engine.export.layers import Layer, layers
from engine.inference.network import PackedNetwork

WORD = 32
"""Bits of a word: what the smallest processors count at once."""
_LINE = 8
"""Values on a line of an array."""
_PIECE = 512
"""Lines written at once, so that others can go first."""

_PREPARED = {MNIST: "bright on 0, its longer side 20 pixels, centred by its mass"}
"""What an image must be for the commonest preparation; of the others the name is told."""

Array = NDArray[Any]


def source(network: PackedNetwork, name: str) -> Iterator[str]:
    """The file, piece by piece. name: of the model; the function is called after it (`identifier`)."""
    word = identifier(name)
    tables = [_Table(layer, network.source) for layer in layers(network)]
    memory = _Memory.of(tables)
    yield _heading(network, word, memory, sum(table.size for table in tables))
    yield (resources.files("engine.export") / "runtime.c").read_text(encoding="utf-8")
    for table in tables:
        for kind, array in table.arrays.items():
            yield from _array(kind, table.name(kind), array)
    yield f"\nstatic const struct layer layers[{len(tables)}] = {{\n"
    yield "".join(f"{table.record()}\n" for table in tables) + "};\n"
    if network.source == "bits":
        yield _bright(next(layers(network)))
    yield _predict(network, word, memory, len(tables)) + _main(network, word)


def identifier(name: str) -> str:
    """A name as C allows it: "mnist-mlp-512x2" gives mnist_mlp_512x2."""
    word = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or "network"
    return word if word[0].isalpha() else f"network_{word}"


class _Table:
    """What the file holds of one layer: its arrays, as they are read there, and its record."""

    def __init__(self, layer: Layer, source: str) -> None:
        self.layer = layer
        threshold = layer.threshold()
        self.arrays: dict[str, Array] = {"weights": self._weights(source)}
        if threshold is not None:
            self.arrays |= {"threshold": threshold, "rising": _packed(layer.rising)}
        self.arrays |= layer.floats()

    @property
    def size(self) -> int:
        """Bytes of the arrays."""
        return sum(array.nbytes for array in self.arrays.values())

    @property
    def takes_words(self) -> int:
        """Words of the signs that it takes; none of pixels, which are read where they are."""
        numbers = self._numbers()
        return 0 if self.layer.pixels else numbers["height"] * numbers["width"] * numbers["words"]

    @property
    def gives_words(self) -> int:
        """Words of the signs that it gives."""
        *places, outputs = self.layer.stage.gives
        return int(np.prod(places, dtype=np.int64)) * _words(outputs)

    def name(self, kind: str) -> str:
        return f"{kind}_{self.layer.number}"

    def record(self) -> str:
        """The initializer of its struct."""
        fields = {kind: self.name(kind) for kind in self.arrays} | {k: str(v) for k, v in self._numbers().items()}
        text = "{" + ", ".join(f".{key} = {value}" for key, value in fields.items()) + "},"
        return textwrap.fill(text, 110, initial_indent=" " * 4, subsequent_indent=" " * 5)

    def _numbers(self) -> dict[str, int]:
        layer, conv, pool = self.layer, self.layer.conv, self.layer.stage.pool
        height, width = layer.stage.takes[:2] if conv else (1, 1)
        rows, columns = layer.stage.gives[:2] if conv else (1, 1)
        row_words = self.arrays["weights"].shape[1]
        channels = conv.channels if conv else layer.terms
        return {
            "height": height, "width": width, "terms": layer.terms, "outputs": layer.outputs, "row_words": row_words,
            "words": channels if layer.pixels else row_words // (conv.kernel**2 if conv else 1),
            "kernel": conv.kernel if conv else 1, "stride": conv.stride if conv else 1,
            "padding": conv.padding if conv else 0, "pool": pool.size if pool else 1,
            "pool_stride": pool.stride if pool else 1, "rows": rows, "columns": columns,
            "on_pixels": int(layer.pixels), "adds": int(layer.adds),
        }  # fmt: skip

    def _weights(self, source: str) -> NDArray[np.uint32]:
        """Rows of words: on pixels without gaps; on signs every place begins with a word of its own."""
        layer, takes = self.layer, self.layer.stage.takes
        signs = layer.signs()
        if layer.pixels:
            return _packed(signs)
        # bits from outside are packed without regard to places where the first layer is dense
        flat = layer.conv is None and (len(takes) == 1 or (layer.number == 1 and source == "bits"))
        return _packed(signs.reshape(layer.outputs, -1, layer.terms if flat else takes[-1])).reshape(layer.outputs, -1)


@dataclass(frozen=True)
class _Memory:
    """What a call works in: words of signs, twice, and floats of the value."""

    signs: int
    values: int

    @classmethod
    def of(cls, tables: list[_Table]) -> _Memory:
        """Room for the largest of what any layer takes and gives."""
        signs = [words for table in tables for words in (table.takes_words, table.gives_words)]
        values = [int(np.prod(table.layer.stage.gives)) for table in tables if table.layer.stage.valued]
        return cls(max(signs), max(values, default=0))

    @property
    def size(self) -> int:
        """Bytes."""
        return 4 * (2 * self.signs + self.values)


def _packed(positive: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Booleans [..., K] in words of 32 bits [..., ceil(K/32)], least significant bit first."""
    halves = pack(positive).astype("<u8", copy=False).view("<u4")
    return np.ascontiguousarray(halves[..., : _words(positive.shape[-1])]).astype(np.uint32, copy=False)


def _words(bits: int) -> int:
    return -(-bits // WORD)


# ---------------------------------------------------------------- text


def _heading(network: PackedNetwork, word: str, memory: _Memory, size: int) -> str:
    about = network.metadata
    height, width, channels = about.input_shape
    accuracy = "not measured" if about.accuracy is None else f"{100 * about.accuracy:.2f} % of its test set"
    prepared = _PREPARED.get(about.preparation, f"prepared as '{_plain(about.preparation)}'")
    takes = "" if network.source == "u8" else f" It reads bits: a byte of {SET} or more is +1."
    lines = [
        f"{_plain(about.name)}: {_plain(about.architecture)}, {_plain(about.dataset) or 'no data set named'}.",
        f"Accuracy: {accuracy}. Classes: {', '.join(map(_plain, about.class_names))}.",
        f"{network.weight_count:,} weights of one bit; flash: {size:,} bytes of constants; RAM: {memory.size:,} bytes.",
        "",
        f"int {word}_predict(const uint8_t *image, float *scores);",
        f"image: {height} x {width} x {channels} bytes by row, column, channel, {prepared}.{takes}",
        f"scores: {network.classes} floats; the index of the largest is given back. Not reentrant: its RAM is static.",
        f"Compiled with {word.upper()}_MAIN defined it reads images from standard input and prints scores.",
        "Scores are those of Flipscope's own backends bit for bit; do not compile it with -ffast-math.",
        "",
        f"Written by Flipscope {__version__}.",
    ]
    return "/* " + "\n   ".join(lines).replace("   \n", "\n") + " */\n"


def _plain(text: str) -> str:
    """A text from a file as a comment of C bears it."""
    return re.sub(r"[^A-Za-z0-9 .,:;()+=_-]", "_", text)


def _array(kind: str, name: str, array: Array) -> Iterator[str]:
    form, of = {
        "weights": ("0x{:08x}u", "uint32_t"), "rising": ("0x{:08x}u", "uint32_t"), "threshold": ("{}", "int32_t"),
    }.get(kind, ("{:.8e}f", "float"))  # fmt: skip
    values = array.ravel().tolist()
    yield f"\nstatic const {of} {name}[{len(values)}] = {{\n"
    piece = _LINE * _PIECE
    for start in range(0, len(values), piece):
        texts = [form.format(value) for value in values[start : start + piece]]
        lines = (", ".join(texts[i : i + _LINE]) for i in range(0, len(texts), _LINE))
        yield "".join(f"    {line},\n" for line in lines)
    yield "};\n"


def _predict(network: PackedNetwork, word: str, memory: _Memory, count: int) -> str:
    value = f"    static float value[{memory.values}];\n" if memory.values else "    float *const value = scores;\n"
    taken = "bright(image, signs[1])" if network.source == "bits" else "image"
    return f"""
int {word}_predict(const uint8_t *image, float *scores);

int {word}_predict(const uint8_t *image, float *scores)
{{
    static uint32_t signs[2][{memory.signs}];
{value}    const void *input = {taken};
    int best = 0;
    for (int i = 0; i < {count}; i++) {{
        run(&layers[i], input, signs[i % 2], i == {count - 1} ? scores : value);
        input = signs[i % 2];
    }}
    for (int i = 1; i < {network.classes}; i++)
        best = scores[i] > scores[best] ? i : best;
    return best;
}}
"""


def _bright(first: Layer) -> str:
    height, width, channels = first.stage.takes
    places, bits = (height * width, channels) if first.conv else (1, first.terms)
    return f"""
/* The image as signs, every place with words of its own. */
static const uint32_t *bright(const uint8_t *image, uint32_t *signs)
{{
    for (int32_t place = 0; place < {places}; place++) {{
        uint32_t *into = signs + (size_t)place * {_words(bits)};
        for (int32_t i = 0; i < {_words(bits)}; i++)
            into[i] = 0;
        for (int32_t i = 0; i < {bits}; i++)
            into[i / 32] |= (uint32_t)(*image++ >= {SET}) << (i % 32);
    }}
    return signs;
}}
"""


def _main(network: PackedNetwork, word: str) -> str:
    return f"""
#ifdef {word.upper()}_MAIN
#include <stdio.h>

/* Reads images from standard input, one after the other; prints the class and the scores of each. */
int main(void)
{{
    static uint8_t image[{network.metadata.inputs}];
    float scores[{network.classes}];
    while (fread(image, 1, sizeof image, stdin) == sizeof image) {{
        printf("%d", {word}_predict(image, scores));
        for (int i = 0; i < {network.classes}; i++)
            printf(" %.9g", (double)scores[i]);
        putchar('\\n');
    }}
    return 0;
}}
#endif
"""
