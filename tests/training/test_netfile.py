"""Networks of one's own: what a file can say, what is refused and how it is told, and that a run carries its own."""

import re
from pathlib import Path

import numpy as np
import pytest

from engine.checkpoint import Checkpoint
from engine.config import RunConfig
from engine.errors import BadFile, BadInput, UnknownName
from engine.inference import modelfile
from engine.inference.backend import ready
from engine.inference.operations import MaxPool
from engine.training import models, netfile
from engine.training.plan import ConvLayer, DenseLayer
from main import main
from tests.training.tiny import resume, start

DOCS = Path(__file__).resolve().parents[2] / "docs" / "models.md"
OWN = """
# a small net for digits
[[layer]]
kind = "conv"
outputs = 6
kernel = 5
stride = 2

[[layer]]
kind = "conv"
outputs = 9
pool = 3
pool_stride = 2

[[layer]]
kind = "conv"
outputs = 9
shortcut = true
repeat = 2

[[layer]]
kind = "dense"
outputs = 20
"""
LAYERS = (
    ConvLayer(6, kernel=5, stride=2),
    ConvLayer(9, pool=MaxPool(3, 2)),
    *(ConvLayer(9, shortcut=True),) * 2,
    DenseLayer(20),
)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "small-net.toml"
    path.write_text(OWN)
    return path


def test_a_file_is_a_list_of_layers(file):
    assert netfile.parsed(OWN) == LAYERS
    settings = models.chosen(str(file))
    assert settings["model"] == "small-net"
    assert models.architecture(**{"name": "small-net", "layers": settings["layers"]}).hidden == LAYERS
    assert models.chosen("mlp-7x1") == {"model": "mlp-7x1"}


@pytest.mark.parametrize("name", [*models.NAMES, "cnn-1-2-3", "resnet-8-16x3-32x1"])
def test_a_file_can_say_what_every_name_says(name):
    hidden = models.architecture(name).hidden
    assert netfile.parsed(netfile.written(hidden)) == hidden
    assert netfile.written(netfile.parsed(netfile.written(hidden))) == netfile.written(hidden)


def test_what_is_usual_need_not_be_said():
    assert netfile.written(LAYERS) == (
        'layer = [{kind = "conv", outputs = 6, kernel = 5, stride = 2}, '
        '{kind = "conv", outputs = 9, pool = 3, pool_stride = 2}, '
        '{kind = "conv", outputs = 9, shortcut = true}, {kind = "conv", outputs = 9, shortcut = true}, '
        '{kind = "dense", outputs = 20}]'
    )


def test_the_documented_file_is_the_named_network():
    (example,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.S)
    assert netfile.parsed(example) == models.architecture("resnet-48-96x2").hidden


CONV, DENSE = 'kind = "conv"\noutputs = 4\n', 'kind = "dense"\noutputs = 4\n'


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        (CONV + "kernal = 3", "layer 2: There is no key of a layer 'kernal'. Did you mean 'kernel'?"),
        (DENSE + "stride = 2", "layer 2: There is no key of a dense layer 'stride'"),
        ('kind = "convolution"\noutputs = 4', "layer 2: There is no kind of layer 'convolution'. Did you mean 'conv'?"),
        ("outputs = 4", "layer 2: It does not name kind"),
        ('kind = "conv"', "layer 2: It does not name outputs"),
        ("kind = 3\noutputs = 4", "kind is 3. Give it as text"),
        (CONV + "kernel = 4", "layer 2: kernel is 4. Choose 1 or 3 or 5"),
        (CONV + "stride = 3", "stride is 3. Choose 1 or 2"),
        (CONV + "pool = 9", "pool is 9. Choose it between 2 and 8"),
        (CONV + "pool = 2\npool_stride = 3", "pool_stride is 3. Choose it between 1 and 2"),
        (CONV + "pool_stride = 2", "pool_stride stands without pool"),
        (CONV + "shortcut = 1", "shortcut is 1. Give it as true or false"),
        (CONV + "repeat = 0", "repeat is 0"),
        (CONV + "repeat = 199\n[[layer]]\n" + CONV, "layer 3: These are more than 200 layers"),
        ('kind = "dense"\noutputs = 0', "outputs is 0"),
        ('kind = "dense"\noutputs = 100000', "outputs is 100000"),
        ('kind = "dense"\noutputs = 4.0', "outputs is 4.0. Give it as a whole number"),
        ('kind = "dense"\noutputs = true', "outputs is True"),
        ('kind = "dense"\noutputs = ' + "9" * 400, "outputs is 999"),
    ],
)
def test_what_a_layer_must_not_say(layer, told):
    with pytest.raises(BadFile, match=re.escape(told)):
        netfile.parsed(f"[[layer]]\n{DENSE}\n[[layer]]\n{layer}", "net.toml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "does not name layer"),
        ("layer = []", "no layers"),
        ("layer = 3", "layer is 3. Give it as a list"),
        ("layer = [3]", "layer 1: It is 3. Give it as a table"),
        ("name = 'x'\nlayer = []", "There is no key 'name'"),
        ("[[layer]", "no TOML"),
        ("layer = [" + "[" * 5000, "no TOML"),
        (b"\xff\xfe", "no TOML"),
        ("#" * (netfile.MOST_BYTES + 1), "is the limit"),
    ],
)
def test_what_is_no_network(text, told):
    with pytest.raises(BadFile, match=re.escape(told)):
        netfile.parsed(text, "net.toml")


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(BadFile, match="no file"):
        models.chosen(str(tmp_path / "absent.toml"))
    for name in ("ö", "a b", "x" * 41, "-"):
        path = tmp_path / f"{name}.toml"
        path.write_text(OWN)
        with pytest.raises(BadFile, match="cannot be a network's name"):
            models.chosen(str(path))


