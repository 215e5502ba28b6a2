"""Machine code as a listing: NVIDIA's disassembler run on a cubin, and what it prints read."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.errors import FlipscopeError

PACKAGE = "nvidia-cuda-nvdisasm"
_SECTION = re.compile(r"\s*\.text\.(?P<name>[\w$]+):")
_LABEL = re.compile(r"\s*(?P<name>\.L_x_\d+):")
_INSTRUCTION = re.compile(
    r"\s*/\*(?P<address>[0-9a-f]{4,})\*/\s+(?:@(?P<predicate>!?U?P\w+)\s+)?(?P<text>[A-Z].*?)\s*;"
)
_TARGET = re.compile(r"`\((?P<name>\.L_x_\d+)\)")
_NEVER = ("!PT", "!UPT")


class NoDisassembler(FlipscopeError):
    """NVIDIA's disassembler is not installed; it is needed to look at machine code, never to run it."""


@dataclass(frozen=True)
class Instruction:
    """One instruction. address: bytes from the start. text: without its predicate. target: where it jumps, if it does.

    never: its predicate is false whatever happens; the assembler puts such in the place of waits.
    """

    address: int
    text: str
    target: int | None = None
    never: bool = False

    @property
    def opcode(self) -> str:
        """With its modifiers: "LOP3.LUT"."""
        return self.text.split(maxsplit=1)[0]

    @property
    def name(self) -> str:
        """Without: "LOP3"."""
        return self.opcode.split(".", 1)[0]


Functions = dict[str, list[Instruction]]
"""Instructions by the name of the kernel or function, in the order of their addresses."""


def disassembled(cubin: bytes) -> Functions:
    """The functions of a cubin. Raises NoDisassembler."""
    program = disassembler()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kernels.cubin"
        path.write_bytes(cubin)
        done = subprocess.run([program, "-c", str(path)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoDisassembler(f"nvdisasm cannot read this code: {done.stderr.strip()}.", f"Update {PACKAGE}.")
    return functions(done.stdout)


@cache
def disassembler() -> str:
    """Where nvdisasm is: in its wheel, or on the path. Raises NoDisassembler."""
    found = _in_wheel() or shutil.which("nvdisasm")
    if found is None:
        raise NoDisassembler("NVIDIA's disassembler is not installed.", f"Install it with: pip install {PACKAGE}.")
    return found


def _in_wheel() -> str | None:
    try:
        files = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    programs = (Path(str(file.locate())) for file in files if file.stem == "nvdisasm")
    return next((str(path) for path in programs if path.is_file()), None)


def functions(listing: str) -> Functions:
    """Read what `nvdisasm -c` prints."""
    found: Functions = {}
    for name, lines in _sections(listing):
        labels = _labels(lines)
        found[name] = [_instruction(match, labels) for line in lines if (match := _INSTRUCTION.match(line))]
    return found


def _sections(listing: str) -> list[tuple[str, list[str]]]:
    sections: list[tuple[str, list[str]]] = []
    for line in listing.splitlines():
        if start := _SECTION.match(line):
            sections.append((start["name"], []))
        elif sections:
            sections[-1][1].append(line)
    return sections


def _labels(lines: list[str]) -> dict[str, int]:
    """The address of the first instruction after each label."""
    labels: dict[str, int] = {}
    waiting: list[str] = []
    for line in lines:
        if label := _LABEL.match(line):
            waiting.append(label["name"])
        elif instruction := _INSTRUCTION.match(line):
            labels.update(dict.fromkeys(waiting, int(instruction["address"], 16)))
            waiting.clear()
    return labels


def _instruction(match: re.Match[str], labels: dict[str, int]) -> Instruction:
    target = _TARGET.search(match["text"])
    where = labels.get(target["name"]) if target else None
    return Instruction(int(match["address"], 16), match["text"], where, match["predicate"] in _NEVER)
