"""Sources: whole and in one piece, each variant with a name and a hash of its own."""

import re

import pytest

from gpu import source
from gpu.source import GEMMS, MODULES, Module


def test_each_module_is_whole():
    for module in MODULES:
        assert "#include" not in module.text
        assert "#pragma once" not in module.text
        assert module.kernels
        assert module.text.count("constexpr int WARP = 32;") == 1


def test_lines_keep_their_numbers():
    """What a compiler says of a line holds in the file."""
    lines, line = [], 0
    for found in source.text("gemm.cu").splitlines():
        if marked := re.fullmatch(r'#line (\d+) "(.*)"', found):
            lines, line = (source.files("gpu") / "kernels" / marked[2]).read_text().splitlines(), int(marked[1])
            continue
        assert found == lines[line - 1].replace("#pragma once", "")
        line += 1


def test_names_and_hashes_are_unique_and_follow_the_source(monkeypatch):
    assert len({str(module) for module in MODULES}) == len(MODULES)
    assert len({module.digest for module in MODULES}) == len(MODULES)
    before = GEMMS[0].digest
    assert Module("gemm.cu", GEMMS[0].defines).digest == before
    text = source.text("gemm.cu")
    monkeypatch.setattr(source, "text", lambda _: text + "\n")
    assert GEMMS[0].digest != before


def test_macros_are_read_by_name():
    assert GEMMS[0]["BM"] == 64
    with pytest.raises(KeyError):
        GEMMS[0]["ABSENT"]
