"""A session on fake children, for every test of the window's rooms."""

import pytest

from app.session import Session
from app.settings import Settings
from tests.app.fakes import FakeChannel


@pytest.fixture
def session(qapp):  # noqa: ARG001 - a session needs an application
    """A session whose `trainer`, `inference` and `job` are FakeChannels."""
    made = Session(FakeChannel(), FakeChannel(), FakeChannel, Settings())
    made.start()
    yield made
    made.end()
    made.deleteLater()
