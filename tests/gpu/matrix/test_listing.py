"""What nvdisasm prints is read as it stands there."""

import shutil

import pytest

from gpu.matrix import listing
from gpu.matrix.listing import NoDisassembler, functions
from tests.gpu.matrix.listings import ROLLED
from tests.gpu.matrix.listings import listing as printed


def test_instructions_have_addresses_predicates_and_targets():
    code = functions(ROLLED)["product"]
    assert [each.address for each in code] == list(range(0, 16 * len(code), 16))
    assert code[0].opcode == code[0].name == "MOV"
    jumps = [(each.address, each.target) for each in code if each.name == "BRA"]
    assert jumps == [(16 * 16, 2 * 16), (16 * 20, 16), (16 * 22, 16 * 22)]
    assert [each.text for each in code if each.never] == ["LDS RZ, [RZ]"]


def test_opcodes_have_modifiers_and_names_have_none():
    first = functions(printed("k", ["@!P0 LDG.E.64.CONSTANT R12, [R2.64]"]))["k"][0]
    assert (first.opcode, first.name, first.never) == ("LDG.E.64.CONSTANT", "LDG", False)


def test_every_kernel_has_its_own():
    both = functions(printed("one", ["EXIT"]) + printed("$__internal_0_$two", ["NOP", "RET"]))
    assert {name: len(code) for name, code in both.items()} == {"one": 1, "$__internal_0_$two": 2}


def test_two_labels_of_one_place_are_one_target():
    code = functions(printed("k", [".L_x_4:", ".L_x_5:", "NOP", "BRA `(.L_x_4)", "BRA `(.L_x_5)"]))["k"]
    assert [each.target for each in code] == [None, 0, 0]


def test_without_the_disassembler_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(listing, "_in_wheel", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(NoDisassembler, match="pip install nvidia-cuda-nvdisasm"):
        listing.disassembler.__wrapped__()
