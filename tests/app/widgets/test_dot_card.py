"""The dot product's weights are those of the model in use, whatever its second layer is."""

import numpy as np
import pytest

from app.session import ModelChoice
from app.widgets.dot_card import LONGEST, DotCard
from engine.bits import unpack
from engine.inference import modelfile
from tests.inference import builders


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(builders.packed(np.random.default_rng(0), hidden=(70, 9)), id="dense"),
        pytest.param(builders.convolutional(np.random.default_rng(0)), id="conv"),
    ],
)
def test_real_weights_of_the_second_layer(session, qtbot, tmp_path, network):
    path = tmp_path / "m.safetensors"
    modelfile.save(path, network)
    session.models = [ModelChoice(str(path), "m", str(path))]
    session.model_key = str(path)
    card = DotCard(session)
    qtbot.addWidget(card)
    card.width_switch.button("64").click()
    second = list(network.layers())[1]
    row = unpack(second.weights[0], getattr(second, "channels", second.inputs)).ravel()[:LONGEST]
    np.testing.assert_array_equal(card.steps.product.w, row)
    assert "neuron 0 of layer 2" in card.source.text()
