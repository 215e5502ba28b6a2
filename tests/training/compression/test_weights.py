"""Every form of a layer against the matrix that it stands for, in float64: products, gradients, signs, variance."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import RunConfig
from engine.errors import BadInput
from engine.tensortrain.modes import Modes, suggested
from engine.tensortrain.trains import TensorTrain
from engine.training import optim
from engine.training.compression import initial
from engine.training.compression.weights import Hashed, LowRank, Matrix, Train
from tests.tensortrain.strategies import SEEDS, modes, train


def torch_train(made, outputs, inputs, binary=False):
    return Train([torch.from_numpy(core.copy()) for core in made.cores], outputs, inputs, binary=binary)


def sizes(draw_modes, less):
    return [max(whole // 2 + 1, whole - lost) for whole, lost in zip(draw_modes.shape, less, strict=True)]


LESS = st.tuples(st.integers(0, 3), st.integers(0, 3))


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, modes=modes(), rank=st.integers(1, 5), batch=st.integers(0, 3), less=LESS)
def test_a_train_multiplies_as_its_matrix_padding_cut_off(seed, modes, rank, batch, less):
    rng = np.random.default_rng(seed)
    made = train(rng, modes, [rank])
    outputs, inputs = sizes(modes, less)
    x = rng.standard_normal((batch, inputs))
    found = torch_train(made, outputs, inputs).product(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(found, x @ made.dense()[:outputs, :inputs].T, atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, modes=modes(most=3, cores=3), rank=st.integers(1, 3))
def test_gradients_of_cores_and_inputs_are_those_of_the_contraction(seed, modes, rank):
    rng = np.random.default_rng(seed)
    layer = torch_train(train(rng, modes, [rank]), *modes.shape)
    x = torch.from_numpy(rng.standard_normal((2, modes.shape[1]))).requires_grad_()
    names = list(layer.leaves)

    def product(x, *cores):
        layer.leaves = dict(zip(names, cores, strict=True))
        return layer.product(x)

    assert torch.autograd.gradcheck(product, (x, *layer.leaves.values()))


@pytest.mark.parametrize("rank", [1, 3, 8])
def test_binary_cores_make_whole_numbers_that_float32_holds_exactly(rank):
    layout = suggested(64, 64, 3)
    rng = np.random.default_rng(rank)
    layer = initial.train(rng, layout, layout.bonds([rank]), (64, 60), 0.0, binary=True)
    signs = TensorTrain(tuple(np.where(core.numpy() >= 0, 1, -1).astype(np.int64) for core in layer.latents.values()))
    assert np.abs(signs.dense()).max() <= math.prod(layer.bonds)
    x = rng.choice(np.array([-1, 1]), (5, 60))
    sums = layer.product(torch.from_numpy(x.astype(np.float32))).detach().numpy()
    expected = x @ signs.dense()[:64, :60].T
    assert np.array_equal(sums, expected)
    assert np.abs(expected).max() <= layer.reach < 2**24
    assert layer.bits == layer.parameters == sum(core.size for core in signs.cores)


def test_signs_follow_the_latents_which_stay_within_one():
    layer = Matrix(torch.tensor([[0.3, -2.0], [0.0, 1.5]]), binary=True)
    assert layer.leaves["latent"].tolist() == [[1.0, -1.0], [1.0, 1.0]]
    layer.latents["latent"].neg_()
    layer.refresh()
    assert layer.leaves["latent"].tolist() == [[-1.0, 1.0], [1.0, -1.0]]  # the sign of -0 is +1 as well
    layer.settle()
    assert layer.latents["latent"].abs().max() == 1.0
    assert (layer.bits, Matrix(torch.zeros(2, 2)).bits) == (4, 128)


def test_low_rank_and_hashed_layers_multiply_as_their_matrices():
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.standard_normal((4, 7)))
    u, v = (torch.from_numpy(rng.standard_normal(shape)) for shape in ((5, 2), (2, 7)))
    low = LowRank(u, v)
    torch.testing.assert_close(low.product(x), x @ (u @ v).T)
    assert low.parameters == 24
    buckets, places = torch.from_numpy(rng.standard_normal(3)), rng.integers(0, 3, (5, 7))
    signs = rng.choice(np.array([-1.0, 1.0]), (5, 7))
    torch.testing.assert_close(
        Hashed(buckets, places, signs).product(x), x @ torch.from_numpy(buckets.numpy()[places] * signs).T
    )


@pytest.mark.parametrize("rank", [4, 8])
def test_entries_have_the_wanted_variance(rank):
    rng, size, variance = np.random.default_rng(rank), (256, 256), 0.03
    layout = suggested(*size, 4)
    cases = [
        initial.train(rng, layout, layout.bonds([rank]), size, variance),
        initial.low_rank(rng, *size, rank, variance),
        initial.hashed(rng, *size, 5000, variance),
        initial.matrix(rng, *size, variance),
    ]
    for case in cases:
        with torch.no_grad():
            matrix = case.product(torch.eye(256)).numpy()
        # of one draw of few numbers, whose products vary far more than normal numbers do
        assert 0.3 * variance < matrix.var() < 3 * variance, case.form
        assert matrix.shape == size


def test_the_mean_variance_over_many_draws_is_the_wanted_one():
    layout, variance = Modes((3, 3), (3, 3)), 0.5
    drawn = [
        initial.train(np.random.default_rng(seed), layout, (1, 3, 1), (9, 9), variance).product(torch.eye(9)).detach()
        for seed in range(400)
    ]
    assert torch.stack(drawn).square().mean().item() == pytest.approx(variance, rel=0.1)


def test_a_train_of_another_size_is_refused():
    with pytest.raises(BadInput, match="does not suit"):
        initial.train(np.random.default_rng(0), Modes((4, 4), (4, 4)), (1, 2, 1), (17, 16), 1.0)


def test_the_first_step_of_adam_moves_every_number_against_its_own_gradient():
    rng, layout = np.random.default_rng(1), Modes((2, 3, 2), (3, 2, 4))
    layer = initial.train(rng, layout, layout.bonds([3]), layout.shape, 0.5)
    config, names = RunConfig(kind="float"), list(layer.latents)
    before = {name: latent.clone() for name, latent in layer.latents.items()}
    state = optim.initial(config, {name: latent.numpy() for name, latent in layer.latents.items()})
    x = torch.from_numpy(rng.standard_normal((5, 24)).astype(np.float32))
    gradients = torch.autograd.grad(layer.product(x).square().sum(), [layer.leaves[name] for name in names])
    optimizer = optim.optimizer(config, layer.latents, state, {})
    optimizer.step(dict(zip(names, gradients, strict=True)), 1e-3, config)
    for name, gradient in zip(names, gradients, strict=True):
        torch.testing.assert_close(layer.latents[name], before[name] - 1e-3 * gradient.sign(), atol=1e-6, rtol=0)
