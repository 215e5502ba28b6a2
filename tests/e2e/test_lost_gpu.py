"""A GPU that fails in the middle, in a real inference worker: it costs itself, and drawing goes on with the CPU."""

import json

import numpy as np
import pytest

from app.link import Link
from app.session import Session
from app.settings import Settings
from engine import messages as m
from engine import worker
from gpu import verdict
from gpu.verdict import Verdict, runnable
from tests.app.fakes import FakeChannel
from tests.gpu import children
from tests.gpu.card import GPU
from tests.hostsim import build

pytestmark = pytest.mark.skipif(build.COMPILER is None, reason=build.WHY_NOT)

START_MS = 60_000


@pytest.fixture
def session(qapp, monkeypatch):  # noqa: ARG001 - a session needs an application
    """A session whose inference worker is real and has a card, tested before, that fails as it is told."""
    monkeypatch.setattr(worker, "main", children.main)
    verdict.store(verdict.key(GPU, None), Verdict({str(module): "" for module in runnable(GPU.capability)}))
    made = Session(FakeChannel(), Link("inference"), FakeChannel, Settings())
    yield made
    made.end()
    made.deleteLater()


def ready(session):
    return {one.name for one in session.backends if one.ready}


def _whole(answer):
    return answer is not None and answer.complete


def draw(session, qtbot):
    """What every backend says of a digit, once the model is there."""
    qtbot.waitUntil(lambda: session.model is not None, timeout=START_MS)
    image = np.random.default_rng(0).integers(0, 256, (28, 28, 1), dtype=np.uint8)
    with qtbot.waitSignal(session.prediction, timeout=START_MS, check_params_cb=_whole) as caught:
        session.predict(image)
    return caught.args[0]


@pytest.mark.parametrize(
    ("failure", "after", "why"),
    [
        ("illegal address", 3, "illegal memory access"),
        ("no memory", 0, "memory is full"),
        ("crash", 0, "signal 9"),
        ("hang", 3, "did not answer for 1 s while computing"),
    ],
)
def test_it_costs_itself_and_drawing_goes_on(session, qtbot, monkeypatch, failure, after, why):
    monkeypatch.setenv(children.FAILS, json.dumps({"fails": {"*": failure}, "after": after, "answer": 1.0}))
    said = []
    session.noticed.connect(said.append)
    session.start()
    qtbot.waitUntil(lambda: "cupy-xnor" in ready(session), timeout=START_MS)
    qtbot.waitUntil(lambda: bool(said), timeout=START_MS)
    (notice,) = said
    assert notice.what.startswith("cupy-xnor is left out")
    assert why in notice.what
    assert notice.action == "readmit"
    answered = draw(session, qtbot)
    assert {vote.backend for vote in answered.votes} == {"float-blas", "naive", "numpy-xnor", "cpu-xnor"}
    assert answered.identical
    row = next(one for one in session.backends if one.name == "cupy-xnor")
    assert not row.ready
    assert why in row.reason
    assert session.xnor_backend.name == "cpu-xnor"
    assert session.gone == set()


def test_while_all_is_well_it_answers_like_the_others_and_can_be_tried_again_after_a_failure(session, qtbot):
    session.start()
    qtbot.waitUntil(lambda: "cupy-xnor" in ready(session), timeout=START_MS)
    answered = draw(session, qtbot)
    assert "cupy-xnor" in {vote.backend for vote in answered.votes}
    assert answered.identical
    session.inference.send(m.LeaveOut("cupy-xnor", "It failed.", "Mend it."))
    session.inference.send(m.ListBackends())
    qtbot.waitUntil(lambda: "cupy-xnor" not in ready(session), timeout=START_MS)
    session._left_out.lost(m.BackendLost("cupy-xnor", "It failed.", "Mend it."))
    session.readmit_backends()
    qtbot.waitUntil(lambda: "cupy-xnor" in ready(session), timeout=START_MS)
