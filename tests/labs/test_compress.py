"""The tensor train lab as a command: a layer of a file, a shape, digits; its record, its lines, what it refuses."""

import argparse
import json

import numpy as np
import pytest

import main
from engine import datasets
from engine import messages as m
from engine.errors import BadFile, BadInput, UnknownName
from engine.inference import modelfile
from engine.labs.compress import LAB
from engine.tensortrain.messages import FORMS, RunCompress, RunDigits
from engine.tensortrain.modes import Modes
from tests.inference import builders


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A float network of 20, 9 and 3 outputs, and a test set."""
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (60, 4, 5, 1), np.uint8), np.arange(60) % 3
    tiny = datasets.Dataset("", "tiny", images, labels, images, labels, ("0", "1", "2"), "mnist")
    monkeypatch.setattr(datasets, "load", lambda name: tiny)  # noqa: ARG005 - whatever it is called
    made = str(tmp_path / "model.safetensors")
    modelfile.save(made, builders.floating(rng))
    return made


def asked(*arguments):
    parser = argparse.ArgumentParser()
    LAB.add_arguments(parser)
    return LAB.request(parser.parse_args(arguments))


def run(request):
    return LAB.record([event for event in LAB.run(request) if isinstance(event, m.LabResult)])


def test_a_layer_of_a_file_is_taken_apart(path):
    record = run(asked(path, "--cores", "2", "--ranks", "2", "--epochs", "1"))
    assert json.loads(json.dumps(record)) == record
    assert list(record["forms"]) == list(FORMS)
    dense, train, low = record["forms"].values()
    assert dense["parameters"] == record["outputs"] * record["inputs"]
    assert train["ranks"] == [1, 2, 1]
    assert 0 < train["error"] <= train["bound"] + 1e-9
    assert 0 < low["error"] < 1
    for form in (train, low):
        assert 0 <= form["before"] <= 1
        assert 0 <= form["after"] <= 1
        assert set(form["seconds"]) == {"1", "100"}
    assert list(record["spectra"]) == ["1"]
    assert np.linalg.norm(record["spectra"]["1"]) == pytest.approx(1)
    by_rank = dict(zip(record["errors"]["ranks"], record["errors"]["errors"], strict=True))
    assert by_rank[2] == pytest.approx(train["error"], abs=1e-6)
    assert any("tensor train" in line for line in LAB.lines(record))


def test_an_accuracy_in_place_of_ranks_is_kept(path):
    record = run(asked(path, "--cores", "2", "--accuracy", "0.3", "--epochs", "0", "--no-times"))
    train = record["forms"]["tensor train"]
    assert train["error"] <= 0.3
    assert train["after"] is None
    assert "seconds" not in train


def test_a_shape_is_counted_and_timed():
    record = run(asked("--shape", "20x12", "--cores", "2", "--ranks", "3"))
    assert (record["inputs"], record["outputs"], record["model"]) == (20, 12, "")
    assert set(record["forms"]["dense"]["seconds"]) == {"1", "100"}
    assert record["forms"]["tensor train"]["error"] is None
    assert "errors" not in record


def test_the_papers_factor_comes_out_of_the_command():
    for shape in ("vgg-fc6", "25088x4096"):
        request = asked("--shape", shape, "--ranks", "4", "--no-times")
        assert request.modes == Modes((4,) * 6, (2, 7, 8, 8, 7, 4))
        assert request.modes.bonds(request.ranks) == (1, 4, 4, 4, 4, 4, 1)


def test_digits_take_families_ranks_and_epochs():
    request = asked("--digits", "dense", "tensor-train", "--ranks", "8", "--epochs", "5")
    assert request == RunDigits(("dense", "tensor-train"), (8,), epochs=5)
    assert asked("--digits") == RunDigits()
    point = {
        "family": "bnn", "rank": 0, "parameters": 10, "layer_bits": 10, "network_bits": 99, "accuracy": 0.5,
        "epochs": 3, "seconds": 1.0,
    }  # fmt: skip
    assert any("50.00" in line for line in LAB.lines({"points": [point]}))


def test_progress_says_what_is_done(path):
    said = [event.doing for event in LAB.run(asked(path, "--cores", "2")) if isinstance(event, m.Progress)]
    assert said[0] == "Reading the test set"
    assert "Fine-tuning the low rank" in said


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ([], BadInput, "One layer"),
        (["FILE", "--shape", "4x4"], BadInput, "One layer"),
        (["--shape", "16x16", "--ranks", "0"], BadInput, "cannot be the ranks"),
        (["--shape", "16x16", "--ranks", "2", "2"], BadInput, "cannot be the ranks"),
        (["--shape", "16x16", "--cores", "99"], BadInput, "cannot be split"),
        (["--shape", "16"], BadInput, "no shape"),
        (["--shape", "99999x99999"], BadInput, "not made here"),
        (["--shape", "16x0"], BadInput, "no shape"),
        (["--shape", "vgg-fc9"], UnknownName, "vgg-fc"),
        (["--shape", "16x16", "--input-modes", "4,4"], BadInput, "one side"),
        (["--shape", "16x16", "--input-modes", "4,4", "--output-modes", "4,4,1"], BadInput, "do not pair"),
        (["--shape", "17x16", "--input-modes", "4,4", "--output-modes", "4,4"], BadInput, "does not suit"),
        (["--shape", "16x16", "--accuracy", "0.1"], BadInput, "no weights"),
        (["FILE", "--accuracy", "1"], BadInput, "cannot be lost"),
        (["FILE", "--epochs", "-1"], BadInput, "epochs"),
        (["FILE", "--layer", "7"], BadInput, "no layer 7"),
        (["FILE", "--input-modes", "2,3", "--output-modes", "3,3"], BadInput, "does not suit"),
        (["--digits", "dens"], UnknownName, "dense"),
        (["--digits", "--ranks", "0"], BadInput, "cannot be the ranks"),
        (["--digits", "--epochs", "0"], BadInput, "epochs"),
        (["--digits", "--shape", "4x4"], BadInput, "of its own"),
        (["/nowhere.safetensors"], BadFile, "nowhere"),
    ],
)
def test_what_cannot_be_run_is_refused(path, arguments, error, words):
    with pytest.raises(error, match=words):
        run(asked(*(path if argument == "FILE" else argument for argument in arguments)))


def test_a_file_that_is_no_model_is_refused(tmp_path):
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"not a model")
    with pytest.raises(BadFile):
        run(RunCompress(str(bad)))


@pytest.mark.parametrize("arguments", [["--shape", "16x16", "--ranks", "0"], ["--shape", "12x", "--ranks", "2"]])
def test_on_the_command_line_that_is_code_2_and_one_line(arguments, capsys):
    assert main.main(["compress", *arguments, "--json"]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
