"""What a command line of training asks for."""

from pathlib import Path

import main
from app.cli.parser import parse
from app.cli.train import config_of
from engine import recipes


def asked(*arguments):
    return config_of(parse(["train", *arguments]))


def test_epochs_that_are_asked_for_take_the_place_of_a_time_limit(tmp_path):
    recipe = tmp_path / "r.toml"
    known = (Path(recipes.__file__).parent / "training" / "recipes" / "mnist-mlp.toml").read_text()
    recipe.write_text(known.replace("[run]", "[run]\ntime_limit = 3.0"))
    assert asked("--recipe", str(recipe)).time_limit == 3
    told = asked("--recipe", str(recipe), "--epochs", "7")
    assert (told.epochs, told.time_limit) == (7, None)
    assert asked("--recipe", str(recipe), "--set", "time_limit=none").time_limit is None


def test_an_option_that_is_empty_is_not_one_that_is_missing(capsys):
    for option in ("--recipe", "--resume", "--from"):
        assert main.main(["train", option, ""]) == 2, option
        assert capsys.readouterr().err.startswith("flipscope: ")


def test_nothing_is_trained_over_what_it_is_trained_on(tmp_path, capsys):
    (tmp_path / "own.npz").write_bytes(b"images")
    own = str(tmp_path / "own.npz")
    assert main.main(["train", "--data", own, "--out", own]) == 2
    assert "what would be read" in capsys.readouterr().err
    assert (tmp_path / "own.npz").read_bytes() == b"images"


def test_a_home_of_nobody_is_told(capsys):
    assert main.main(["train", "--data", "~nobody-at-all/x.npz", "--epochs", "1"]) == 2
    assert "~nobody-at-all" in capsys.readouterr().err
