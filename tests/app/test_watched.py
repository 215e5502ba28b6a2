"""The past of a watched weight."""

import numpy as np

from app.watched import Watched
from engine import messages as m


def trace(first, last, flips, latent=0.5):
    steps = np.arange(first, last + 1)
    return m.WatchTrace(0, 1, 2, steps, np.full(steps.size, latent, np.float32), flips)


def test_only_the_watched_weight_is_taken_over():
    watched = Watched((0, 1, 3))
    watched.add(trace(1, 5, 1))
    assert watched.latent_at(None) is None


def test_a_resumed_run_is_followed_on_from_its_save():
    """Steps made after the save are forgotten, and a new trainer's count adds to what was counted until then."""
    watched = Watched((0, 1, 2))
    watched.add(trace(0, 10, 3))
    watched.add(trace(11, 20, 5))
    watched.add(trace(15, 18, 1, latent=-0.5))
    steps, latent = watched.trace()
    np.testing.assert_array_equal(steps, np.arange(19))
    assert (latent[14], latent[15]) == (0.5, -0.5)
    assert watched.flips_until(None) == 4
