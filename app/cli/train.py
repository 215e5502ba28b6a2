"""Training in a run folder."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.cli.printing import DONE, INTERRUPTED, Record, answer, json_flag, progress_line

if TYPE_CHECKING:
    from engine.config import RunConfig

SUMMARY = "train a network in a run folder"


def arguments(parser: argparse.ArgumentParser) -> None:
    from engine.settings_text import settings_text

    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = settings_text()
    parser.add_argument("--data", help="data set by name, or a file or folder of one (default mnist)")
    parser.add_argument("--model", help="architecture by name (default mlp-512x2), or a .toml file of one")
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--epochs", type=int, help="passes over the training set (default 10)")
    budget.add_argument("--time-limit", type=float, metavar="S", help="train for S seconds instead")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--device", choices=("cpu", "cuda"))
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="any other setting, see below")
    parser.add_argument("--out", help="model file to write (network and training state)")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--recipe", metavar="R", help="start from a recipe by name (see recipes) or .toml file")
    start.add_argument("--resume", metavar="FILE", help="go on from a checkpoint or a model file with its state")
    json_flag(parser)


def run(options: argparse.Namespace) -> int:
    from engine.training.commands import train
    from engine.training.models import chosen

    named = ("data", "model", "epochs", "time_limit", "seed", "threads", "device")
    changes = {key: getattr(options, key) for key in named if getattr(options, key) is not None}
    changes |= chosen(changes["model"]) if "model" in changes else {}
    changes |= assignments(options.set)
    config = _settings(options).with_changes(changes)
    record = train(config, out=options.out, resume=options.resume, on_progress=progress_line)
    progress_line("")
    if record:  # of several processes the first alone speaks
        answer(options, record, _print_train)
    return INTERRUPTED if record.get("interrupted") else DONE


def assignments(texts: Sequence[str]) -> dict[str, str]:
    """What "key=value" texts set. Raises BadInput."""
    from engine.errors import BadInput

    for text in texts:
        if "=" not in text:
            raise BadInput(f"'{text}' sets nothing.", "Write it as key=value.")
    return dict(text.split("=", 1) for text in texts)


def _settings(options: argparse.Namespace) -> RunConfig:
    """What a run starts from, before the flags change it."""
    from engine import recipes
    from engine.config import RunConfig
    from engine.training.commands import saved_settings

    if options.recipe:
        return recipes.load(options.recipe).run
    return saved_settings(options.resume) if options.resume else RunConfig()


def _print_train(record: Record) -> None:
    print(f"test accuracy  {100 * record['test_accuracy']:.2f} %")
    print(f"epochs         {record['epochs']:g} in {record['seconds']:.1f} s")
    print(f"steps          {record['steps']:,} ({record['steps_per_second']:.0f} a second)")
    for row in record["flip_ratio"]:
        print(f"flips          {row['layer']}: {100 * row['last_epoch']:.2f} % of its bits in the last epoch")
    print(f"model          {record['model']}")
