"""Listings as nvdisasm prints them, of loops whose counts are known."""

HEAD = """
	.headerflags	@"EF_CUDA_SM80"
//--------------------- .text.{name}                   --------------------------
	.section	.text.{name},"ax",@progbits
        .global         {name}
{name}:
.text.{name}:
"""


def listing(name, lines):
    """Instructions, and labels that end in a colon, as the section of one kernel."""
    text, address = HEAD.format(name=name), 0
    for line in lines:
        if line.endswith(":"):
            text += f"{line}\n"
        else:
            text += f"        /*{address:04x}*/                   {line} ;\n"
            address += 16
    return text


QUAD = ["LDS.128 R4, [R1]", *["LOP3.LUT R8, R9, R10, R11, 0x96, !PT"] * 7, *["POPC R8, R8"] * 4, "IMAD R2, R8, 0x2, R2"]
"""Four words of two outputs: four popcounts."""

ROLLED = listing(
    "product",
    [
        "MOV R1, c[0x0][0x28]",
        ".L_x_1:",
        "LDG.E.64 R12, [R2.64]",
        ".L_x_0:",
        *QUAD,
        "IADD3 R1, R1, 0x10, RZ",
        "@P0 BRA `(.L_x_0)",
        "STS.64 [R3], R12",
        "@!PT LDS RZ, [RZ]",
        "BAR.SYNC 0x0",
        "@P1 BRA `(.L_x_1)",
        "EXIT",
        ".L_x_2:",
        "BRA `(.L_x_2)",
    ],
)
"""Steps of two turns of the loop within; the last jump, to itself, is no loop."""

UNROLLED = listing(
    "product", [".L_x_1:", "LDG.E.64 R12, [R2.64]", *QUAD, *QUAD, "STS.64 [R3], R12", "@P1 BRA `(.L_x_1)", "EXIT"]
)
"""The same with the turns of a step one after the other."""
