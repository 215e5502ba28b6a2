"""`doctor`: a report that a stranger can paste, also where no window can be opened."""

from app.cli.display import display
from app.cli.doctor import print_doctor
from engine.inference.commands import doctor


def test_a_display_is_tried_in_a_process_of_its_own(monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    found = display()
    assert (found["ready"], found["platform"]) == (True, "offscreen")
    monkeypatch.setenv("QT_QPA_PLATFORM", "nowhere")
    found = display()
    assert not found["ready"]
    assert "nowhere" in found["reason"]


def test_the_report_for_people(capsys):
    folder = {"name": "runs", "path": "~/runs", "writable": False, "bytes": 1_500_000, "free": 9_000_000}
    there = {"ready": False, "reason": "DISPLAY and WAYLAND_DISPLAY are not set."}
    print_doctor({**doctor(), "folders": [folder], "warnings": ["It cannot be written."], "display": there})
    lines = capsys.readouterr().out.splitlines()
    beginnings = [line.split()[0] for line in lines if line]
    assert beginnings[0] == "versions"
    assert {"system", "processor", "display", "variables", "folder", "backend", "data"} <= set(beginnings)
    assert [line for line in lines if line.startswith("runs")] == ["runs    no        2 MB   9 MB           ~/runs"]
    assert [line[2:].split(".")[0] for line in lines if line.startswith("⚠")] == [
        "It cannot be written",
        "No window can be opened here",
    ]
