"""Whatever a person does, nothing holds the window up: no delivery of an event takes its thread more than 50 ms."""

import pytest

from tests.app.everything import Everything

pytestmark = pytest.mark.slow

TRIES = 3
"""What is too long in one of them only was disturbed: a core's two threads share more than time."""
LONGER = {("set_up", "FittingButton of LearnBar 'bar'"): "a section of the settings is made as it is shown first"}
"""What takes longer, once: what was done, and the receiver; and why."""


def too_long(app):
    """What was too long: the delivery in words by what was done, its event and its receiver."""
    found = {}
    for done in Everything().do():
        for one in app.deliveries:
            if one.too_long and (done, one.receiver) not in LONGER:
                found[done, one.event, one.receiver] = f"{done}: {one}"
        app.deliveries.clear()
    return found


def test_nothing_holds_the_window_up(qapp):
    qapp.deliveries.clear()
    found = too_long(qapp)
    for _ in range(TRIES - 1):
        if not found:
            return
        again = too_long(qapp)
        found = {kind: one for kind, one in found.items() if kind in again}
    assert not found, "\n".join(found.values())
