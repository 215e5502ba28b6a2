"""The Labs page on fake children: tabs by their files, one job at a time, results where they belong, export."""

import pytest
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout

from app.labs import About, LabPanel
from app.notices import Notice
from app.pages import labs
from app.pages.labs import LabsPage
from engine import messages as m
from engine.errors import BadInput

WORDS = About("Why?", "So.", "Up to here.", "A. Author", ("It flies.",))


class Request(m.RunLab):
    lab = "first"


class Other(m.RunLab):
    lab = "second"
    world = "torch"


class Result(m.LabResult):
    pass


class First(LabPanel):
    name, title, order, about = "first", "First", 1, WORDS
    wanted = Request

    def parts(self):
        self.results, self.begun, self.wrong = [], 0, False
        yield
        QVBoxLayout(self).addWidget(QLabel("a panel"))

    def request(self):
        if self.wrong:
            raise BadInput("No model is chosen.", "Choose one.")
        return self.wanted()

    def begin(self, request):
        assert isinstance(request, self.wanted)
        self.begun += 1

    def show_result(self, result):
        self.results.append(result)
        self.found.emit(f"{len(self.results)} found")

    def csv(self):
        return "a,b\n1,2\n" * bool(self.results)


class Second(First):
    name, title, order, wanted = "second", "Second", 2, Other


@pytest.fixture
def page(session, qtbot, monkeypatch):
    monkeypatch.setattr(labs, "panels", lambda: iter([First, Second]))
    made = LabsPage(session).make_whole()
    qtbot.addWidget(made)
    made.resize(1208, 772)
    made.show()
    return made


def words(page, index):
    return page._stack.widget(index).findChild(labs.LabAbout)


def test_run_starts_the_lab_in_front_in_a_child_of_its_world(page):
    page.bar.run.click()
    assert isinstance(page.session.jobs.child.sent[0], Request)
    assert page.session.jobs.child.world == "inference"
    assert page.panel.begun == 1
    page.bar.stop.click()
    page.show_tab(1)
    page.bar.run.click()
    assert page.session.jobs.child.world == "torch"


def test_training_goes_on_beside_a_lab(page):
    page.session.run.state = "running"
    page.bar.run.click()
    assert page.session.trainer.last(m.Pause) is None


def test_progress_says_what_is_done_and_stop_ends_it(page):
    page.bar.run.click()
    child = page.session.jobs.child
    child.say(m.Progress("job", "Breaking bits", 0.4, 12.0))
    assert page.bar.state.whole == "Breaking bits, 40 %, about 12 s left"
    assert page.bar.progress.isVisible()
    assert not page.bar.run.isEnabled()
    page.bar.stop.click()
    assert child.ended
    assert page.bar.run.isEnabled()
    assert not page.bar.progress.isVisible()
    child.say(Result())
    assert page.panel.results == []


def test_a_result_goes_to_its_panel_whichever_is_in_front(page):
    page.bar.run.click()
    page.show_tab(1)
    page.session.jobs.child.say(Result())
    assert [len(panel.results) for panel in page.panels] == [1, 0]
    assert words(page, 0).measured.text() == "1 found"
    assert words(page, 1).measured.text() == "Nothing yet: press Run."


def test_another_lab_or_a_benchmark_under_way_is_not_ended_by_mistake(page):
    page.bar.run.click()
    page.show_tab(1)
    assert not page.bar.run.isEnabled()
    assert not page.bar.stop.isEnabled()
    assert page.bar.state.whole == "The lab 'First' is under way; stop it first."
    page.session.jobs.start(m.BenchGemm(((64, 64, 64),)), "kernels", "The benchmark")
    assert page.bar.state.whole == "The benchmark is under way; stop it first."
    page.session.jobs.child.say(m.Done("job"))
    assert page.bar.run.isEnabled()


def test_what_cannot_be_run_says_why_beside_the_button(page):
    page.panel.wrong = True
    page.panel.edited.emit()
    assert not page.bar.run.isEnabled()
    assert page.bar.state.whole == "✗ No model is chosen. Choose one."


@pytest.mark.parametrize("event", [m.Failed("Request", "The file is gone.", "Find it."), m.Crashed("Request", "trace")])
def test_a_failure_is_a_notice_on_this_page_and_ends_the_run(page, event):
    said = []
    page.session.noticed.connect(said.append)
    page.bar.run.click()
    page.session.jobs.child.say(event)
    assert [notice.page for notice in said] == ["labs"]
    assert page.session.jobs.command is None
    assert page.bar.run.isEnabled()


def test_a_panel_hears_once_that_its_run_is_over_and_the_next_run_begins_without_old_notices(page, monkeypatch):
    ends = []
    monkeypatch.setattr(page.panel, "over", lambda: ends.append(page.session.jobs.command))
    page.bar.run.click()
    page.session.jobs.child.say(m.Failed("Request", "The file is gone.", "Find it."))
    assert ends == [None]
    assert len(page.notices.bars) == 1
    page.bar.run.click()
    assert not page.notices.bars
    page.bar.stop.click()
    assert ends == [None, None]


def test_a_child_that_dies_says_whose_it_was(page, qtbot):
    from app.link import Death

    page.bar.run.click()
    with qtbot.waitSignal(page.session.noticed) as caught:
        page.session.jobs.child.died.emit(Death("inference", -9, "last words"))
    notice = caught.args[0]
    assert isinstance(notice, Notice)
    assert notice.what == "The lab 'First' is gone: it was ended by signal 9."


def test_words_are_there_and_claims_stand_apart(page):
    said = [label.text() for label in words(page, 0).findChildren(QLabel)]
    for text in ("Why?", "So.", "Up to here.", "A. Author", "• It flies."):
        assert text in said


def test_what_was_found_is_exported(page, tmp_path, qtbot):
    assert not page.bar.export.isEnabled()
    page.bar.run.click()
    page.session.jobs.child.say(Result(), m.Done("job"))
    assert page.bar.export.isEnabled()
    page.export(str(tmp_path / "found.csv"))
    assert (tmp_path / "found.csv").read_text() == "a,b\n1,2\n"
    page.export(str(tmp_path / "found.png"))
    assert (tmp_path / "found.png").stat().st_size
    for name in ("found.csv", "found.png"):
        with qtbot.waitSignal(page.session.noticed):
            page.export(str(tmp_path / "nowhere" / name))


def test_every_panel_is_found_and_says_all_of_itself():
    from app.labs import panels

    for panel in panels():
        assert isinstance(panel.edited, Signal)
        assert all(vars(panel.about).values())
