"""What `train --recipe` knows."""

from __future__ import annotations

import argparse

from app.cli.printing import Record, answer, json_flag, print_table

SUMMARY = "what train --recipe knows, and what each was seen to reach"


def arguments(parser: argparse.ArgumentParser) -> None:
    json_flag(parser)


def run(options: argparse.Namespace) -> int:
    from engine import recipes

    record = {"recipes": [recipes.load(name).to_json() for name in recipes.names()]}
    return answer(options, record, _print_recipes)


def _print_recipes(record: Record) -> None:
    rows = []
    for recipe in record["recipes"]:
        result = recipe["result"]
        reached = ("not measured yet", "") if result is None else _reached(result)
        rows.append((recipe["name"], recipe["run"]["data"], recipe["run"]["model"], *reached, recipe["title"]))
    print_table(("recipe", "data", "model", "test accuracy", "time", "what it is"), rows)


def _reached(result: Record) -> tuple[str, str]:
    return f"{100 * result['test_accuracy']:.2f} %", f"{result['seconds']:,.0f} s"
