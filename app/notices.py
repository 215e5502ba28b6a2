"""What is said to people on a page: the notice, and the ones that a crash or a death of a child makes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Literal

from app.link import Death
from engine import messages as m

log = logging.getLogger(__name__)


Action = Literal[
    "",
    "resume-run",
    "restart-trainer",
    "restart-inference",
    "end-trainer",
    "end-inference",
    "end-job",
    "readmit",
    "report",
]


@dataclass(frozen=True)
class Notice:
    """Something to say on one page ("draw", "learn", "kernels", "labs" or "" for all): what happened, what to do."""

    page: str
    what: str
    remedy: str = ""
    action: Action = ""
    report: str = ""


def crash(page: str, who: str, event: m.Crashed) -> Notice:
    """The notice of an unexpected failure inside a child that lives on; it is logged too."""
    log.error("%s: %s failed\n%s", who, event.command, event.report)
    what = f"{who} met an unexpected error; the rest goes on."
    return Notice(page, what, "Copy the report and send it to us.", "report", event.report)


def run_lost(death: Death, saved: m.Saved | None) -> Notice:
    """The notice of a trainer that died under a run, with where the run can go on."""
    remedy = f"Resume from the save at step {saved.step:,}." if saved else "Start it again from the beginning."
    return Notice("learn", f"The trainer is gone: {death.reason}.", remedy, "resume-run", death.last_words)


def start_lost(death: Death) -> Notice:
    """The notice of a trainer that died while it was to begin or open a run; the run before was saved and ended."""
    remedy = "The run that was asked for had not begun, and nothing new of it is saved; Resume asks for it again."
    return Notice("learn", f"The trainer is gone: {death.reason}.", remedy, "resume-run", death.last_words)


def not_saved(refused: m.NotSaved) -> Notice:
    """The notice of a save that the disk refused."""
    return Notice("learn", f"{refused.what} Training goes on, and saving is tried again.", refused.remedy)


def trainer_unable(death: Death) -> Notice:
    """The notice of a trainer that died before it was ready."""
    what = f"The trainer could not start: {death.reason}."
    return Notice("learn", what, "Its last words are in the report.", "restart-trainer", death.last_words)


def trainer_again(death: Death) -> Notice:
    """The notice of a trainer that died at rest, which nothing was lost by."""
    return Notice("learn", f"The trainer was gone: {death.reason}.", "It is started again; no run was under way.")


def silent(page: str, who: str, action: Literal["end-trainer", "end-inference", "end-job"]) -> Notice:
    """The notice of a child that does not answer."""
    what = f"{who} does not answer; something may have stopped it."
    return Notice(page, what, "Wait until it answers, or end it: what was saved stays.", action)


def inference_gone(death: Death) -> Notice:
    """The notice of an inference worker that died; nearly every page asks it for something."""
    what = f"The inference worker is gone: {death.reason}."
    return Notice("", what, "Start it again.", "restart-inference", death.last_words)


def backend_lost(page: str, lost: m.LeaveOut, death: Death) -> Notice:
    """The notice of a backend that a child was lost through; whatever follows goes on without it."""
    what = f"{lost.backend} is left out: {lost.reason} Everything else goes on without it."
    return Notice(page, what, lost.remedy, "readmit", death.last_words)


def job_gone(page: str, who: str, death: Death) -> Notice:
    """The notice of a job child that died under its job."""
    return Notice(page, f"{who} is gone: {death.reason}.", "Run it again.", "", death.last_words)
