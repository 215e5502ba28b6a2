"""Model files: what is saved comes back, and whatever is not a sound model is refused with a reason."""

import errno
import json
import os

import numpy as np
import pytest
import safetensors.numpy

from engine.errors import BadFile
from engine.files import CannotWrite
from engine.inference import modelfile, modelrecord
from engine.inference.network import Affine
from tests.inference import builders


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture
def network(rng):
    return builders.packed(rng)


def assert_same(a, b):
    assert type(a) is type(b)
    assert a.metadata == b.metadata
    assert len(a.operations) == len(b.operations)
    for x, y in zip(a.operations, b.operations, strict=True):
        assert type(x) is type(y)
        for field in vars(x):
            np.testing.assert_array_equal(getattr(x, field), getattr(y, field))


@pytest.mark.parametrize("source", ["u8", "bits"])
@pytest.mark.parametrize("through", ["file", "bytes"])
def test_packed_network_comes_back(rng, tmp_path, source, through):
    network = builders.packed(rng, source=source)
    modelfile.save(tmp_path / "m.safetensors", network)
    path = tmp_path / "m.safetensors"
    again = modelfile.load(path if through == "file" else path.read_bytes())
    assert_same(network, again)
    assert again.source == source


@pytest.mark.parametrize("source", ["u8", "bits"])
def test_convolutions_come_back(rng, source):
    layers = ((9, 5, 2, 2, None), (70, 3, 1, 1, builders.MaxPool(3, 2)))
    network = builders.convolutional(rng, (9, 10, 2), layers, source=source)
    assert_same(network, modelfile.load(modelfile.to_bytes(network)))


@pytest.mark.parametrize("after", [builders.affine, builders.odd])
def test_values_and_shortcuts_come_back(rng, after):
    network = builders.residual(rng, dense_layers=((9, "value"), (9, "shortcut")), after=after)
    again = modelfile.load(modelfile.to_bytes(network))
    assert_same(network, again)
    for x, y in zip(network.operations, again.operations, strict=True):
        if isinstance(x, Affine):
            assert x.shift.tobytes() == y.shift.tobytes()


@pytest.mark.parametrize("build", [builders.floating, builders.floating_convolutional, builders.floating_residual])
def test_float_network_comes_back(rng, tmp_path, build):
    network = build(rng)
    modelfile.save(tmp_path / "m.safetensors", network)
    assert_same(network, modelfile.load(tmp_path / "m.safetensors"))


def test_all_metadata_come_back(rng):
    about = {"dataset": "mnist", "seed": 7, "epochs": 2.5, "accuracy": 0.975, "versions": {"torch": "2.14"}}
    network = builders.packed(rng)
    network = type(network)(builders.metadata(**about), network.operations, network.source)
    assert modelfile.load(modelfile.to_bytes(network)).metadata == network.metadata


def test_state_comes_back_and_is_left_out_of_the_network(network):
    state = {"layer0.latent": np.ones((3, 2), np.float32), "adam.t": np.array([9])}
    data = modelfile.to_bytes(network, state, {"step": 9, "config": {"seed": 1}})
    arrays, extra = modelfile.load_state(data)
    assert extra == {"step": 9, "config": {"seed": 1}}
    assert {name: array.tolist() for name, array in arrays.items()} == {n: a.tolist() for n, a in state.items()}
    assert_same(network, modelfile.load(data))


def test_state_that_is_not_there(network):
    with pytest.raises(BadFile, match="no training state"):
        modelfile.load_state(modelfile.to_bytes(network))


def rewritten(network, tensors=None, drop=(), version=None, **fields):
    """The bytes of a model with some tensors, fields of its record or its version replaced, and digests that agree."""
    data = modelfile.to_bytes(network)
    arrays = {name: array for name, array in safetensors.numpy.load(data).items() if name not in drop}
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    texts = header["__metadata__"]
    record = {**json.loads(texts["network"]), **fields}
    arrays |= tensors or {}
    texts |= {"network": json.dumps(record), "version": version or texts["version"]}
    texts["digests"] = json.dumps({"network": modelfile._digest(texts["network"], arrays)})
    return safetensors.numpy.save(arrays, metadata=texts)


def raw(header, length=None):
    """A file of a header alone, claiming `length` bytes of it."""
    return (len(header) if length is None else length).to_bytes(8, "little") + header


DEEP = b'{"__metadata__":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
OTHERS = safetensors.numpy.save({"x": np.zeros(3)}, metadata={"format": "pt"})
HUGE = json.dumps(
    {
        "__metadata__": {"format": "flipscope", "version": "1", "network": "{}"},
        "0.weights": {"dtype": "U64", "shape": [2**40, 2**40], "data_offsets": [0, 2**62]},
    }
).encode()


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00" * 4, b"%PDF-1.7 something else altogether", raw(b"{}"), raw(b"[]"), raw(b"{", 2**62), raw(b"{}", 3),
     raw(b" " * (modelfile.MAX_HEADER + 1)), raw(b"not json"), raw(b"\xff\xfe{}"), raw(DEEP), OTHERS, raw(HUGE)],
    ids=["empty", "eight bytes short", "pdf", "no metadata", "list", "huge length", "short", "header too long",
         "not json", "not utf-8", "deep", "another program's", "huge shapes"],
)  # fmt: skip
def test_not_a_model(tmp_path, data):
    (tmp_path / "m").write_bytes(data)
    for source in (data, tmp_path / "m"):
        with pytest.raises(BadFile) as caught:
            modelfile.load(source)
        assert caught.value.what
        assert caught.value.remedy


