"""Shipped recipes can be trained here: their networks fit their data and some stepper makes their steps."""

import pytest

from engine import recipes
from engine.training import models, steppers

SHAPES = {
    "mnist": (28, 28, 1),
    "fashion-mnist": (28, 28, 1),
    "cifar10": (32, 32, 3),
    "svhn": (32, 32, 3),
    **{f"mnist-bits-{side}": (side, side, 1) for side in (5, 10, 14, 28)},
}


@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_can_be_trained(name):
    run = recipes.load(name).run
    assert len(models.architecture(run.model).shapes(SHAPES[run.data], 10)) > 1
    assert steppers.best(run)
