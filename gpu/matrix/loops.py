"""Loops of a listing, and what one turn of the hot one costs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from gpu.matrix.listing import Instruction
from gpu.matrix.pipes import usage


class NoSuchLoop(ValueError):
    """The listing has no loop of the kind that was looked for."""


@dataclass(frozen=True)
class Loop:
    """What lies between a jump backwards and where it goes; jumps within it are counted as not taken."""

    body: tuple[Instruction, ...]

    def count(self, name: str) -> int:
        """How many of its instructions have this name."""
        return sum(instruction.name == name and not instruction.never for instruction in self.body)

    def passed_over(self, name: str) -> Loop:
        """What jumps forward within it pass over, of every jump that passes over an instruction of this name."""
        passed: set[Instruction] = set()
        for jump in self.body:
            if jump.name == "BRA" and jump.target is not None:
                over = [each for each in self.body if jump.address < each.address < jump.target]
                passed.update(over if any(each.name == name for each in over) else ())
        return Loop(tuple(each for each in self.body if each in passed))

    def within(self, other: Loop) -> bool:
        """Whether all of it is a part, and not the whole, of another."""
        return self != other and set(self.body) < set(other.body)


def loops(function: list[Instruction]) -> list[Loop]:
    """Every loop, the shortest first. A jump to itself, with which every function ends, is none."""
    found = [
        Loop(tuple(each for each in function if jump.target <= each.address <= jump.address))
        for jump in function
        if jump.target is not None and jump.target < jump.address and jump.name == "BRA"
    ]
    return sorted(found, key=lambda loop: len(loop.body))


def hottest(function: list[Instruction], name: str) -> Loop:
    """The shortest loop that has as many instructions of this name as any that holds no other loop with some.

    Raises NoSuchLoop.
    """
    having = [loop for loop in loops(function) if loop.count(name)]
    innermost = [loop for loop in having if not any(other.within(loop) for other in having)]
    if not innermost:
        raise NoSuchLoop(f"no loop with {name}")
    return max(innermost, key=lambda loop: loop.count(name))


def around(function: list[Instruction], inner: Loop) -> Loop:
    """The shortest loop around another. Raises NoSuchLoop."""
    outer = next((loop for loop in loops(function) if inner.within(loop)), None)
    if outer is None:
        raise NoSuchLoop("no loop around it")
    return outer


def usage_of_step(function: list[Instruction], name: str, turn: int, step: int) -> Counter[str]:
    """What a thread passes the pipes with for `step` instructions called `name`, `turn` of which belong together.

    The hot loop may be one turn, several, or all of a step unrolled; what surrounds it in the loop of the steps is
    counted once a step. Raises NoSuchLoop where the numbers do not divide, which is where this is not that loop.
    """
    inner = hottest(function, name)
    found = inner.count(name)
    if found % turn or (found % step and step % found):
        raise NoSuchLoop(f"{found} {name} in a loop, of which {turn} belong together and {step} are a step")
    used = usage(inner.body)
    if found >= step:
        return Counter({pipe: count * step / found for pipe, count in used.items()})
    rest = usage(around(function, inner).body)
    rest.subtract(used)
    return Counter({pipe: rest[pipe] + used[pipe] * (step // found) for pipe in rest})
