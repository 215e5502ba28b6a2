"""Training in a run folder."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.printing import DONE, INTERRUPTED, Record, answer, json_flag, progress_line

if TYPE_CHECKING:
    from engine.config import RunConfig

SUMMARY = "train a network in a run folder"
NAMED = ("data", "extra", "model", "epochs", "time_limit", "seed", "threads", "device", "steps")
"""Settings with a flag of their own."""


def arguments(parser: argparse.ArgumentParser) -> None:
    from engine.settings_text import settings_text

    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = settings_text()
    parser.add_argument("--data", help="data set by name, or a file or folder of one (default mnist)")
    parser.add_argument("--extra", metavar="FILE", help="an .npz of images of your own, to train on as well")
    parser.add_argument("--model", help="architecture by name (default mlp-512x2), or a .toml file of one")
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--epochs", type=int, help="passes over the training set (default 10)")
    budget.add_argument("--time-limit", type=float, metavar="S", help="train for S seconds instead")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--device", choices=("cpu", "cuda"))
    parser.add_argument(
        "--steps", choices=("best", "plain"), help="by the fastest that can (default), or by plain torch"
    )
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="any other setting, see below")
    parser.add_argument("--out", help="model file to write (network and training state)")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--recipe", metavar="R", help="start from a recipe by name (see recipes) or .toml file")
    start.add_argument("--resume", metavar="FILE", help="go on from a checkpoint or a model file with its state")
    start.add_argument("--from", dest="start", metavar="FILE", help="train a model on: begin with its weights, gently")
    json_flag(parser)


def run(options: argparse.Namespace) -> int:
    from engine.files import not_over
    from engine.training.commands import train

    if options.out is not None:
        given = (options.data, options.extra, options.model, options.recipe, options.start)
        not_over(options.out, *filter(None, given))
    record = train(config_of(options), out=options.out, resume=options.resume, on_progress=progress_line)
    progress_line("")
    if record:  # of several processes the first alone speaks
        answer(options, record, _print_train)
    return INTERRUPTED if record.get("interrupted") else DONE


def config_of(options: argparse.Namespace) -> RunConfig:
    """The run that is asked for. Raises FlipscopeError."""
    from engine.training.models import chosen

    changes = {key: getattr(options, key) for key in NAMED if getattr(options, key) is not None}
    if options.epochs is not None:
        changes["time_limit"] = None  # of what the run starts from
    changes |= chosen(changes["model"]) if "model" in changes else {}
    return _settings(options).with_changes(changes | assignments(options.set))


def values_of(config: RunConfig) -> Record:
    """The values of the options that ask for this run: the inverse of `config_of`."""
    from engine.config import RunConfig

    settings, usual = config.to_json(), RunConfig().to_json()
    flags = {key: settings[key] for key in NAMED if settings[key] not in (None, "")}
    if config.layers:
        del flags["model"]  # a name of one's own, which means something beside its layers only
    if config.time_limit is not None:
        del flags["epochs"]
    if config.steps == usual["steps"]:
        del flags["steps"]
    others = [f"{key}={value}" for key, value in settings.items() if key not in flags and value != usual[key]]
    return flags | {"set": others}


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

    if options.start is not None:
        from engine.training import start

        return start.settings(Path(options.start))
    if options.recipe is not None:
        return recipes.load(options.recipe).run
    return RunConfig() if options.resume is None else saved_settings(options.resume)


def _print_train(record: Record) -> None:
    print(f"test accuracy  {100 * record['test_accuracy']:.2f} %")
    print(f"epochs         {record['epochs']:g} in {record['seconds']:.1f} s")
    print(f"steps          {record['steps']:,} ({record['steps_per_second']:.0f} a second) by {record['stepper']}")
    if record["stepper_why"]:
        print(f"               {record['stepper_why']}")
    for row in record["flip_ratio"]:
        print(f"flips          {row['layer']}: {100 * row['last_epoch']:.2f} % of its bits in the last epoch")
    print(f"model          {record['model']}")