def test_a_name_that_means_another_network_is_refused():
    layers = netfile.written(LAYERS)
    with pytest.raises(BadInput, match="name of another"):
        models.architecture("mlp-512x2", layers)
    with pytest.raises(BadFile, match="name"):
        models.architecture("../elsewhere", layers)
    with pytest.raises(UnknownName):
        models.architecture("small-net", "")


def test_another_model_has_other_layers():
    own = RunConfig().with_changes({"model": "small-net", "layers": netfile.written(LAYERS)})
    assert own.changed("seed", 3).layers == own.layers == own.changed("model", "small-net").layers
    assert own.changed("model", "mlp-8x1").layers == ""


@pytest.mark.usefixtures("data")
def test_a_run_carries_its_network_and_goes_on_elsewhere(file, tmp_path):
    run = start(tmp_path / "here", **models.chosen(str(file)), epochs=1)
    list(run.events())
    saved, file_of_run = run.save(), tmp_path / "moved.safetensors"
    file_of_run.write_bytes(saved.path.read_bytes())
    file.unlink()
    assert Checkpoint.load(file_of_run).config.layers == netfile.written(LAYERS)
    again = resume(file_of_run, tmp_path / "there", config=run.loop.config.changed("epochs", 2))
    list(again.events())
    assert again.loop.place.epoch == 2
    assert "small-net" in again.folder.name
    network = modelfile.load(again.folder.last)
    assert network.metadata.architecture == "small-net"
    images = np.random.default_rng(0).integers(0, 256, (5, *network.metadata.input_shape), np.uint8)
    assert len({one.load(network).scores(images).tobytes() for one in ready()}) == 1


def test_the_command_line_tells_what_is_wrong_with_a_file(tmp_path, capsys):
    path = tmp_path / "own.TOML"
    path.write_text("[[layer]]\nkind = 'dense'\noutput = 3\n")
    assert main(["train", "--model", str(path)]) == 2
    told = capsys.readouterr().err
    assert "own.TOML, layer 1: There is no key of a layer 'output'. Did you mean 'outputs'?" in told
    assert told.count("\n") == 1


@pytest.mark.usefixtures("data")
def test_what_does_not_fit_the_images_leaves_no_run_behind(tmp_path):
    for layers, told in (
        ((ConvLayer(4, pool=MaxPool(8, 8)), ConvLayer(4, pool=MaxPool(8, 8))), "Layer 2 of 'own'"),
        ((DenseLayer(4), ConvLayer(4)), "Layer 2 of 'own': A convolution or pooling is given no map"),
        ((DenseLayer(99_999), DenseLayer(99_999)), "is the limit"),
    ):
        with pytest.raises(BadInput, match=told):
            start(tmp_path / "runs", model="own", layers=netfile.written(layers))
    assert not (tmp_path / "runs").exists()
