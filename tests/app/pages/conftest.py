"""The Learn page on a fake trainer, for the tests of its rooms."""

import pytest

from app.pages.learn import LearnPage
from tests.app.frames import Trainer


@pytest.fixture
def learn(session, qtbot):
    session.visible_page = "learn"
    made = LearnPage(session).make_whole()
    made.resize(1216, 724)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    made.drawing.rest()  # the tests say when to draw
    made.bits.view.clock = lambda: 0.0  # and nothing fades
    return made


@pytest.fixture
def trainer(session):
    return Trainer(session.trainer)
