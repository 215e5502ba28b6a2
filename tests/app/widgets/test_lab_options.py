"""What labs' choices have in common: every control is listened to, and any model can be chosen, in training too."""

import pytest
from PySide6.QtWidgets import QCheckBox

from app.session import TRAINING
from app.widgets.lab_options import LabOptions, spin
from app.widgets.pickers import fill, picker
from engine import messages as m
from engine.errors import BadInput


class Options(LabOptions):
    def __init__(self, session):
        super().__init__(session)
        self.network, self.radius, self.deep = picker("Network"), spin("Radius", 0, 9, 1), QCheckBox("deep")
        self.add_rows((("network", self.network), ("", self.radius)), (("", self.deep),))
        self.refresh_models()

    def refresh_models(self):
        fill(self.network, {"": "none"} | self.models("packed"), "")


@pytest.fixture
def options(session, qtbot):
    made = Options(session)
    qtbot.addWidget(made)
    return made


def test_every_kind_of_control_makes_a_change_known(options, qtbot):
    for change in (
        lambda: options.network.setCurrentIndex(1),
        lambda: options.radius.setValue(2),
        lambda: options.deep.setChecked(True),
    ):
        with qtbot.waitSignal(options.changed):
            change()


def test_a_file_is_named_by_its_path_and_none_by_nothing(options):
    assert options.source(options.network) == ""
    options.network.setCurrentIndex(1)
    assert options.source(options.network) == options.session.models[0].path


def test_the_network_in_training_is_chosen_as_it_was_last_scored(options, qtbot):
    session = options.session
    with qtbot.waitSignal(options.changed):
        session._models.add_training()
    options.network.setCurrentIndex(options.network.findData(TRAINING))
    with pytest.raises(BadInput, match="not been scored"):
        options.source(options.network)
    session.trainer.said.emit(m.Snapshot("run", 5, b"bytes of a model"))
    assert options.source(options.network) == b"bytes of a model"


def test_a_float_network_is_listed_apart(options):
    key = options.session.models[0].key
    assert key in options.models("packed")
    assert key not in options.models("float")


def test_a_picker_takes_the_room_of_its_longest_choice_and_can_do_with_less(options):
    box = options.network
    before, least = box.sizeHint().width(), box.minimumSizeHint().width()
    longest = "a network with a name longer than any other on the list of them"
    box.addItem(longest)
    assert box.sizeHint().width() >= max(before, box.fontMetrics().horizontalAdvance(longest))
    assert box.minimumSizeHint().width() == least
