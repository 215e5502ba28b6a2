"""Kept runs in words."""

from datetime import datetime

import pytest

from app import run_words
from engine.config import RunConfig
from tests.app.kept import row

NOW = datetime(2026, 5, 12, 15, 0).timestamp()


@pytest.mark.parametrize(
    ("then", "words"),
    [
        (datetime(2026, 5, 12, 14, 59, 30), "just now"),
        (datetime(2026, 5, 12, 14, 48), "12 min ago"),
        (datetime(2026, 5, 12, 9, 5), "today 09:05"),
        (datetime(2026, 5, 3, 9, 5), "3 May 09:05"),
        (datetime(2025, 12, 31, 9, 5), "31 Dec 2025"),
        (datetime(2026, 5, 12, 15, 30), "today 15:30"),
    ],
)
def test_when(then, words):
    assert run_words.when(then.timestamp(), NOW) == words


def test_a_method_is_told_with_what_its_weights_move_by():
    assert run_words.method(RunConfig()) == "Adam 0.01"
    assert run_words.method(RunConfig(optimizer="bop", flip_threshold=2e-6)) == "Bop τ 2e-06"
    assert run_words.method(RunConfig(kind="float", optimizer="sgd", learning_rate=0.1)) == "float twin, SGD 0.1"


@pytest.mark.parametrize(("seconds", "words"), [(8, "8 s"), (600, "10 min"), (5400, "1 h 30 min")])
def test_lasted(seconds, words):
    assert run_words.lasted(seconds) == words


@pytest.mark.parametrize(("seconds", "words"), [(0.5, "limit 0.5 s"), (20, "limit 20 s"), (1165.0, "limit 1,165 s")])
def test_time_limit(seconds, words):
    assert run_words.time_limit(seconds) == words


def test_a_run_without_a_title_is_called_by_its_network_and_a_broken_one_by_its_folder():
    assert run_words.title(row("x", config=RunConfig(model="mlp-512x2", seed=3))) == "mlp-512×2, seed 3"
    assert run_words.title(row("x", origin=("y", 3, 1))) == "mlp-512×2, seed 0, branch"
    bop, twin = RunConfig(optimizer="bop"), RunConfig(kind="float", model="mlp-8x1")
    assert run_words.title(row("x", config=bop)) == "mlp-512×2, Bop, seed 0"  # not called as Adam's beside it
    assert run_words.title(row("x", config=twin)) == "mlp-8×1, float twin, seed 0"
    assert run_words.title(row("x", config=None)) == "x"
    assert run_words.title(row("x", title="Mine")) == "Mine"


def test_what_is_unusual_of_a_run_is_told_once():
    config = RunConfig(optimizer="sgd", learning_rate=0.1, momentum=0.5, loss="squared-hinge", seed=4)
    assert run_words.unusual(config) == ["momentum 0.5", "loss squared-hinge"]
    assert run_words.method(config) == "SGD 0.1"


def test_data_of_ones_own_is_called_by_its_last_part():
    assert run_words.data_title("/home/me/pictures") == "pictures"
    assert run_words.data_title("cifar10") == "CIFAR-10"
