"""What all forms of export share: one rule of thresholds, refusals in words, the command's record."""

import json

import numpy as np
import pytest

from engine import export
from engine.errors import BadFile, FlipscopeError, UnknownName, Unsupported
from engine.export.commands import exported
from engine.export.layers import layers
from engine.files import CannotWrite
from engine.inference import modelfile
from tests.export.cases import RANDOM, random_case
from tests.inference import builders


@pytest.mark.parametrize("name", RANDOM)
def test_one_rule_gives_every_threshold_at_every_sum(name):
    network, _ = random_case(name)
    for layer in layers(network):
        threshold, after = layer.threshold(), layer.stage.after
        if threshold is None:
            continue
        sums = np.arange(-min(layer.reach, 3000), min(layer.reach, 3000) + 1)[:, np.newaxis]
        wanted = np.where(after.at_least, sums >= after.threshold, sums <= after.threshold)
        np.testing.assert_array_equal((sums >= threshold) == layer.rising, wanted)
        assert np.all(np.abs(threshold.astype(np.int64)) <= layer.reach + 1)


@pytest.mark.parametrize("form", export.FORMATS)
def test_the_command(form, tmp_path):
    model, out = tmp_path / "m.safetensors", tmp_path / "out"
    modelfile.save(model, builders.packed(np.random.default_rng(0)))
    record = json.loads(json.dumps(exported(str(model), form, str(out))))
    assert record["bytes"] == sum(file.stat().st_size for file in ([out] if out.is_file() else out.iterdir()))
    assert (record["model"], record["format"], record["path"]) == (str(model), form, str(out))


def test_what_cannot_be(tmp_path):
    model, twin = tmp_path / "m.safetensors", tmp_path / "f.safetensors"
    modelfile.save(model, builders.packed(np.random.default_rng(0)))
    modelfile.save(twin, builders.floating(np.random.default_rng(0)))
    for error, path, form, out in (
        (UnknownName, model, "verilog", tmp_path / "o"),
        (BadFile, tmp_path / "absent", "c", tmp_path / "o"),
        (Unsupported, twin, "npz", tmp_path / "o"),
        (CannotWrite, model, "c", tmp_path / "absent" / "o.c"),
        (CannotWrite, model, "hex", tmp_path / "absent" / "o"),
    ):
        with pytest.raises(FlipscopeError) as caught:
            exported(str(path), form, str(out))
        assert type(caught.value) is error
        assert caught.value.remedy
    assert {path.name for path in tmp_path.iterdir()} == {"m.safetensors", "f.safetensors"}
