"""The commands' records: they survive JSON, hold the fields that were promised, and refuse what cannot be done."""

import json
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest
from PIL import Image

from engine.errors import BadFile, BadInput, FlipscopeError, UnknownName, Unsupported
from engine.inference import changed, commands
from engine.inference.backend import ready
from tests.inference.fragile import NAME, WHAT


def test_doctor():
    record = json.loads(json.dumps(commands.doctor()))
    states = {row["name"]: row for row in record["backends"]}
    assert states["naive"]["ready"]
    assert all(row["ready"] or (row["reason"] and row["remedy"]) for row in states.values())
    assert {"name", "ready"} <= record["data"][0].keys()
    assert {"flipscope", "python", "numpy", "torch"} <= record["versions"].keys()
    assert [folder["name"] for folder in record["folders"]] == ["settings", "runs", "caches", "logs"]


@pytest.mark.parametrize(
    ("installed", "told"),
    [
        (("cupy-cuda12x",), {"cupy-cuda12x": "14.2"}),
        (("cupy-cuda13x",), {"cupy-cuda13x": "14.2"}),
        (("cupy-cuda12x", "cupy-cuda13x"), {"cupy-cuda12x": "14.2", "cupy-cuda13x": "14.2"}),
        ((), {"cupy-cuda12x": "not installed"}),
    ],
)
def test_doctor_tells_the_cupy_that_is_installed(monkeypatch, installed, told):
    def version(package):
        if package not in installed:
            raise PackageNotFoundError(package)
        return "14.2"

    monkeypatch.setattr(commands, "version", version)
    versions = commands.doctor()["versions"]
    assert {name: what for name, what in versions.items() if name.startswith("cupy")} == told


def test_evaluate(packed_file, tiny):
    record = json.loads(json.dumps(commands.evaluate(packed_file)))
    assert record["images"] == len(tiny.test_images)
    assert set(record["backends"]) == {one.name for one in ready()}
    for row in record["backends"].values():
        assert row["identical_predictions"] == row["identical_scores"] == 300
        assert row["seconds"] > 0
    assert len({row["accuracy"] for row in record["backends"].values()}) == 1


def test_evaluate_one_backend_beside_the_oracle(packed_file, float_file, tiny):
    record = commands.evaluate(packed_file, "tiny", "numpy-xnor", 7)
    assert list(record["backends"]) == ["naive", "numpy-xnor"]
    assert record["images"] == 7
    assert list(commands.evaluate(float_file)["backends"]) == ["float-blas"]
    assert tiny.name == record["data"]


def test_evaluate_changed(packed_file, tiny):
    record = json.loads(json.dumps(commands.evaluate_changed(packed_file, limit=50)))
    assert (record["images"], record["backend"], record["data"]) == (50, "cpu-xnor", tiny.name)
    assert [row["change"] for row in record["changes"]] == list(changed.CHANGES)
    assert record["mean"] == pytest.approx(np.mean([row["accuracy"] for row in record["changes"]]))
    again = commands.evaluate_changed(packed_file, backend="naive", limit=50)
    assert again["changes"] == record["changes"]
    assert again["unchanged"] == record["unchanged"]


def test_evaluate_what_cannot_be(packed_file, tmp_path):
    with pytest.raises(BadInput):
        commands.evaluate(packed_file, "mnist")
    with pytest.raises(BadInput):
        commands.evaluate(packed_file, "mnist", limit=0)
    with pytest.raises(UnknownName):
        commands.evaluate(packed_file, "mnst")
    with pytest.raises(BadFile):
        commands.evaluate(tmp_path / "absent", "mnist")


def test_predict(packed_file, float_file, tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 50), dtype=np.uint8)).save(tmp_path / "a.png")
    record = json.loads(json.dumps(commands.predict(packed_file, [str(tmp_path / "a.png")] * 2)))
    first, second = record["predictions"]
    assert first["scores"] == second["scores"]
    assert first["label"] == str(int(np.argmax(first["scores"])))
    assert (first["backend"], first["blank"]) == ("cpu-xnor", False)
    assert first["milliseconds"] > 0
    other = commands.predict(packed_file, [str(tmp_path / "a.png")], "naive")["predictions"][0]
    assert (other["backend"], other["scores"]) == ("naive", first["scores"])
    assert commands.predict(float_file, [str(tmp_path / "a.png")])["predictions"][0]["backend"] == "float-blas"


def test_predict_what_cannot_be(packed_file, tmp_path):
    (tmp_path / "text.png").write_text("not a picture")
    for images, backend in (([str(tmp_path / "text.png")], None), ([], "cupy-xnor"), ([], "nothing")):
        with pytest.raises(FlipscopeError) as caught:
            commands.predict(packed_file, images, backend)
        assert caught.value.remedy


def test_a_backend_that_is_lost_in_the_middle_costs_itself_only(packed_file, tiny, fragile, tmp_path):
    fragile(calls=2)
    record = commands.evaluate(packed_file)
    assert set(record["backends"]) == {one.name for one in ready()}
    assert record["left_out"] == {NAME: WHAT}
    assert all(row["identical_scores"] == len(tiny.test_images) for row in record["backends"].values())
    Image.new("L", (30, 40), 200).save(tmp_path / "p.png")
    fragile(calls=0)
    (answer,) = commands.predict(packed_file, [str(tmp_path / "p.png")])["predictions"]
    assert answer["backend"] == "cpu-xnor"


def test_a_lost_backend_that_was_asked_for_by_name_is_not_replaced(packed_file, tiny, fragile):
    assert tiny.test_images.size
    fragile(calls=2)
    with pytest.raises(Unsupported, match="illegal memory access"):
        commands.evaluate(packed_file, backend=NAME)
