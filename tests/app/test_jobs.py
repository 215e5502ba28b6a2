"""Jobs: training rests while they time, they are ended for certain, and do without what was lost."""

import pytest

from app.link import Death
from app.widgets.notice import NoticeBar
from engine import messages as m
from tests.app.said import BLAS, GPU, XNOR, started

BENCH = m.BenchGemm(((64, 64, 64),))


class TestJobs:
    def test_training_rests_while_timing_and_goes_on_after(self, session):
        session.trainer.say(started(), m.RunState("r1", "running"))
        session.jobs.start(BENCH, "kernels", "The benchmark")
        assert session.trainer.sent[-1] == m.Pause("run")
        session.jobs.child.say(m.Done("job"))
        assert session.trainer.sent[-1] == m.Resume("run")
        assert session.jobs.command is None

    def test_training_that_was_taken_up_meanwhile_stays_as_it_was_left(self, session):
        session.trainer.say(started(), m.RunState("r1", "running"))
        session.jobs.start(BENCH, "kernels", "The benchmark")
        session.trainer.say(*(m.RunState("r1", state) for state in ("paused", "running", "paused")))
        before = list(session.trainer.sent)
        session.jobs.cancel()
        assert session.trainer.sent == before

    def test_closing_ends_the_job_without_waiting_for_it(self, session):
        session.jobs.start(BENCH, "kernels", "The benchmark")
        job, waits = session.jobs.child, []
        job.end = waits.append
        session.end()
        assert waits == [0.0]

    def test_a_job_that_does_not_answer_is_told_of_and_can_be_ended(self, session, qtbot):
        session.jobs.start(BENCH, "kernels", "The benchmark")
        job = session.jobs.child
        with qtbot.waitSignal(session.noticed) as caught:
            job.silent.emit(True)
        assert (caught.args[0].page, caught.args[0].action) == ("kernels", "end-job")
        bar = NoticeBar(caught.args[0], session)
        with qtbot.waitSignal(session.withdrawn):
            bar.action.click()
        assert job.ended
        assert session.jobs.child is None

    def test_a_job_that_answers_again_is_told_of_too(self, session, qtbot):
        session.jobs.start(BENCH, "kernels", "The benchmark")
        session.jobs.child.silent.emit(True)
        with qtbot.waitSignals([session.withdrawn, session.noticed]):
            session.jobs.child.silent.emit(False)

    def test_cancel_ends_the_job(self, session):
        session.jobs.start(BENCH, "kernels", "The benchmark")
        job = session.jobs.child
        session.jobs.cancel()
        assert job.ended
        assert session.jobs.child is None


class TestLostDevice:
    def test_a_benchmark_does_without_what_was_lost(self, loaded):
        loaded.inference.say(m.BackendList((XNOR, BLAS, GPU)), m.BackendLost("cupy-xnor", "The GPU fell off.", "Look."))
        loaded.jobs.start(BENCH, "kernels", "The benchmark")
        assert isinstance(loaded.jobs.child.sent[0], m.LeaveOut)

    def test_a_benchmark_that_dies_with_a_device_in_use_is_run_again_without_it(self, loaded):
        said = []
        loaded.noticed.connect(said.append)
        loaded.inference.say(m.BackendList((XNOR, BLAS, GPU)))
        loaded.jobs.start(m.BenchGemm(((64, 64, 64),)), "kernels", "The benchmark")
        loaded.jobs.child.died.emit(Death("inference", -11, ""))
        assert [notice.page for notice in said] == ["kernels", "kernels"]
        assert "The benchmark is gone" in said[0].what
        assert said[1].action == "readmit"
        loaded.jobs.start(m.BenchGemm(((64, 64, 64),)), "kernels", "The benchmark")
        assert loaded.jobs.child.sent[0].backend == "cupy-xnor"

    @pytest.mark.parametrize("job", [m.BenchGemm(((64, 64, 64),)), m.RunLab()])
    def test_a_job_that_tells_what_it_loses_is_not_guessed_about(self, loaded, job):
        said = []
        loaded.noticed.connect(said.append)
        loaded.inference.say(m.BackendList((XNOR, BLAS, GPU)))
        loaded.jobs.start(job, "kernels", "It")
        loaded.jobs.child.say(m.BackendLost("cupy-xnor", "The GPU did not answer.", "Look."))
        loaded.jobs.child.died.emit(Death("inference", 75, ""))
        assert [notice.what for notice in said][1:] == [
            "cupy-xnor is left out: The GPU did not answer. Everything else goes on without it."
        ]
        loaded.inference.died.emit(Death("inference", 1, ""))
        assert said[-1].action == "restart-inference"

    def test_a_lab_that_dies_says_nothing_of_devices(self, loaded):
        loaded.inference.say(m.BackendList((XNOR, BLAS, GPU)))
        loaded.jobs.start(m.RunLab(), "labs", "The lab")
        loaded.jobs.child.died.emit(Death("inference", -11, ""))
        loaded.jobs.start(BENCH, "kernels", "The benchmark")
        assert loaded.jobs.child.last(m.LeaveOut) is None
