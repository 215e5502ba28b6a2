"""One node: what it is and is read as, its code bit by bit, its neighbours, and the nodes whose codes are nearest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel

from app.why import explain
from app.widgets.card import Card, keep_link_color, label, set_role
from app.widgets.tiles import BitTiles
from engine.bits import Words, unpack
from engine.labs.graph import GraphShape

NEAREST = 8
"""Nodes whose codes are nearest that are shown."""
MOST = 12
"""Neighbours that are named."""
EMPTY = "Click a node: its bits, its neighbours, and the nodes whose codes are nearest."


class NodeCard(Card):
    """`asked` carries the number of a node whose link was clicked."""

    asked = Signal(int)

    def __init__(self) -> None:
        super().__init__("A node", "click one in a map")
        self._about, self._near, self._alike = (self._words() for _ in range(3))
        self.tiles = BitTiles("The node's code", lambda bit: f"bit {bit} of the code")
        for part in (self._about, self.tiles, self._near, self._alike):
            self.body.addWidget(part, 1 if part is self.tiles else 0)
        explain(
            self,
            "The code of one node, a bit for each hidden unit, white for +1. Below it the nodes that it has edges to, "
            "and those whose codes differ from it in the fewest bits.",
            "Bits of the first seed's binarized network as it is now; nearness is the Hamming distance, counted by "
            "xor and popcount over all nodes.",
            "xnor",
        )
        self.clear()

    def clear(self) -> None:
        """No node is chosen."""
        self.set_hint("click one in a map")
        self._about.setText(EMPTY)
        set_role(self._about, "muted")
        self.tiles.set_count(0)
        self.tiles.hide()
        for words in (self._near, self._alike):
            words.hide()

    def show_node(
        self, node: int, shape: GraphShape, near: NDArray[np.int64], read: int | None, code: Words | None, bits: int
    ) -> NDArray[np.int64]:
        """Show a node; gives those whose codes are nearest. read: its class for the network, None if there is none.

        code: uint64 [nodes, …] of `bits` bits each, None without one.
        """
        self.set_hint(f"number {node}")
        self._about.setText(_about(node, shape, read))
        set_role(self._about, "")
        many = "one neighbour" if near.size == 1 else f"{near.size} neighbours"
        more = " …" if near.size > MOST else ""
        self._near.setText(f"<b>{many}</b> {_links(near[:MOST], shape)}{more}")
        self._near.show()
        self.tiles.setVisible(code is not None)
        self._alike.setVisible(code is not None)
        if code is None:
            return near[:0]
        self.tiles.show_bits(unpack(code[node], bits))
        away = np.bitwise_count(code ^ code[node]).sum(axis=1, dtype=np.int64)
        order = np.argsort(away, kind="stable")
        nearest: NDArray[np.int64] = order[order != node][:NEAREST]
        same = int(np.count_nonzero(shape.labels[nearest] == shape.labels[node]))
        least, most = int(away[nearest].min()), int(away[nearest].max())
        span = f"{least} to {most}" if least < most else str(most)
        self._alike.setText(
            f"<b>Nearest codes</b>, {span} bits away, {same} of {nearest.size} of its class: {_links(nearest, shape)}"
        )
        return nearest

    def _words(self) -> QLabel:
        made = label()
        made.setWordWrap(True)
        made.setTextFormat(Qt.TextFormat.RichText)
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        keep_link_color(made)
        made.linkActivated.connect(lambda number: self.asked.emit(int(number)))
        return made


def _about(node: int, shape: GraphShape, read: int | None) -> str:
    known = int(shape.labels[node])
    true = shape.class_names[known] if known >= 0 else "class not known"
    if read is None:
        return f"<b>{true}</b>"
    said = "✓ read so" if read == known else f"✕ read as {shape.class_names[read]}"
    return f"<b>{true}</b>, {said}"


def _links(nodes: NDArray[np.int64], shape: GraphShape) -> str:
    """Numbers to click, each with the class as its tip."""
    names = (*shape.class_names, "class not known")
    return ", ".join(f'<a href="{node}" title="{names[shape.labels[node]]}">{node}</a>' for node in nodes.tolist())