def test_folder_and_missing_file(tmp_path):
    with pytest.raises(BadFile, match="folder"):
        modelfile.load(tmp_path)
    with pytest.raises(BadFile, match="no file"):
        modelfile.load(tmp_path / "absent")


def test_cut_short_anywhere(network, tmp_path):
    data = modelfile.to_bytes(network)
    for length in [*range(1, 40), *range(40, len(data), 97), len(data) - 1]:
        (tmp_path / "m").write_bytes(data[:length])
        for source in (data[:length], tmp_path / "m"):
            with pytest.raises(BadFile):
                modelfile.load(source)


def test_corrupted_anywhere_is_refused_or_still_a_sound_network(network, rng):
    data = modelfile.to_bytes(network)
    for position in rng.integers(0, len(data), 400):
        broken = bytearray(data)
        broken[position] ^= int(rng.integers(1, 256))
        try:
            modelfile.load(bytes(broken))
        except BadFile:
            continue


def test_newer_version_is_refused_by_name(network):
    with pytest.raises(BadFile, match=r"version 3.*up to 2.*Update"):
        modelfile.load(rewritten(network, version="3"))


def version(network):
    data = modelfile.to_bytes(network)
    return json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]["version"]


def test_a_file_is_of_the_oldest_version_that_has_its_operations(rng):
    """Older programs then read whatever they can run, and refuse the rest by its version."""
    for older in (builders.packed(rng), builders.convolutional(rng), builders.floating_convolutional(rng)):
        assert version(older) == "1"
    for newer in (builders.residual(rng), builders.floating_residual(rng)):
        assert version(newer) == "2"


@pytest.mark.parametrize("version", ["", "0", "one", "-1", "1" * 5000])
def test_versions_that_are_none(network, version):
    data = modelfile.to_bytes(network)
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    header["__metadata__"]["version"] = version
    with pytest.raises(BadFile, match="version"):
        modelfile.load(raw(json.dumps(header).encode()))


@pytest.mark.parametrize(
    "fields",
    [
        {"accuracy": 1.5},
        {"accuracy": float("nan")},
        {"accuracy": "good"},
        {"seed": -1},
        {"seed": True},
        {"input_shape": [4, 5]},
        {"input_shape": [4, 5, 0]},
        {"input_shape": [2**40, 2**40, 1]},
        {"input_shape": [28, 28, 1]},
        {"class_names": []},
        {"class_names": ["a", "b"]},
        {"class_names": "abc"},
        {"name": None},
        {"versions": [1]},
        {"source": "u16"},
        {"form": "other"},
        {"operations": []},
        {"operations": [{"kind": "dense", "inputs": 20}]},
        {"operations": [{"kind": []}]},
        {"operations": [{"kind": "dense", "inputs": 10**400}]},
    ],
    ids=str,
)
def test_record_out_of_range(network, fields):
    with pytest.raises(BadFile):
        modelfile.load(rewritten(network, **fields))


@pytest.mark.parametrize(
    "tensors",
    [
        {"0.weights": np.zeros((9, 2), np.uint64)},
        {"0.weights": np.zeros((9, 1), np.uint32)},
        {"0.weights": np.full((9, 1), 2**63, np.uint64)},
        {"1.threshold": np.zeros(8, np.int32)},
        {"1.at_least": np.zeros(9, np.uint8)},
        {"5.scale": np.full(3, np.nan, np.float32)},
        {"5.shift": np.full(3, np.inf, np.float32)},
        {"5.scale": np.zeros(3, np.float64)},
        {"9.more": np.zeros(1)},
    ],
    ids=lambda tensors: next(iter(tensors)),
)
def test_tensors_that_do_not_fit(network, tensors):
    with pytest.raises(BadFile):
        modelfile.load(rewritten(network, tensors))


CONV = {"kind": "conv", "channels": 2, "stride": 1, "padding": 1}
POOL = {"kind": "max-pool", "pool": [2, 2]}
FLOAT = {"kind": "float-conv", "relu": True, "stride": 2, "padding": 1, "pool": None}


