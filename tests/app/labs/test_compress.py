"""The tensor train panel on fake children: what it asks for, what it counts at once, what it shows of a run."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.labs.compress import CompressPanel
from app.models_list import TWIN, shipped
from engine import messages as m
from engine.errors import BadInput
from engine.tensortrain.messages import Errors, Form, Layer, Point, RunCompress, RunDigits, Spectrum, Timing
from engine.tensortrain.modes import Modes
from tests.app.test_session import info

EVEN = Modes((4, 4, 4, 8), (4, 4, 7, 7))
TRAIN = "tensor train"


@pytest.fixture
def panel(session, qtbot):
    """With the float twin loaded, as it is soon after the start."""
    session.infos[TWIN] = replace(info(TWIN, "float"), layers=((512, 784), (512, 512), (10, 512)))
    made = CompressPanel(session).make_whole()
    qtbot.addWidget(made)
    made.resize(880, 690)
    made.show()
    return made


def choose(picker, text):
    picker.setCurrentIndex(picker.findText(text, Qt.MatchFlag.MatchContains))


def results():
    yield Layer("net", "net, hidden 1", 512, 784, EVEN, 32, 8_614_720, 0.984)
    for bond, count in ((1, 16), (2, 256), (3, 56)):
        yield Spectrum(bond, np.full(count, count**-0.5))
    yield Errors(np.array([1, 8, 64]), np.array([0.99, 0.9, 0.3]))
    yield Form("dense", (1, 1), 401_408, 32 * 401_408, 401_408, 1296)
    yield Form(TRAIN, (1, 8, 8, 8, 1), 3_776, 32 * 3_776, 1, 1, error=0.9, bound=0.95, before=0.21, after=0.97)
    yield Timing("dense", 1, 1e-4)
    yield Timing(TRAIN, 1, 4e-4)


def test_the_float_twins_largest_layer_is_taken_apart_by_default(panel):
    (twin,) = shipped("-float")
    assert panel.request() == RunCompress(twin, modes=EVEN, cores=4, ranks=(8,), epochs=1)
    assert panel.table.text("parameters", TRAIN) == f"{16 * 8 + 16 * 64 + 28 * 64 + 56 * 8:,}"
    assert "outputs 4·4·4·8, inputs 4·4·7·7, ranks 8·8·8" in panel.diagram.accessibleDescription()


def test_sliders_and_factors_count_at_once(panel, qtbot):
    with qtbot.waitSignal(panel.edited):
        panel.options.rank.set_value(1)
    assert panel.table.text("parameters", TRAIN) == str(16 + 16 + 28 + 56)
    panel.options.cores.set_value(2)
    assert panel.request().modes.cores == 2
    panel.options.outputs.setText("16·32")
    panel.options.inputs.setText("28,28")
    assert panel.table.text("parameters", TRAIN) == f"{2 * 28 * 24:,}"
    choose(panel.options.layer, "2: 512 × 512")
    assert panel.request().layer == 2
    assert panel.table.text("parameters", "dense") == "262,144"


@pytest.mark.parametrize(("text", "words"), [("4·x", "no factorisation"), ("4·4", "do not pair"), ("4·4·4·4", "suit")])
def test_factors_that_do_not_suit_say_so_and_count_nothing(panel, text, words):
    panel.options.outputs.setText(text)
    with pytest.raises(BadInput, match=words):
        panel.request()
    assert panel.table.text("parameters", TRAIN) == "–"


def test_vgg_has_the_papers_factors_and_its_table(panel):
    choose(panel.options.subject, "VGG fc6")
    request = panel.request()
    assert (request.outputs, request.inputs, request.model) == (4096, 25088, "")
    assert request.modes == Modes((4,) * 6, (2, 7, 8, 8, 7, 4))
    for rank, factor in ((4, "50,972"), (2, "194,622"), (1, "713,614")):
        panel.options.rank.set_value(rank)
        assert panel.table.text("layer smaller", TRAIN) == f"{factor}×"
    for row, factor in (("TT4", "50,972"), ("TT2", "194,622"), ("TT1", "713,614"), ("TT4 TT4", "37,732")):
        assert panel.paper.text(row, "layer") == factor
    assert panel.paper.text("TT4 TT4", "VGG-16") == "7.4"
    assert panel.paper.text("MNIST 4·4·4·4·4", "layer") == "315"
    panel.grab()


def test_measured_figures_stay_with_the_choices_they_are_of(panel, qtbot):
    panel.begin(panel.request())
    with qtbot.waitSignal(panel.found, check_params_cb=lambda text: "97.00 %" in text):
        for result in results():
            panel.show_result(result)
    table = panel.table
    assert table.text("accuracy, decomposed", "dense") == "98.40 %"
    assert table.text("accuracy, fine-tuned", TRAIN) == "97.00 %"
    assert table.text("1 image", TRAIN) == "400 µs (4.0× slower)"
    assert table.text("relative error", TRAIN) == "0.900"
    assert table.text("network smaller", TRAIN).endswith("×")
    panel.options.rank.set_value(64)
    assert table.text("relative error", TRAIN) == "0.300"
    assert table.text("accuracy, fine-tuned", TRAIN) == "–"
    panel.options.cores.set_value(2)
    assert table.text("relative error", TRAIN) == "–"
    assert "singular value,bond 2,1," in panel.csv()
    assert "fine-tuned,tensor train,8·8·8,3776,120832,0.97" in panel.csv()
    panel.grab()


def test_a_spectrum_tells_between_what_the_error_lies(panel):
    panel.begin(panel.request())
    for result in results():
        panel.show_result(result)
    # at rank 8 flat spectra of 16, 256 and 56 values lose 8/16, 248/256 and 48/56 of the square
    assert "error from 0.984 to 1.000" in panel._spectrum_card.hint.whole
    panel.begin(panel.request())
    assert not panel.spectrum.has_data
    assert panel.csv() == ""


def test_digits_are_trained_on_and_drawn_by_bits(panel):
    choose(panel.options.what, "digits")
    request = panel.request()
    assert request == RunDigits(modes=Modes((4,) * 5, (4,) * 5))
    panel.options.cores.set_value(4)
    assert panel.request().modes == Modes((4, 8, 8, 4), (4, 8, 8, 4))
    assert not panel.options.rank.isEnabled()
    panel.begin(request)
    for rank, bits, accuracy in ((8, 500_000, 0.95), (2, 400_000, 0.93)):
        panel.show_result(Point("tensor-train", rank, 3328, 106_496, bits, accuracy, 3, 60.0))
    assert panel.digits.series["TT"].x.tolist() == [400_000, 500_000]
    assert "accuracy on digits,tensor-train,8,3328,500000,0.95" in panel.csv()
    panel.grab()
    choose(panel.options.what, "apart")
    assert panel.options.rank.isEnabled()


def test_a_model_whose_size_is_not_known_is_split_when_it_runs(panel):
    choose(panel.options.subject, "hardened")
    request = panel.request()
    assert request.modes is None
    assert request.model.endswith("hardened.safetensors")
    assert panel.table.text("parameters", TRAIN) == "–"


def test_what_was_chosen_stays_when_another_model_is_scored(panel, session):
    choose(panel.options.subject, "1,024")
    panel.options.cores.set_value(3)
    panel.options.outputs.setText("2·512")
    session.models_changed.emit()
    assert (panel.options.cores.value, panel.options.outputs.text()) == (3, "2·512")
    (twin,) = shipped("-float")
    panel.options.subject.setCurrentIndex(panel.options.subject.findData(twin))
    panel.options.inputs.setText("28·28")
    session.models_changed.emit()
    assert panel.options.inputs.text() == "28·28"
    session.infos[TWIN] = replace(session.infos[TWIN], layers=((64, 256),))
    session.models_changed.emit()
    assert panel.options.inputs.text() == "4·8·8", "its layers are others now"


def test_it_runs_in_the_torch_world():
    assert RunCompress.world == RunDigits.world == "torch"
    assert issubclass(RunCompress, m.RunLab)
