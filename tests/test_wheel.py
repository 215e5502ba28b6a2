"""The wheel: it holds all that the program reads, and starts where nothing of the source tree is."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = ("main.py", "app", "engine", "gpu", "assets")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(int(version("setuptools").split(".")[0]) < 77, reason="setuptools is too old to build it"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of what a wheel is made of: building writes beside it."""
    copy = tmp_path_factory.mktemp("tree")
    for name in (*SOURCES, "pyproject.toml", "README.md"):
        source, target = ROOT / name, copy / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return copy


@pytest.fixture(scope="module")
def wheel(tree):
    """The wheel, built without a network."""
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tree / "dist", tree)
    (made,) = (tree / "dist").glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Where its commands are in an environment of its own, which sees the packages of this one but not its tree."""
    folder = tmp_path_factory.mktemp("a clean environment")
    venv.create(folder, with_pip=False)
    scripts = folder / ("Scripts" if sys.platform == "win32" else "bin")
    pip("--python", scripts / "python", "install", "--no-deps", "--no-index", wheel)
    here = sysconfig.get_path("purelib")
    there = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    Path(there, "beside.pth").write_text(here + "\n")
    return scripts


def pip(*arguments):
    done = subprocess.run([sys.executable, "-m", "pip", "-q", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def run(installed, command, *arguments):
    """What a command of the environment prints, run away from the tree."""
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [installed / command, *arguments],
        env=surroundings, cwd=installed, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_it_holds_every_file_and_no_other_package(wheel, tree):
    held = set(zipfile.ZipFile(wheel).namelist())
    files = {path.relative_to(tree).as_posix() for name in SOURCES for path in [tree / name, *(tree / name).rglob("*")]
             if path.is_file()}  # fmt: skip
    assert not files - held
    others = {name for name in held - files if ".dist-info/" not in name}
    data = wheel.name.removesuffix("-py3-none-any.whl") + ".data/data/share"
    assert others == {
        f"{data}/applications/flipscope.desktop", f"{data}/icons/hicolor/scalable/apps/flipscope.svg"
    }  # fmt: skip


def test_its_commands_run(installed):
    assert str(installed.parent) in run(installed, "python", "-c", "import engine; print(engine.__file__)")
    assert run(installed, "flipscope", "--version") == f"flipscope {version('flipscope')}\n"
    record = json.loads(run(installed, "flipscope", "doctor", "--json"))
    assert {row["name"] for row in record["backends"] if row["ready"]} >= {"naive", "cpu-xnor", "float-blas"}
    assert {row["name"] for row in record["data"] if row["ready"]} >= {"mnist"}
    assert json.loads(run(installed, "flipscope", "recipes", "--json"))


def test_its_window_opens_and_closes(installed):
    run(installed, "flipscope", "--quit-after", "3")


def test_a_desktop_finds_it(installed):
    share = installed.parent / "share"
    lines = (share / "applications" / "flipscope.desktop").read_text().splitlines()
    entry = dict(line.split("=", 1) for line in lines if "=" in line)
    assert (entry["Exec"], entry["Icon"], entry["Type"]) == ("flipscope %f", "flipscope", "Application")
    assert (share / "icons" / "hicolor" / "scalable" / "apps" / "flipscope.svg").is_file()
