"""Training steps beside plain torch's: turns taken alternately, figures told, what cannot be timed refused."""

from typing import ClassVar

import pytest

from engine import messages as m
from engine.errors import BadInput, UnknownName
from engine.inference import commands, training_bench


class Child:
    """A process that takes as many milliseconds over a turn as it has taken turns, thrice as many for the plain way."""

    asked: ClassVar = []

    def __init__(self, world, name):
        assert world == "torch"
        self.name, self.turns = name, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        Child.asked.append((self.name, "closed"))

    def ask(self, command, answer, timeout):
        assert timeout > 60
        if answer is m.StepParts:
            return answer((m.StepPart("product", 0, 0.002, 0.001),))
        self.turns += 1
        Child.asked.append(command)
        return answer(self.turns * (0.003 if command.method == "plain" else 0.001), command.method)


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(training_bench, "Child", Child)
    monkeypatch.setattr(training_bench, "QUICK", (3, 0.0))
    monkeypatch.setattr(Child, "asked", [])


def test_medians_and_ratio_of_steps_in_turns():
    record = commands.bench_train(case=["20-9x2-10@7"], threads=2, quick=True)
    (row,) = record["rows"]
    assert (row.pop("case"), row.pop("parts")) == ("20-9x2-10@7", ())
    times = {"plain_ms": 6.0, "ours_ms": 4.0, "alone_ms": 3.0}  # two methods take turns in the second process
    assert row == pytest.approx({"threads": 2, **times, "ratio": 1.5, "over_one": 0.75})
    asked = [command for command in Child.asked if isinstance(command, m.PeerTraining)]
    assert [command.method for command in asked] == ["plain", "alone", "ours"] * 3
    assert asked[0] == m.PeerTraining("plain", 2, "mlp-9x2", (1, 20, 1), 10, 7)
    assert {ended for ended in Child.asked if isinstance(ended, tuple)} == {("plain", "closed"), ("ours", "closed")}


def test_parts_of_a_step_of_one_thread():
    (row,) = commands.bench_train(case=["20-9-10@7"], quick=True)["rows"]
    assert row["alone_ms"] is row["over_one"] is None
    assert row["parts"] == ({"kernel": "product", "layer": 0, "seconds": 0.002, "floor": 0.001},)


@pytest.mark.parametrize(("model", "image"), [("convnet-half", (32, 32, 3)), ("cnn-32-64-64", (28, 28, 1))])
def test_a_network_by_name_is_timed_on_images_of_its_kind(model, image):
    (row,) = commands.bench_train(case=[f"{model}@50"], quick=True)["rows"]
    assert row["case"] == f"{model}@50"
    assert Child.asked[0] == m.PeerTraining("plain", 1, model, image, 10, 50)


@pytest.mark.parametrize(
    ("case", "threads"),
    [("784-10@100", 1), ("784-9-10@1", 1), ("784-9-10", 0), ("nothing", 1), ("9-9-9@x", 1), ("convnet-third", 1)],
)
def test_what_is_not_timed(case, threads):
    with pytest.raises((BadInput, UnknownName)):
        commands.bench_train(case=[case], threads=threads, quick=True)
