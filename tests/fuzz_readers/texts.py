"""Recipes, networks, imported networks and settings: documents of text, bent."""

from __future__ import annotations

import json
import tomllib

import numpy as np

from app.settings import Settings
from engine import recipes
from engine.training import netfile
from engine.verify import described
from tests.fuzz_readers.data import write_npz
from tests.fuzz_readers.draw import toml

_LAYERS = [
    {"kind": "conv", "outputs": 32, "kernel": 5, "stride": 2},
    {"kind": "conv", "outputs": 64, "pool": 2, "pool_stride": 1},
    {"kind": "conv", "outputs": 64, "shortcut": True, "repeat": 2},
    {"kind": "dense", "outputs": 100},
]


def make_recipe(draw, folder):
    content = recipes._files()[draw.choice(recipes.names())]
    record = tomllib.loads(content.decode())
    return _toml(draw, folder / "r.toml", record, "run", "result")


def read_recipe(path):
    recipes.load(str(path))


def make_network(draw, folder):
    return _toml(draw, folder / "n.toml", {"layer": _LAYERS})


def read_network(path):
    name, layers = netfile.read(path)
    assert netfile.written(netfile.parsed(layers)) == layers, name


_BLOCK = {"weights": ["+-+-", "----", "++++"]} | {key: [1.0, 2.0, 0.5] for key in described.VECTORS}


def make_imported(draw, folder):
    """A network of other people's making, as text or as arrays."""
    if draw.chance(0.5):
        record = {
            "name": "n", "shape": [2, 2], "classes": ["a", "b"], "block": [_BLOCK],
            "output": {"weights": ["+-+", "-+-"], "bias": [0, 1]},
        }  # fmt: skip
        return _toml(draw, folder / "n.toml", record)
    signs = draw.rng.choice(np.array([-1, 1], np.int8), (3, 4))
    arrays = {"block0.weights": signs, "output.weights": signs[:2, :3], "output.bias": np.array([0, 1])}
    arrays |= {f"block0.{key}": np.array([1.0, 2.0, 0.5]) for key in described.VECTORS}
    if draw.chance(0.3):
        name = draw.choice(sorted(arrays))
        shapes = [arrays[name][:0], arrays[name][np.newaxis], arrays[name] * 0, arrays[name].astype("U4")]
        arrays[draw.choice([name, "block1.gamma", "x"])] = draw.choice(shapes)
    if draw.chance(0.02):
        arrays["block0.weights"] = np.ones((4000, 10_000), np.int8)
    return write_npz(draw, folder / "n.npz", arrays)


def read_imported(path):
    assert described.read(str(path)).weight_count > 0


def make_settings(draw, folder):
    record = {
        "theme": "dark", "page": "learn", "geometry": "AAAA", "mode": "xnor", "backend": "", "pen": 20,
        "reduced_motion": False, "recent_models": ["a", "b"], "recent_data": [], "run": {"model": "mlp-512x2"},
    }  # fmt: skip
    path = folder / "settings.json"
    text = json.dumps(draw.bent(record)).encode()
    path.write_bytes(draw.choice([b"[" * 3_000_000, b"[[]," * 2_000_000]) if draw.chance(0.02) else draw.torn(text))
    return path


def read_settings(path):
    """Settings never fail: what is wrong is left at its default."""
    made, usual = Settings.load(path), Settings()
    assert all(type(getattr(made, name)) is type(value) for name, value in vars(usual).items())


def _toml(draw, path, record, *tables):
    bent = draw.bent(record)
    lines = []
    if isinstance(bent, dict):
        inline = {key: value for key, value in bent.items() if not (key in tables and isinstance(value, dict))}
        lines += [f"{json.dumps(str(key))} = {toml(value)}" for key, value in inline.items()]
        for key in bent.keys() - inline.keys():
            lines += [f"[{key}]", *(f"{json.dumps(str(name))} = {toml(value)}" for name, value in bent[key].items())]
    path.write_bytes(draw.torn("\n".join(lines).encode(errors="surrogatepass")))
    return path
