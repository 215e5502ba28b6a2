"""The inference worker dies, or does not answer: what is told, what it costs, and that all goes on after."""

import pytest

from app.link import Death
from app.session import TRAINING
from app.widgets.notice import NoticeBar
from engine import messages as m
from tests.app.said import BLAS, CUPY, GPU, IMAGE, XNOR, info, started


class TestDeath:
    def test_a_dead_inference_worker_can_be_restarted_and_draws_again(self, loaded):
        loaded.predict(IMAGE)
        loaded.inference.died.emit(Death("inference", -11, ""))
        loaded.restart_inference()
        loaded.inference.say(m.ModelLoaded(info("a")))
        loaded.predict(IMAGE)
        assert loaded.inference.count(m.Predict) == 2

    def test_a_lost_backend_costs_itself_and_the_worker_starts_again_without_it(self, loaded):
        said = []
        loaded.noticed.connect(said.append)
        loaded.inference.say(m.BackendList((XNOR, BLAS, GPU)), m.BackendLost("cupy-xnor", "The GPU fell off.", "Look."))
        loaded.inference.sent.clear()
        loaded.inference.died.emit(Death("inference", 75, "last words"))
        assert loaded.inference.starts == 2
        assert loaded.inference.sent[:2] == [m.LeaveOut("cupy-xnor", "The GPU fell off.", "Look."), m.ListBackends()]
        assert loaded.gone == set()
        (notice,) = said
        assert "cupy-xnor is left out: The GPU fell off." in notice.what
        assert (notice.page, notice.remedy, notice.action, notice.report) == ("draw", "Look.", "readmit", "last words")
        loaded.inference.say(m.BackendList((XNOR, BLAS, CUPY)), m.ModelLoaded(info("a")))
        assert loaded.inference.last(m.Evaluate).backends == ("float-blas", "numpy-xnor")
        loaded.predict(IMAGE)
        assert loaded.inference.count(m.Predict) == 1

    @pytest.mark.parametrize("ready", [True, False])
    def test_a_worker_that_dies_with_a_device_in_use_is_started_without_it(self, loaded, ready):
        gpu = m.BackendInfo("cupy-xnor", "xnor", 90, ready, device_in_use=True)
        loaded.inference.say(m.BackendList((XNOR, BLAS, gpu)))
        loaded.inference.died.emit(Death("inference", -11, ""))
        assert loaded.inference.starts == 2
        assert "signal 11" in loaded.inference.last(m.LeaveOut).reason

    def test_it_is_started_by_itself_once_and_not_again_for_the_same_device(self, loaded, qtbot):
        loaded.inference.say(m.BackendList((XNOR, BLAS, GPU)))
        loaded.inference.died.emit(Death("inference", -11, ""))
        with qtbot.waitSignal(loaded.noticed) as caught:
            loaded.inference.died.emit(Death("inference", -11, ""))
        assert loaded.inference.starts == 2
        assert caught.args[0].action == "restart-inference"

    def test_what_was_left_out_can_be_tried_again(self, loaded):
        loaded.inference.say(m.BackendList((XNOR, BLAS, GPU)))
        loaded.inference.died.emit(Death("inference", -11, ""))
        loaded.inference.sent.clear()
        loaded.readmit_backends()
        assert loaded.inference.sent == [m.Readmit("cupy-xnor"), m.ListBackends(), m.SettleBackends()]
        loaded.restart_inference()
        assert loaded.inference.last(m.LeaveOut) is None

    def test_what_is_drawn_while_the_inference_worker_is_gone_does_not_silence_the_next_one(self, loaded):
        shown = []
        loaded.prediction.connect(shown.append)
        loaded.inference.died.emit(Death("inference", -9, ""))
        assert shown == [None]
        loaded.predict(IMAGE)
        assert loaded.inference.last(m.Predict) is None
        loaded.restart_inference()
        loaded.inference.say(m.ModelLoaded(info("a")))
        loaded.predict(IMAGE)
        assert loaded.inference.count(m.Predict) == 1

    def test_the_network_in_training_survives_the_inference_worker(self, loaded):
        loaded.trainer.say(started(), m.Snapshot("r1", 468, b"weights"))
        loaded.inference.died.emit(Death("inference", -9, ""))
        loaded.inference.sent.clear()
        loaded.trainer.say(m.Snapshot("r1", 936, b"newer"))
        assert not loaded.inference.sent
        loaded.restart_inference()
        assert loaded.inference.last(m.LoadModel) == m.LoadModel(TRAINING, data=b"newer")

    @pytest.mark.parametrize(("child", "page"), [("trainer", "learn"), ("inference", "")])
    def test_a_child_that_does_not_answer_is_told_of_and_can_be_ended(self, session, qtbot, child, page):
        channel = getattr(session, child)
        with qtbot.waitSignal(session.noticed) as caught:
            channel.silent.emit(True)
        assert (caught.args[0].page, caught.args[0].action) == (page, f"end-{child}")
        bar = NoticeBar(caught.args[0], session)
        bar.action.click()
        assert channel.killed
        with qtbot.waitSignal(session.noticed) as caught:
            channel.silent.emit(False)
        assert "answers again" in caught.args[0].what
