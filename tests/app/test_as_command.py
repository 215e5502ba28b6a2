"""The copied command line: parsed again it asks for exactly what is on the screen."""

import shlex

import numpy as np
import pytest

from app import as_command
from app.bench_results import Case, bench_of
from app.cli import bench, train
from app.cli.parser import parse
from app.labs import panels
from app.run_view import RunView
from app.widgets.copy_command import CopyCommand
from engine import messages as m
from engine import recipes
from engine.config import RunConfig
from engine.errors import BadInput
from engine.inference import bench as timing
from engine.inference.operands import SWEEP
from engine.labs import labs
from engine.labs.verify import RunVerify

OWN = RunConfig(model="mine", layers='[{kind="dense", outputs=8}, {kind="dense", outputs=9}]')


def parsed(command):
    """The options of a copied line, as a shell hands them over."""
    program, *arguments = shlex.split(command.line)
    assert program == "flipscope"
    return parse(arguments)


@pytest.mark.parametrize(
    "config",
    [
        RunConfig(),
        RunConfig(seed=7, epochs=3, threads=2, data="/some where/é.npz"),
        RunConfig(time_limit=60.5, epochs=12, spread=0.123456789),
        RunConfig(optimizer="bop", flip_threshold=1.7e-7, learning_rate=1 / 3),
        RunConfig(steps="plain"),
        OWN,
        *(recipes.load(name).run for name in recipes.names()),
    ],
)
def test_the_line_of_a_run_is_that_run(config):
    assert train.config_of(parsed(as_command.of_config(config))) == config


def test_a_run_that_was_changed_or_did_not_begin_here_says_so():
    run = RunView(name="r", config=RunConfig(seed=5))
    assert as_command.of_run(run).caveat == ""
    run.first_step = 40
    assert "step 40" in as_command.of_run(run).caveat
    run.tuned = True
    assert "changed while it ran" in as_command.of_run(run).caveat


@pytest.mark.parametrize(
    "command",
    [
        m.BenchGemm(((1000, 777, 513),), 2),
        m.BenchGemm(SWEEP, quick=True),
        m.BenchNet((("784-1024x3-10", 100),)),
        m.BenchConv((("128@32x32", 16),), 2),
    ],
)
def test_the_line_of_a_benchmark_times_the_same(command, monkeypatch):
    asked = []

    def record(kind):
        return lambda cases, threads, quick: iter(asked.append(kind(tuple(map(tuple, cases)), threads, quick)) or ())

    for name, kind in (("gemm", m.BenchGemm), ("net", m.BenchNet), ("conv", m.BenchConv)):
        monkeypatch.setattr(timing, name, record(kind))
    options = parsed(as_command.of_bench(command))
    monkeypatch.setattr(bench, "answer", lambda *_: 0)
    options.run(options)
    assert asked == [command]


def test_a_case_on_the_screen_is_a_benchmark_of_its_own():
    for case, kind in (("1024x1024x1024", m.BenchGemm), ("784-16-10@5", m.BenchNet), ("8@6x6@2", m.BenchConv)):
        assert isinstance(bench_of(Case(case, 2)), kind)
        assert bench_of(Case(case, 2)).threads == 2
    assert bench_of(Case("8@6x6@2", 1)).cases == (("8@6x6", 2),)


@pytest.mark.parametrize("kind", list(panels()), ids=lambda kind: kind.name)
def test_the_line_of_a_lab_asks_for_the_same(kind, session):
    panel = kind(session).make_whole()
    request = panel.request()
    options = parsed(as_command.of_lab(request))
    assert labs()[kind.name].request(options) == request
    assert options.threads == as_command.LAB_THREADS
    panel.deleteLater()


def test_what_is_in_no_file_is_refused_in_words(qtbot):
    drawn = RunVerify("x.safetensors", 2, image=np.zeros((10, 10, 1), np.uint8))
    in_memory = RunVerify(b"bytes", 2, index=3)
    for request, said in ((drawn, "drawn"), (in_memory, "in training")):
        with pytest.raises(BadInput, match=said):
            as_command.of_lab(request)
    button = CopyCommand("this lab", lambda: as_command.of_lab(drawn))
    qtbot.addWidget(button)
    button.click()
    assert "drawn" in button.accessibleDescription()


def test_the_button_copies_and_says_what(qtbot, qapp):
    button = CopyCommand("this run", lambda: as_command.Command(["train", "--data", "a b"], "Not quite."))
    qtbot.addWidget(button)
    button.click()
    assert qapp.clipboard().text() == "flipscope train --data 'a b'"
    assert button.accessibleDescription().endswith("Not quite.")
