"""Any choices together: refused with a reason and a remedy, or trained, resumed, shown, folded and run."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import CHOICES, RunConfig
from engine.errors import BadInput
from engine.inference.backend import backend
from engine.inference.network import Metadata
from engine.inference.rules import taken
from engine.training import layers, models, probes, steppers
from engine.training.evaluation import finish
from engine.training.fold import fold
from engine.training.parallel import ALONE
from engine.training.reestimate import reestimate
from engine.training.steppers import Key

SHAPE = (6, 11, 1)
ABOUT = Metadata("t", "t", SHAPE, ("a", "b", "c", "d"))
METHOD = [key for key in CHOICES if key not in ("device", "augmentation")]

choices = st.fixed_dictionaries(
    {"model": st.sampled_from(["mlp-9x2", "cnn-4-5-6", "resnet-4-5x1"])},
    optional={key: st.sampled_from(list(CHOICES[key])) for key in METHOD}
    | {"dropout_hidden": st.just(0.3), "weight_faults": st.just(0.01)},
)


@settings(max_examples=40, deadline=None)
@given(choices)
def test_choices_are_refused_with_a_reason_or_go_the_whole_way(changes):
    refused, run = attempt(changes)
    if run is None:
        assert refused.what.endswith(".")
        assert refused.remedy.endswith(".")
        return
    stream = np.random.default_rng(0)
    images, labels = stream.integers(0, 256, (3, 8, *SHAPE), np.uint8), stream.integers(0, 4, (3, 8))
    made = steppers.best(run)
    whole = made(run, models.initial(run, SHAPE, 4), ALONE)
    resumed = made(run, whole.state(), ALONE)
    results = [whole.step(images[i], labels[i], 0.01, run, Key(0, 0, i)) for i in range(3)]
    for i in range(3):
        assert resumed.step(images[i], labels[i], 0.01, run, Key(0, 0, i)) == results[i]
        resumed = made(run, resumed.state(), ALONE)
    for i in range(models.depth(whole.state())):
        frame = probes.layer_frame(whole, i, "", 3, 0)
        assert frame.latent_histogram.sum() == whole.latents(i).size
    check_deployed(run, finish(reestimate(whole.state(), run, images.reshape(-1, *SHAPE))), images[0])


def attempt(changes):
    """The refusal of these choices, or the run."""
    try:
        return None, RunConfig(**changes)
    except BadInput as refusal:
        return refusal, None


def check_deployed(run, arrays, images):
    """What is folded says what torch says in float64 of the same arrays.

    But for binary networks with shortcuts, whose float32 value may lie on the other side of a sign (see test_fold).
    """
    network = fold(arrays, run, ABOUT)
    program = backend("naive" if run.binary_activations else "float-blas").load(network)
    scores = program.scores(taken(network, images))
    assert np.all(np.isfinite(scores))
    if run.binary_activations and run.model.startswith("resnet"):
        return
    with torch.no_grad():
        *_, expected = layers.Network(arrays, run, torch.float64).forward(images)
    np.testing.assert_allclose(scores, expected.numpy(), rtol=1e-3, atol=1e-3)