@pytest.mark.parametrize(
    ("place", "fields"),
    [
        *((0, {**CONV, "channels": bad}) for bad in (0, 1, 3, -2, 2.0, True, None, "2", 2**40, [2])),
        *((0, {**CONV, "stride": bad}) for bad in (0, 3, 64, 10**30, None, 1.5)),
        *((0, {**CONV, "padding": bad}) for bad in (-1, 2, 65, None)),
        *((3, {**POOL, "pool": bad}) for bad in (None, [], [2], [2, 2, 2], [1, 1], [2, 0], [2, 3], [9, 9], [7, 7], 2)),
        (0, {"kind": "conv"}),
        (0, {"kind": "dense", "inputs": 84}),
        (3, {"kind": "max-pool"}),
        (0, POOL),
        (0, FLOAT),
    ],
    ids=str,
)
def test_convolutions_out_of_range(rng, place, fields):
    network = builders.convolutional(rng)
    with pytest.raises(BadFile):
        modelfile.load(rewritten(network, operations=changed(network, place, fields)))


def changed(network, place, fields):
    """The record of a network's operations with one of them replaced."""
    entries = modelrecord.record(network)["operations"]
    return [*entries[:place], fields, *entries[place + 1 :]]


@pytest.mark.parametrize(
    "fields",
    [
        {**FLOAT, "stride": 3},
        {**FLOAT, "padding": 2},
        {**FLOAT, "pool": [2, 3]},
        {**FLOAT, "relu": 1},
        {**FLOAT, "shortcut": 1},
        {**FLOAT, "shortcut": True},
        CONV,
    ],
    ids=str,
)
def test_float_convolutions_out_of_range(rng, fields):
    network = builders.floating_convolutional(rng)
    modelfile.load(rewritten(network, operations=changed(network, 0, FLOAT)))
    with pytest.raises(BadFile):
        modelfile.load(rewritten(network, operations=changed(network, 0, fields)))


@pytest.mark.parametrize(
    "tensors",
    [
        {"0.weights": np.zeros((9, 3, 3), np.uint64)},
        {"0.weights": np.zeros((9, 3, 5, 1), np.uint64)},
        {"0.weights": np.zeros((9, 7, 7, 1), np.uint64)},
        {"0.weights": np.zeros((8, 3, 3, 1), np.uint64)},
        {"0.weights": np.zeros((9, 3, 3, 2), np.uint64)},
        {"0.weights": np.full((9, 3, 3, 1), 4, np.uint64)},
        {"1.threshold": np.zeros(9 * 6 * 7, np.int32)},
        {"3.weights": np.zeros((1, 1), np.uint64)},
    ],
    ids=lambda tensors: str([(name, array.shape) for name, array in tensors.items()]),
)
def test_tensors_that_do_not_fit_a_convolution(rng, tensors):
    with pytest.raises(BadFile):
        modelfile.load(rewritten(builders.convolutional(rng), tensors))


def test_corrupted_convolutions_are_refused_or_still_sound(rng):
    data = modelfile.to_bytes(builders.convolutional(rng))
    for position in rng.integers(0, len(data), 300):
        broken = bytearray(data)
        broken[position] ^= int(rng.integers(1, 256))
        try:
            modelfile.load(bytes(broken))
        except BadFile:
            continue


def test_residual_networks_that_do_not_hold_together(rng):
    """Operations of a file: 2 begins the value, 3 takes its signs, 5 is a shortcut."""
    network = builders.residual(rng)
    kinds = [entry["kind"] for entry in modelrecord.record(network)["operations"]]
    assert kinds[:7] == ["conv", "max-pool", "affine", "sign", "conv", "shortcut", "sign"]
    for place, kind in ((2, "shortcut"), (3, "affine"), (5, "sign"), (5, "threshold"), (6, "max-pool"), (3, "relu")):
        with pytest.raises(BadFile):
            modelfile.load(rewritten(network, operations=changed(network, place, {"kind": kind})))
    for name in ("2.scale", "5.scale", "5.shift"):
        for bad in (np.zeros(11, np.float32), np.zeros(12), np.full(12, np.nan, np.float32), np.zeros((12, 1))):
            with pytest.raises(BadFile):
                modelfile.load(rewritten(network, {name: bad}))


def test_missing_tensor(network):
    with pytest.raises(BadFile, match=r"1\.at_least"):
        modelfile.load(rewritten(network, drop=("1.at_least",)))


def test_full_disk_leaves_the_old_file(network, tmp_path, monkeypatch):
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"old")

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotWrite, match="space"):
        modelfile.save(path, network)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["m.safetensors"]


def test_folder_that_does_not_exist(network, tmp_path):
    with pytest.raises(CannotWrite, match="folder that exists"):
        modelfile.save(tmp_path / "absent" / "m.safetensors", network)


def test_one_flipped_bit_is_found_out(network):
    state = {"latent": np.linspace(-1, 1, 50, dtype=np.float32)}
    data = modelfile.to_bytes(network, state, {"step": 1})
    body = 8 + int.from_bytes(data[:8], "little")
    for place in range(body, len(data), 7):
        damaged = bytearray(data)
        damaged[place] ^= 1
        with pytest.raises(BadFile):
            read_whole(bytes(damaged))


def read_whole(data):
    """Network and state: each is checked by whoever reads it."""
    return modelfile.load(data), modelfile.load_state(data)
