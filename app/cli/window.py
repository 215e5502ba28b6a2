"""The window itself, the command that need not be named."""

from __future__ import annotations

import argparse

PAGES = ("draw", "learn", "kernels", "labs")

SUMMARY = "open the window"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", help="a model or a picture to open")
    parser.add_argument("--page", choices=PAGES, help="which page to show first")
    parser.add_argument("--quit-after", type=float, metavar="S", help="close after S seconds")


def run(options: argparse.Namespace) -> int:
    from app.cli.display import demand

    demand()
    from app.launch import open_window

    return open_window(options.file or "", options.page or "", options.quit_after)
