"""Labs as everybody finds them: by their files, light to import, run alike by a service and by the command line."""

import argparse
import subprocess
import sys

import pytest

from engine import labs, threads
from engine import messages as m
from engine.errors import BadInput, UnknownName
from engine.labs.commands import run_lab


class Request(m.RunLab):
    lab = "echo"


class Result(m.LabResult):
    pass


class Echo:
    name, summary = "echo", "says what it is told"

    def add_arguments(self, parser):
        raise NotImplementedError

    def request(self, options):  # noqa: ARG002 - the contract
        return Request()

    def run(self, request):  # noqa: ARG002 - the contract
        self.threads = threads.limit()
        yield m.Progress("job", "Echoing", 0.5)
        yield None
        yield Result()

    def record(self, results):
        return {"results": len(results), "threads": self.threads}

    def lines(self, record):
        yield str(record)


def test_labs_are_found_by_their_files_and_their_names_agree():
    for name, lab in labs.labs().items():
        assert lab.name == name
        parser = argparse.ArgumentParser()
        lab.add_arguments(parser)
        assert parser.format_help()


def test_reading_the_labs_imports_neither_torch_nor_a_compiler():
    code = "import engine.labs, sys; engine.labs.labs(); print({'torch', 'cupy', 'llvmlite'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_an_unknown_lab_is_refused():
    with pytest.raises(UnknownName, match="echo"):
        labs.run(Request())


def test_the_command_line_collects_results_and_says_how_far_it_is():
    said = []
    record = run_lab(Echo(), argparse.Namespace(threads=2), said.append)
    assert record == {"results": 1, "threads": 2}
    assert said[0].startswith("Echoing, 50 %, about")
    assert said[-1] == ""


def test_threads_are_checked():
    with pytest.raises(BadInput, match="0 threads"):
        run_lab(Echo(), argparse.Namespace(threads=0), print)
