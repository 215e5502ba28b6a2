"""The faults panel on fake children: what it asks for, what it shows, and what the model makes of it."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.labs.faults import FaultsPanel
from app.models_list import shipped, shipped_models
from app.session import ModelChoice
from engine.errors import BadInput
from engine.faults.cells import KINDS, Failures
from engine.faults.programming import RANGES, SAFE, Curve, choice
from engine.labs.faults import FaultPoint, FaultSummary, RunFaults

RATES = (0.0, 1e-3, 1e-2, 1e-1)
MEANS = {"network": (0.98, 0.98, 0.97, 0.5), "coded": (0.98, 0.98, 0.98, 0.4), "layer 2": (0.98, 0.98, 0.98, 0.9)}


def point(series, rate, mean, draws=4):
    spread = np.linspace(-0.004, 0.004, draws) if rate else np.zeros(1)
    return FaultPoint(series, rate, mean + spread, 0.0)


SUMMARY = FaultSummary("net", "write", 10_000, 668_672, 12.5, 40.0)
RESULTS = [
    *(point(name, *one) for name, means in MEANS.items() for one in zip(RATES, means, strict=True)), SUMMARY
]  # fmt: skip


@pytest.fixture
def panel(session, qtbot):
    made = FaultsPanel(session).make_whole()
    qtbot.addWidget(made)
    made.resize(880, 690)
    made.show()
    return made


def shown(panel, results=RESULTS):
    panel.begin(panel.request())
    for result in results:
        panel.show_result(result)
    return panel


def choose(picker, text):
    picker.setCurrentIndex(picker.findText(text, Qt.MatchFlag.MatchContains))


def test_the_shipped_network_is_broken_beside_its_twin_by_default(panel):
    (twin,), (hardened,) = shipped("-float"), shipped("-hardened")
    (network,) = (choice.path for choice in shipped_models() if choice.title == "mnist-mlp-512x2")
    assert panel.request() == RunFaults(network, twin, hardened, draws=10)


def test_every_choice_is_in_the_request(panel, qtbot):
    options = panel.options
    for picker, text in ((options.kind, "stuck"), (options.direction, "0 → 1 only"), (options.twin, "none")):
        with qtbot.waitSignal(panel.edited):
            choose(picker, text)
    options.draws.setValue(20)
    options.thresholds.setChecked(True)
    request = panel.request()
    assert request.failures == Failures("stuck", 1.0, 0.0)
    assert (request.twin, request.draws, request.thresholds) == ("", 20, True)


def test_every_kind_of_failure_can_be_chosen(panel):
    kinds = {panel.options.kind.itemData(index) for index in range(panel.options.kind.count())}
    assert kinds == set(KINDS)


def test_a_model_that_is_opened_can_be_broken_and_the_choice_stays(panel):
    before = panel.options.network.currentData()
    panel.session.models = [*panel.session.models, ModelChoice("/mine", "mine", "/mine")]
    panel.session.models_changed.emit()
    assert panel.options.network.currentData() == before
    choose(panel.options.network, "mine")
    assert panel.request().model == "/mine"


def test_without_a_network_it_says_what_to_do(panel):
    panel.session.models = []
    panel.session.models_changed.emit()
    with pytest.raises(BadInput, match="no binarized network"):
        panel.request()


def test_series_grow_as_they_come_and_layers_have_a_plot_of_their_own(panel):
    shown(panel, RESULTS[:2])
    assert panel.rates.series["binarized"].x.tolist() == [0.0, 1e-3]
    shown(panel)
    assert panel.rates.series["SECDED (72,64)"].high.tolist() == pytest.approx([98, 98, 98, 40])
    assert panel.layers.series["layer 2"].x.size == 4
    assert "layer 2" not in panel.rates.series
    panel.begin(panel.request())
    assert not panel.rates.has_data
    assert panel.csv() == ""


def test_a_reading_tells_the_mean_and_how_far_draws_lie_apart(panel):
    shown(panel)
    assert ("binarized 97 % (96.6 to 97.4)") in [text for text, _ in panel.rates.reading(1.1e-2)]
    assert ("binarized 98 %") in [text for text, _ in panel.rates.reading(0.0)]


def test_zero_stands_left_of_every_rate(panel):
    shown(panel)
    x, _ = panel.rates.series["binarized"].item.getData()
    assert x[0] == -7.0
    assert x[1] == pytest.approx(-3.0)


def test_what_was_measured_is_told_in_words(panel, qtbot):
    with qtbot.waitSignal(panel.found, check_params_cb=lambda text: "draws a second" in text) as caught:
        shown(panel)
    lines = caught.args[0].splitlines()
    assert lines[0] == "binarized: 98.00 %, within half a point up to 0.1 % wrong bits"
    assert lines[-1] == "12.5 draws a second of 10,000 images, 40 s in all"


def test_every_draw_is_in_the_csv(panel):
    lines = shown(panel).csv().splitlines()
    assert lines[0] == "series,rate,draw,accuracy,no answer"
    assert len(lines) == 1 + 3 * (1 + 3 * 4)
    assert lines[1] == "binarized,0,0,0.98,0"


def test_the_best_pulse_is_marked_with_what_it_saves(panel):
    card = shown(panel).programming
    curve = Curve(RATES, MEANS["network"])
    safe, best = (choice(card.junction, 2.0, curve, rate) for rate in (SAFE, curve.bearable(card.loss)))
    saved = f"{100 * (1 - best.energy / safe.energy):.0f} %"
    assert f"Without ECC {saved} of the energy is saved at a loss of 0.10 points; with SECDED" in card.best.whole
    marked = card.plot._marks[-1]
    assert marked.name == f"−{saved}"
    assert marked.choice.rate == pytest.approx(best.rate)
    assert "668,672 bits" in card.told.whole


def test_sliders_and_parameters_move_the_model(panel):
    card = shown(panel).programming
    card.pulse.setValue(0)
    assert card.told.whole.startswith("0.50 of the bits wrong, 0 fJ"), card.told.whole
    before = card.plot.series["no ECC"].x[-1]
    card.spins["resistance"].setValue(10.0)
    assert card.plot.series["no ECC"].x[-1] == pytest.approx(2 * before)
    card.overdrive.setValue(300)
    assert card.overdrive_told.text() == "I = 3.00 I_c"


@pytest.mark.parametrize("typed", [0.0, 1e9])
@pytest.mark.parametrize("name", sorted(RANGES))
def test_whatever_is_typed_is_within_what_the_model_takes(panel, name, typed):
    card = shown(panel).programming
    card.spins[name].setValue(typed)
    low, high = RANGES[name]
    least = max(low, 1e-10) if name == "relaxation" else low  # a tenth of a nanosecond is what the box can say
    assert getattr(card.junction, name) == pytest.approx(high if typed else least)


def test_everything_that_takes_the_focus_has_a_name(panel):
    for child in panel.findChildren(QWidget):
        if child.focusPolicy() != Qt.FocusPolicy.NoFocus and child.isVisibleTo(panel):
            assert child.accessibleName() or child.focusProxy() or child.parent().accessibleName(), child
