"""Recipes, networks and settings: documents of text, bent."""

from __future__ import annotations

import json
import tomllib

from app.settings import Settings
from engine import recipes
from engine.training import netfile
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
    for table in record.values():
        if isinstance(table, dict) and "date" in table:
            table["date"] = str(table["date"])
    return _toml(draw, folder / "r.toml", record, "run", "result")


def read_recipe(path):
    recipes.load(str(path))


def make_network(draw, folder):
    return _toml(draw, folder / "n.toml", {"layer": [dict(layer) for layer in _LAYERS]})


def read_network(path):
    name, layers = netfile.read(path)
    assert netfile.written(netfile.parsed(layers)) == layers, name


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
