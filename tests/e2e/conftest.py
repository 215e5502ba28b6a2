"""No story holds the window up: no delivery of an event takes its thread more than 50 ms."""

from importlib import import_module

import pytest

EXCEPTIONS = {
    ("DeferredDelete", "Window"): "in the program the window is deleted as the process ends",
}
"""What may take longer, by its event and receiver; and why."""


@pytest.fixture(scope="session", autouse=True)
def plots_are_imported():
    """Importing the plots' library cannot be taken in parts: once, some seconds after the first picture, 0.1 s."""
    import_module("pyqtgraph")


@pytest.fixture(autouse=True)
def nothing_holds_the_window_up(qapp):
    qapp.deliveries.clear()
    yield
    found = [one for one in qapp.deliveries if one.too_long and (one.event, one.receiver) not in EXCEPTIONS]
    assert not found, "\n".join(map(str, found))
