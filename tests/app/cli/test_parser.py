"""What the command line is taken to mean."""

import pytest

from app.cli.parser import parse
from engine.errors import UnknownName


@pytest.mark.parametrize(
    "words", [["show", "--json", "one"], ["--json", "show", "one"], ["show", "one", "--json"]], ids=" ".join
)
def test_options_stand_before_between_or_after_what_is_named(words):
    options = parse(["runs", *words])
    assert (options.action, options.runs, options.json) == ("show", ["one"], True)


def test_options_between_several_that_are_named():
    options = parse(["runs", "compare", "one", "--measure", "loss", "two"])
    assert (options.action, options.runs, options.measure) == ("compare", ["one", "two"], "loss")


def test_what_is_no_option_is_told_and_a_mistyped_command_too(capsys):
    with pytest.raises(SystemExit) as told:
        parse(["runs", "list", "--jsn"])
    assert told.value.code == 2
    assert "--jsn" in capsys.readouterr().err
    with pytest.raises(UnknownName):
        parse(["runz"])
