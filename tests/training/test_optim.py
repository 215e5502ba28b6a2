"""Every optimizer against its formulas in numpy float64, its state, the scale of rates, and the clip."""

import numpy as np
import pytest
import torch

from engine.config import RunConfig
from engine.training import models, optim
from engine.training.optim.scale import clip, glorot

FANS = {"layer0.latent": (6, 8), "layer2.latent": (8, 3)}


def run(**changes):
    return RunConfig(**{"model": "mlp-8x2", **changes})


def parameters(arrays, dtype):
    return {name: torch.tensor(a, dtype=dtype) for name, a in arrays.items() if f"{name}.m" in arrays}


def gradients(arrays, step):
    """One of them is never anything but 0."""
    stream = np.random.default_rng(step)
    drawn = {name: stream.standard_normal(a.shape) for name, a in arrays.items() if f"{name}.m" in arrays}
    return drawn | {"layer1.beta": np.zeros(8)}


def rate(step):
    return 0.01 / (1 + step)


def after(config, steps, dtype=torch.float64, broken_at=None):
    """Parameters and state after steps of the optimizer, taken up anew from its state where it is broken."""
    arrays = models.initial(config, (2, 3, 1), 3)
    tensors = parameters(arrays, dtype)
    made = optim.optimizer(config, tensors, arrays, FANS)
    for step in range(steps):
        if step == broken_at:
            made = optim.optimizer(config, tensors, made.state(), FANS)
        drawn = {name: torch.tensor(g, dtype=dtype) for name, g in gradients(arrays, step).items()}
        made.step(drawn, rate(step), config)
    return {name: t.numpy() for name, t in tensors.items()}, made.state()


def adam(w, g, s, t, rate):
    s["m"], s["v"] = 0.9 * s["m"] + 0.1 * g, 0.999 * s["v"] + 0.001 * g**2
    return w - rate * (s["m"] / (1 - 0.9**t)) / (np.sqrt(s["v"] / (1 - 0.999**t)) + 1e-8)


def nearest_power(x):
    with np.errstate(divide="ignore"):
        return np.where(x == 0, 0.0, np.sign(x) * 2.0 ** np.round(np.log2(np.abs(x))))


def shift_adamax(w, g, s, t, rate):
    s["m"], s["v"] = 7 / 8 * s["m"] + g / 8, np.maximum(1023 / 1024 * s["v"], np.abs(g))
    length, shift = nearest_power(rate / (1 - (7 / 8) ** t)), nearest_power(s["v"])
    return w - np.divide(length * s["m"], shift, out=np.zeros_like(w), where=shift > 0)


def sgd(w, g, s, _, rate):
    s["m"] = 0.9 * s["m"] + g
    return w - rate * s["m"]


def bop(w, g, s, _, rate):
    """With the run's adaptivity of 0.3, decaying from a learning rate of 0.01, and its threshold of 0.02."""
    share = 0.3 * rate / 0.01
    s["m"] = (1 - share) * s["m"] + share * g
    return np.where(w * s["m"] > 0.02, -w, w)


FORMULAS = {"adam": adam, "shift-adamax": shift_adamax, "sgd": sgd, "bop": bop}
RUNS = [
    *(pytest.param({"optimizer": name}, id=name) for name in ("adam", "shift-adamax", "sgd")),
    pytest.param({"optimizer": "bop", "adaptivity": 0.3, "flip_threshold": 0.02}, id="bop"),
    pytest.param({"rate_scale": "glorot"}, id="adam-scaled"),
    pytest.param({"rate_scale": "glorot", "optimizer": "shift-adamax"}, id="shift-adamax-scaled"),
]


