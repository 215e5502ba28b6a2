"""The paper's arithmetic, exactly: what its tables say of parameters can be computed, and is."""

import pytest

from engine.tensortrain import costs
from engine.tensortrain.modes import Modes
from engine.tensortrain.paper import FC6, MNIST, ROWS, parameters, vgg


def row(name):
    return next(each for each in ROWS if each.name == name)


@pytest.mark.parametrize(
    ("name", "layers", "vgg16", "vgg19"),
    [
        ("FC", 1, 1.0, 1.0),
        ("TT4", 50_972, 3.9, 3.5),
        ("TT2", 194_622, 3.9, 3.5),
        ("TT1", 713_614, 3.9, 3.5),
        ("TT4 TT4", 37_732, 7.4, 6.0),
        ("MR1", 3_521, 3.9, 3.5),
        ("MR5", 704, 3.9, 3.5),
        ("MR50", 70, 3.7, 3.4),
    ],
)
def test_compression_of_vgg(name, layers, vgg16, vgg19):
    assert int(row(name).layer_factor) == layers
    assert round(row(name).network_factor("VGG-16"), 1) == vgg16
    assert round(row(name).network_factor("VGG-19"), 1) == vgg19


def test_vgg_networks_have_as_many_parameters_as_they_are_known_for():
    assert vgg("VGG-16") == 138_357_544
    assert vgg("VGG-19") == 143_667_240


def test_parameters_of_fc6_by_core():
    assert parameters(FC6.modes[0], 4) == (32, 448, 512, 512, 448, 64)
    assert sum(parameters(FC6.modes[0], 2)) == 528
    assert costs.dense(4096, 25088).bytes == 411_041_792


@pytest.mark.parametrize(
    ("modes", "rank", "count"),
    [
        (MNIST.modes[0], 8, 3_328),
        (MNIST.modes[1], 8, 8_448),
        (Modes((5, 5, 5, 5), (4, 8, 8, 4)), 2, 400),
        (Modes((5,) * 5, (4,) * 5), 8, 4_160),
        (Modes((8,) * 6, (4, 4, 4, 4, 4, 3)), 3, 1_320),
    ],
)
def test_parameters_of_other_layers(modes, rank, count):
    assert sum(parameters(modes, rank)) == costs.train(modes, modes.bonds([rank])).parameters == count
