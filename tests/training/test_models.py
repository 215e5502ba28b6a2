"""Architectures by name, and what a run begins with."""

import numpy as np
import pytest

from engine.errors import BadInput, UnknownName
from engine.inference.operations import MaxPool
from engine.training import models
from engine.training.models import ConvLayer, DenseLayer
from tests.training.tiny import config


@pytest.mark.parametrize(
    ("name", "hidden"),
    [("mlp-512x2", (512,) * 2), ("mlp-1024x3", (1024,) * 3), ("mlp-4096x3", (4096,) * 3), ("mlp-7x1", (7,))],
)
def test_names_are_width_times_depth(name, hidden):
    assert [layer.outputs for layer in models.architecture(name).hidden] == list(hidden)


def test_shapes_run_from_pixels_to_classes():
    assert models.architecture("mlp-512x2").shapes((28, 28, 1), 10) == ((512, 784), (512, 512), (10, 512))


def test_a_convolutional_network_is_a_list_of_layers():
    plan = models.architecture("cnn-32-64-64")
    assert plan.shapes((28, 28, 1), 10) == ((32, 25), (64, 288), (64, 576), (10, 7 * 7 * 64))
    assert plan.shapes((9, 8, 3), 4) == ((32, 75), (64, 288), (64, 576), (4, 2 * 2 * 64))
    assert {"mlp-512x2", "cnn-32-64-64"} <= set(models.NAMES)


def test_digit_networks_come_in_any_widths():
    assert models.architecture("cnn-7-16-300").shapes((28, 28, 1), 10) == ((7, 25), (16, 63), (300, 144), (10, 14700))


def test_residual_networks_add_every_block_to_the_one_before():
    plan = models.architecture("resnet-48-96x2")
    assert [layer.shortcut for layer in plan.layers(10)] == [False, False, True, True, False]
    shapes = plan.shapes((28, 28, 1), 10)
    assert sum(outputs * inputs for outputs, inputs in shapes) == 255_600
    deeper = models.architecture("resnet-8-16x1-32x12")
    assert [layer.outputs for layer in deeper.hidden] == [8, 16, 16, *[32] * 13]
    assert [layer.pool is not None for layer in deeper.hidden] == [False, True, False, True, *[False] * 12]


@pytest.mark.parametrize(
    "hidden",
    [
        (ConvLayer(1, shortcut=True),),
        (ConvLayer(4), ConvLayer(5, shortcut=True)),
        (ConvLayer(4), ConvLayer(4, stride=2, shortcut=True)),
        (ConvLayer(4), ConvLayer(4, pool=MaxPool(), shortcut=True)),
        (ConvLayer(4), DenseLayer(256, shortcut=True)),
    ],
)
def test_shortcuts_to_another_shape_are_refused(hidden):
    with pytest.raises(BadInput, match="shortcut adds"):
        models.Architecture("one's own", hidden).shapes((8, 8, 1), 10)


@pytest.mark.parametrize(
    ("name", "first", "weights"),
    [("convnet", 128, 14_022_016), ("convnet-half", 64, 3_508_928), ("convnet-quarter", 32, 878_944)],
)
def test_the_papers_network_comes_in_three_widths(name, first, weights):
    shapes = models.architecture(name).shapes((32, 32, 3), 10)
    assert len(shapes) == 9
    assert shapes[0] == (first, 27)
    assert sum(outputs * inputs for outputs, inputs in shapes) == weights


def test_images_too_small_for_an_architecture_are_refused():
    with pytest.raises(BadInput, match="does not fit"):
        models.initial(config(model="cnn-32-64-64"), (2, 2, 1), 10)


@pytest.mark.parametrize(
    "name",
    [
        "mlp-512x0",
        "mlp-0x2",
        "mlp-512",
        "cnn",
        "cnn-32-64",
        "convnet-third",
        "resnet-8",
        "resnet-8-16x0",
        "",
        "mlp-512x2 ",
        "mlp-999999x2",
    ],
)
def test_other_names_are_unknown_and_known_ones_listed(name):
    with pytest.raises(UnknownName, match=r"convnet, .*mlp-1024x3, mlp-4096x3, mlp-512x2"):
        models.architecture(name)


def test_the_beginning_comes_from_the_seed_alone():
    first, again, other = (models.initial(config(seed=seed), (28, 28, 1), 10) for seed in (1, 1, 2))
    for name, array in first.items():
        np.testing.assert_array_equal(array, again[name])
    assert not np.array_equal(first["layer0.latent"], other["layer0.latent"])
    assert np.abs(first["layer1.latent"]).max() <= models.LATENT_SPREAD
    assert models.depth(first) == 3
    assert models.initial(config(output="bias"), (28, 28, 1), 10).keys() >= {"layer2.bias", "layer2.bias.m", "adam.t"}


def test_layers_have_names_for_people():
    assert [models.layer_name(i, 3) for i in range(3)] == ["hidden 1", "hidden 2", "output"]
