"""Run as a program: kernels that are worse than ours on purpose, and loops that can be counted by hand, as JSON.

In a process of its own, since torch, where it is loaded, brings another NVRTC.
"""

import json
from dataclasses import dataclass

from gpu import compile as compiler
from gpu import nvrtc
from gpu.matrix.examined import examine
from gpu.matrix.listing import disassembled
from gpu.matrix.loops import hottest, loops
from gpu.source import GEMMS, TENSORS, Module

COUNT = """
extern "C" __global__ void count(const unsigned* a, const unsigned* w, int* out, int n) {
    int sum = 0;
#pragma unroll 1
    for (int step = 0; step < n; ++step) {
        const uint4 x = ((const uint4*)a)[step * 32 + threadIdx.x], y = ((const uint4*)w)[step];
        sum += __popc(x.x ^ y.x) + __popc(x.y ^ y.y) + __popc(x.z ^ y.z) + __popc(x.w ^ y.w);
    }
    out[threadIdx.x] = sum;
}
"""
"""Two loads of 16 bytes and four popcounts of exclusive ors a turn."""


@dataclass(frozen=True)
class Changed(Module):
    """A module with pieces of its text replaced."""

    pieces: tuple[tuple[str, str], ...] = ()

    @property
    def text(self):
        text = super().text
        for good, bad in self.pieces:
            assert good in text, good
            text = text.replace(good, bad)
        return text


class Written:
    file, text = "count.cu", COUNT


def changed(module, *pieces):
    return Changed(module.file, module.defines, pieces=pieces)


FOUR_LOGIC = (
    "parity = logic<PARITY>(between, a1, w1);\n        return logic<CARRY>(before, between, parity);",
    "const u32 x = a0 ^ w0, y = a1 ^ w1;\n        parity = logic<PARITY>(before, x, y);\n"
    "        return logic<MAJORITY>(before, x, y);",
)
EVERY_TURN = ("if (step % ROW_WARPS == warp % ROW_WARPS)", "")
XOR = next(module for module in TENSORS if "XOR" in dict(module.defines))
AND = next(module for module in TENSORS if "AND" in dict(module.defines) and module["BM"] == 64)
PLANTED = {
    "four logic instructions for two words": (changed(GEMMS[0], FOUR_LOGIC), 80),
    "too few registers": (changed(GEMMS[0], ("__launch_bounds__(THREADS, 2)", "__launch_bounds__(THREADS, 4)")), 80),
    "ones that every warp counts in every step": (changed(AND, EVERY_TURN), 90),
    "an instruction that sm_90 emulates": (changed(XOR, ('#error "this arch', '// "this arch')), 90),
}


def counted(number):
    code = disassembled(compiler.compiled(Written(), f"-arch=sm_{number}").code)["count"]
    loop = hottest(code, "POPC")
    return {name: loop.count(name) for name in ("POPC", "LOP3", "LDG")} | {"loops": len(loops(code))}


def faults(module, number):
    return sorted({fault for each in examine(module, number, listed=True) for fault in each.faults})


if __name__ == "__main__":
    nvrtc.prefer(nvrtc.choose((12, 0)))
    print(
        json.dumps(
            {
                "planted": {name: faults(*case) for name, case in PLANTED.items()},
                "counted": {number: counted(number) for number in (75, 80, 90, 120)},
            }
        )
    )
