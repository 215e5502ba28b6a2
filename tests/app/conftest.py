"""A session on fake children, for every test of the window's rooms."""

import pytest

from app.session import ModelChoice, Session
from app.settings import Settings
from engine import messages as m
from tests.app.fakes import FakeChannel
from tests.app.said import BLAS, CUPY, XNOR, info


@pytest.fixture
def session(qapp):  # noqa: ARG001 - a session needs an application
    """A session whose `trainer`, `inference` and `job` are FakeChannels."""
    made = Session(FakeChannel(), FakeChannel(), FakeChannel, Settings())
    made.start()
    yield made
    made.end()
    made.deleteLater()


@pytest.fixture
def loaded(session):
    """A session whose inference worker is up and whose model is loaded; its first evaluation is done."""
    session.inference.say(m.ChildReady("inference", 1), m.BackendList((XNOR, BLAS, CUPY)))
    session.models, session.model_key = [ModelChoice("a", "a", "/a.safetensors")], "a"
    session.inference.say(m.ModelLoaded(info("a")))
    session.inference.say(m.Done("evaluate"))
    session.inference.sent.clear()
    return session
