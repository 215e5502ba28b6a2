"""Entry points of child processes whose GPU is the simulation, failing as the environment says."""

import json
import os

from engine import worker
from engine.inference.backend import backends
from gpu import backend, card, compile, failures, service
from tests.gpu.card import GPU, Card

FAILS = "FLIPSCOPE_TEST_GPU"
"""A JSON object: what Card takes, and in how many seconds it has to answer."""


def main(world, connection, log_path, behind=0):
    """As engine.worker.main, with a card."""
    how = json.loads(os.environ.get(FAILS, "{}"))
    failures.ANSWER = how.pop("answer", failures.ANSWER)
    service.open_device = card.open_device = lambda: Card(**how)
    compile.code = lambda module, capability: module.text.encode()  # noqa: ARG005 - the compiler's
    backend._found = lambda: (GPU, None)
    backends.cache_clear()
    worker.main(world, connection, log_path, behind)