@pytest.mark.parametrize("changes", RUNS)
def test_equals_its_formulas(changes):
    config = run(**changes)
    arrays = models.initial(config, (2, 3, 1), 3)
    found, state = after(config, 8)
    for name, w in parameters(arrays, torch.float64).items():
        w, memory = w.numpy().copy(), {"m": np.zeros(w.shape), "v": np.zeros(w.shape)}
        scale = 1.0
        if config.rate_scale == "glorot" and name in FANS:
            scale = 1 / np.sqrt(1.5 / sum(FANS[name]))
            scale = nearest_power(scale) if config.optimizer == "shift-adamax" else scale
        for step in range(8):
            moved = FORMULAS[optim.moves(config, name)](w, gradients(arrays, step)[name], memory, step + 1, rate(step))
            w += scale * (moved - w)
        np.testing.assert_allclose(found[name], w, rtol=1e-9, atol=1e-12, err_msg=name)
        for moment in optim.moments(optim.moves(config, name)):
            np.testing.assert_allclose(state[f"{name}.{moment}"], memory[moment], rtol=1e-9, atol=1e-12)
    assert np.array_equal(found["layer1.beta"], np.zeros(8))


@pytest.mark.parametrize("changes", RUNS)
def test_goes_on_from_its_state_exactly(changes):
    config = run(**changes)
    whole, state = after(config, 6, torch.float32)
    resumed, again = after(config, 6, torch.float32, broken_at=3)
    assert state.keys() == again.keys()
    for name, array in (whole | state).items():
        np.testing.assert_array_equal((resumed | again)[name], array)
    expected = models.initial(config, (2, 3, 1), 3)
    assert {name: (a.shape, a.dtype) for name, a in (whole | state).items()}.items() <= {
        name: (a.shape, a.dtype) for name, a in expected.items()
    }.items()


def test_bop_shows_its_momentum_in_units_of_its_threshold():
    """A weight of +1 flips below -1 and one of -1 above 1, where the sign of what is shown is the other one."""
    config = run(optimizer="bop", adaptivity=0.3, flip_threshold=0.02)
    arrays = models.initial(config, (2, 3, 1), 3)
    assert set(arrays["layer0.latent"].ravel()) == {-1, 1}
    tensors = parameters(arrays, torch.float64)
    made = optim.optimizer(config, tensors, arrays, FANS)
    weights, flipped = tensors["layer0.latent"], 0
    for step in range(20):
        before = weights.clone()
        made.step({name: torch.tensor(g) for name, g in gradients(arrays, step).items()}, 0.01, config)
        inertia = made.inertia("layer0.latent", config)
        np.testing.assert_allclose(inertia, made.state()["layer0.latent.m"] / -0.02)
        np.testing.assert_array_equal(weights != before, before * inertia < -1)
        flipped += int((weights != before).sum())
    assert flipped > 10


def test_equals_torch_adam():
    arrays = models.initial(run(), (2, 3, 1), 3)
    theirs = {name: t.requires_grad_() for name, t in parameters(arrays, torch.float32).items()}
    reference = torch.optim.Adam(theirs.values(), lr=1.0)
    for step in range(8):
        for tensor, gradient in zip(theirs.values(), gradients(arrays, step).values(), strict=True):
            tensor.grad = torch.tensor(gradient, dtype=torch.float32)
        reference.param_groups[0]["lr"] = rate(step)
        reference.step()
    ours, _ = after(run(), 8, torch.float32)
    for name, array in ours.items():
        np.testing.assert_allclose(array, theirs[name].detach(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("optimizer", ["adam", "shift-adamax", "sgd", "bop"])
def test_gradients_may_lie_in_memory_in_any_order(optimizer):
    config = run(optimizer=optimizer)
    arrays = models.initial(config, (2, 3, 1), 3)
    found = []
    for turned in (False, True):
        tensors = parameters(arrays, torch.float32)
        made = optim.optimizer(config, tensors, arrays, FANS)
        drawn = {name: torch.tensor(g, dtype=torch.float32) for name, g in gradients(arrays, 0).items()}
        made.step(
            {name: g.T.contiguous().T if turned and g.ndim == 2 else g for name, g in drawn.items()}, 0.01, config
        )
        found.append(tensors)
    for name, tensor in found[0].items():
        torch.testing.assert_close(tensor, found[1][name], rtol=0, atol=0)


def test_the_papers_scale_of_its_first_layer():
    assert glorot(784, 4096) == pytest.approx(57.03, abs=0.01)


def test_clip_keeps_latents_within_one():
    latents = torch.tensor([-3.0, -1.0, 0.25, 1.0, 1.5])
    clip(latents)
    assert latents.tolist() == [-1, -1, 0.25, 1, 1]
