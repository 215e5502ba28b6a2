"""A window of its own process: all pages, the runs, a run begun; then what it told a person, as JSON."""

import json
import logging

from app.bench_window import BenchWindow
from app.window import PAGES
from engine.config import RunConfig

PATIENCE = 120.0


def main():
    logging.basicConfig(level=logging.INFO)
    opened = BenchWindow()
    session, window = opened.session, opened.window
    notices = []
    session.noticed.connect(lambda notice: notices.append(notice.what))
    session.library.refused.connect(lambda what, remedy: notices.append(what))  # noqa: ARG005
    opened.open()
    for name, _ in PAGES:
        window.page(name)
        window.show_page(name)
        opened.spin(0.3)
    session.library.refresh()
    opened.until(lambda: not session.library.loading, PATIENCE)
    before = len(notices)
    session.start_run(RunConfig(model="mlp-32x2", epochs=1))
    opened.until(lambda: len(notices) > before, PATIENCE)
    print(json.dumps(notices))
    opened.close()


if __name__ == "__main__":
    main()
