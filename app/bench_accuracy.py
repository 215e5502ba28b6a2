"""`bench gui --to-accuracy`: from pressing Run to that accuracy on the test set, on the real window."""

from __future__ import annotations

import platform
import time

from app.bench_window import BenchWindow, Figures
from app.launch import keep
from engine import messages as m
from engine import recipes
from engine.config import RunConfig
from engine.errors import BadInput, FlipscopeError

LIMIT = 3600.0
"""Seconds after which no more is waited for."""


def bench_accuracy(level: float, recipe: str) -> Figures:
    """Figures of `bench gui --to-accuracy`: level in %; seconds from the press to the score, as the window hears of it.

    Raises BadInput, UnknownName, BadFile, or FlipscopeError where the run cannot be made.
    """
    if not 0 < level <= 100:
        raise BadInput(f"{level:g} is not an accuracy in %.", "Give it above 0 and up to 100.")
    config = recipes.load(recipe).run
    bench = BenchWindow()
    keep(bench.window)
    try:
        bench.open()
        return {"machine": platform.platform(), "recipe": recipe, **to_accuracy(bench, level, config)}
    finally:
        bench.close()


def to_accuracy(bench: BenchWindow, level: float, config: RunConfig) -> Figures:
    """Press Run and wait for the first score of at least `level` %, or the end of the run."""
    session, rows = bench.session, []
    session.draft.take(config)
    pressed = time.perf_counter()

    def note(event: m.Scored) -> None:
        seconds = round(time.perf_counter() - pressed, 3)
        row = {"seconds": seconds, "training_seconds": round(event.time, 3), "epoch": event.epoch, "step": event.step}
        rows.append(row | {"accuracy": event.accuracy})

    session.scored.connect(note)
    bench.window.learn.bar.run.click()
    bench.until(lambda: not session.run.active or any(row["accuracy"] >= level / 100 for row in rows), LIMIT)
    session.scored.disconnect(note)
    run = session.run
    if run.state in ("none", "lost") or not rows:
        raise FlipscopeError("The run ended before a score.", "Look into the log folder.")
    reached = [row for row in rows if row["accuracy"] >= level / 100]
    return {
        "level": level,
        "reached": bool(reached),
        "seconds": reached[0]["seconds"] if reached else None,
        "training_seconds": reached[0]["training_seconds"] if reached else None,
        "best_accuracy": max(row["accuracy"] for row in rows),
        "scores": rows,
        "model": config.model,
        "threads": config.threads,
        "stepper": run.stepper,
        "probe_fraction": round(run.probe_fraction, 4),
    }
