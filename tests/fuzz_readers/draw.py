"""Random choices of one case, and what bends a document or its bytes."""

from __future__ import annotations

import copy
import datetime
import json

import numpy as np

HOSTILE = (
    None, True, False, 0, 1, -1, 255, 2**31 - 1, 2**31, 2**63, -(2**63), 10**400, -(10**400), 0.5, -0.0, 1e308, 5e-324,
    float("inf"), float("-inf"), float("nan"), "", "0", "\0", "\ud800", "é" * 300, "x" * 5000, "../../x", [], {}, [[]],
    [1, "a", None], {"": {}}, [0] * 500, {"kind": "dense"}, "NaN", "1e999", "9" * 5000,
)  # fmt: skip
"""What stands where something else was expected."""


class Draw:
    """The random choices of one case, repeatable by (seed, number)."""

    def __init__(self, seed, number):
        self.rng = np.random.default_rng((seed, number))

    def chance(self, share):
        return self.rng.random() < share

    def integer(self, low, high):
        """From low to high, both possible."""
        return int(self.rng.integers(low, high + 1))

    def choice(self, options):
        return options[self.integer(0, len(options) - 1)]

    def bytes(self, count):
        return self.rng.bytes(count)

    # ------------------------------------------------------------ documents

    def value(self):
        return copy.deepcopy(self.choice(HOSTILE))

    def bent(self, document):
        """A document as JSON has them, with none to three of its parts replaced, dropped, nudged or doubled."""
        holder = [copy.deepcopy(document)]
        for _ in range(self.integer(0, 3)):
            container, key = self.choice(list(_parts(holder)))
            self._bend(container, key)
        return holder[0] if holder else None

    def _bend(self, container, key):
        value = container[key]
        match self.integer(0, 3):
            case 0 if isinstance(container, dict) or len(container) > 1:
                del container[key]
            case 1 if isinstance(value, int | float):
                container[key] = self._nudged(value)
            case 2 if isinstance(container, list):
                container.extend([value] * self.integer(1, 40))
            case 2:
                container[self.choice(["", "kind", "unknown", f"{key} "])] = value
            case _:
                container[key] = self.value()

    def _nudged(self, number):
        return self.choice([number - 1, number + 1, -number, number * 2, number // 3, number * 10**9])

    # ------------------------------------------------------------ bytes

    def torn(self, content):
        """Bytes with none to four cuts, flips, insertions and repetitions."""
        made = bytearray(content)
        for _ in range(self.choice([0, 0, 1, 1, 2, 4])):
            if not made:
                break
            at = self.integer(0, len(made) - 1)
            match self.integer(0, 5):
                case 0:
                    made[at] ^= 1 << self.integer(0, 7)
                case 1:
                    made[at : at + 4] = self.choice([b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", self.bytes(4)])
                case 2:
                    del made[at:]
                case 3:
                    del made[at : at + self.integer(1, 64)]
                case 4:
                    made[at:at] = self.choice([self.bytes(self.integer(1, 64)), b"[" * 20_000, b"\0" * 5000])
                case _:
                    start = self.integer(0, len(made) - 1)
                    made[at:at] = made[start : start + self.integer(1, 2000)]
        return bytes(made)


def _parts(container):
    """(container, key) of every part of a document, however deep."""
    items = container.items() if isinstance(container, dict) else enumerate(container)
    for key, value in list(items):
        yield container, key
        if isinstance(value, dict | list):
            yield from _parts(value)


def toml(value):
    """A value as TOML has it, as well as can be; what TOML has not comes out as no TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(key))} = {toml(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return json.dumps(value)
