"""The session: what is sent when, latest-only predictions, credit, the run's states, and deaths."""

import numpy as np
import pytest

from app.link import Death
from app.session import TRAINING, ModelChoice
from app.widgets.notice import NoticeBar
from engine import messages as m
from engine.config import RunConfig
from engine.errors import BadInput

XNOR = m.BackendInfo("numpy-xnor", "xnor", 10, True, "CPU")
BLAS = m.BackendInfo("float-blas", "float", 10, True, "CPU")
CUPY = m.BackendInfo("cupy-xnor", "xnor", 90, False, "", "No CUDA driver was found.", "Install one.")
GPU = m.BackendInfo("cupy-xnor", "xnor", 90, True, "H100", device_in_use=True)
IMAGE = np.zeros((28, 28, 1), np.uint8)


def info(key, form="packed"):
    return m.ModelInfo(
        key, form, "net", "mlp-512x2", (28, 28, 1), tuple("0123456789"), "mnist", "mnist", 0.98, ((512, 784),), 1, 1, 32
    )


def started(run="r1", step=0, **config):
    return m.RunStarted(run, "folder", RunConfig(**config), (("dense 1", 512, 784),), step, 468, 60_000, "torch")


def frame(seq, step, run="r1"):
    none = np.zeros(0, np.float32)
    scalars = m.Scalars(np.zeros(0, np.int64), none, none, np.zeros((0, 1), np.float32))
    return m.Frame(run, seq, step, step / 468, 1.0, scalars, (), None, 0.005, 100.0, 0.01)


def prediction(request, key):
    return m.Prediction(request, key, (), (), True)


@pytest.fixture
def loaded(session):
    """A session whose inference worker is up and whose model is loaded; its first evaluation is done."""
    session.inference.say(m.ChildReady("inference", 1), m.BackendList((XNOR, BLAS, CUPY)))
    session.models, session.model_key = [ModelChoice("a", "a", "/a.safetensors")], "a"
    session.inference.say(m.ModelLoaded(info("a")))
    session.inference.say(m.Done("evaluate"))
    session.inference.sent.clear()
    return session


class TestPrediction:
    def test_one_is_in_flight_and_only_the_latest_waits(self, loaded, qtbot):
        for shade in (1, 2, 3):
            loaded.predict(np.full((28, 28, 1), shade, np.uint8))
        first = loaded.inference.last(m.Predict)
        assert loaded.inference.count(m.Predict) == 1
        with qtbot.waitSignal(loaded.prediction):
            loaded.inference.say(prediction(first.request, "a"))
        assert loaded.inference.count(m.Predict) == 2
        assert loaded.inference.last(m.Predict).image[0, 0, 0] == 3

    def test_an_empty_canvas_shows_nothing_even_if_an_answer_is_on_its_way(self, loaded):
        shown = []
        loaded.prediction.connect(shown.append)
        loaded.predict(IMAGE)
        request = loaded.inference.last(m.Predict).request
        loaded.predict(None)
        loaded.inference.say(prediction(request, "a"))
        assert shown == [None]

    def test_after_a_failure_what_waits_is_sent_and_the_next_drawing_is_answered(self, loaded):
        loaded.predict(IMAGE)
        loaded.predict(IMAGE)
        loaded.inference.say(m.Failed("Predict", "No.", ""))
        assert loaded.inference.count(m.Predict) == 2
        loaded.inference.say(m.Failed("Predict", "No.", ""))
        loaded.predict(IMAGE)
        assert loaded.inference.count(m.Predict) == 3


class TestPicture:
    def test_a_picture_waits_for_the_model_that_is_still_being_loaded(self, session):
        session.models, session.model_key = [ModelChoice("a", "a", "/a.safetensors")], "a"
        session.open_picture("/digit.png")
        assert session.inference.last(m.Prepare) is None
        session.inference.say(m.ModelLoaded(info("a")))
        assert session.inference.last(m.Prepare).path == "/digit.png"
        session.inference.say(m.ModelLoaded(info("a")))
        assert session.inference.count(m.Prepare) == 1


class TestBackends:
    def test_xnor_means_the_best_ready_backend(self, loaded):
        assert loaded.xnor_backend == XNOR
        assert loaded.active_backend == "numpy-xnor"
        loaded.set_mode("float")
        assert loaded.active_backend == "float-blas"

    def test_a_ready_gpu_is_preferred_and_a_choice_is_respected(self, loaded):
        loaded.inference.say(m.BackendList((XNOR, BLAS, GPU)))
        assert loaded.xnor_backend == GPU
        loaded.set_backend("numpy-xnor")
        assert loaded.xnor_backend == XNOR


class TestEvaluation:
    def test_another_xnor_backend_scores_the_strip_anew(self, loaded):
        loaded.inference.say(m.BackendList((XNOR, BLAS, CUPY)))
        assert loaded.inference.count(m.Evaluate) == 0
        loaded.inference.say(m.BackendList((XNOR, BLAS, GPU)))
        assert loaded.inference.last(m.Evaluate) == m.Evaluate("a", ("float-blas", "cupy-xnor"))

    def test_a_snapshot_is_loaded_and_evaluated_by_both(self, loaded):
        loaded.trainer.say(started(), m.Snapshot("r1", 10, b"model"))
        assert loaded.inference.last(m.LoadModel) == m.LoadModel(TRAINING, data=b"model")
        loaded.inference.say(m.ModelLoaded(info(TRAINING)))
        assert loaded.inference.last(m.Evaluate) == m.Evaluate(TRAINING, ("float-blas", "numpy-xnor"))

    def test_evaluations_follow_one_another_and_only_the_latest_is_kept(self, loaded):
        loaded.trainer.say(started())
        for _ in range(4):
            loaded.inference.say(m.ModelLoaded(info(TRAINING)))
        assert loaded.inference.count(m.Evaluate) == 1
        loaded.inference.say(m.Done("evaluate"))
        assert loaded.inference.count(m.Evaluate) == 2
        loaded.inference.say(m.Done("evaluate"))
        assert loaded.inference.count(m.Evaluate) == 2

    def test_an_evaluation_of_the_last_run_is_not_shown_as_the_new_ones(self, loaded):
        loaded.trainer.say(started("r1"), m.Snapshot("r1", 10, b"model"))
        loaded.inference.say(m.ModelLoaded(info(TRAINING)))
        loaded.trainer.say(started("r2"))
        loaded.inference.say(m.Evaluation(TRAINING, 100, 50, (), np.zeros((10, 10), np.int64), 1, 32))
        assert TRAINING not in loaded.evaluations

    def test_a_network_of_the_last_run_that_loads_late_is_not_evaluated(self, loaded):
        loaded.trainer.say(started("r1"), m.Snapshot("r1", 10, b"model"), started("r2"))
        loaded.inference.say(m.ModelLoaded(info(TRAINING)))
        assert loaded.inference.count(m.Evaluate) == 0


class TestModels:
    def test_an_opened_model_is_used_and_remembered(self, loaded):
        loaded.open_model("/m.safetensors")
        loaded.inference.say(m.ModelLoaded(info("/m.safetensors")))
        assert loaded.model_key == "/m.safetensors"
        assert loaded.settings.recent_models == ["/m.safetensors"]

    def test_a_bad_file_is_told_and_changes_nothing(self, loaded, qtbot):
        loaded.open_model("/bad.safetensors")
        with qtbot.waitSignal(loaded.noticed) as caught:
            loaded.inference.say(m.Failed("LoadModel", "It is truncated.", "Export it again.", "/bad.safetensors"))
        assert caught.args[0].what == "bad.safetensors: It is truncated."
        assert loaded.model_key == "a"


class TestRun:
    def test_the_first_credit_is_given_when_a_run_starts(self, session):
        session.trainer.say(started())
        assert session.trainer.last(m.Ack) == m.Ack(-1)

    def test_a_shown_frame_is_acknowledged_at_once_on_the_learn_page(self, session):
        session.show_page("learn")
        session.trainer.say(started(), frame(0, 1))
        assert session.trainer.last(m.Ack) == m.Ack(0)

    def test_a_hidden_page_acknowledges_once_a_second(self, session, qtbot):
        session.show_page("draw")
        session.trainer.say(started(), frame(0, 1))
        assert session.trainer.last(m.Ack) == m.Ack(-1)
        qtbot.waitUntil(lambda: session.trainer.last(m.Ack) == m.Ack(0), timeout=3000)

    def test_coming_back_to_the_learn_page_acknowledges_at_once(self, session):
        session.show_page("draw")
        session.trainer.say(started(), frame(0, 1))
        session.show_page("learn")
        assert session.trainer.last(m.Ack) == m.Ack(0)

    def test_a_frame_of_an_older_run_is_not_shown(self, session):
        session.trainer.say(started("r1"), started("r2"), frame(5, 77, "r1"))
        assert session.run.step == 0

    def test_space_starts_pauses_and_resumes(self, session):
        session.toggle_run()
        assert session.run.state == "starting"
        session.trainer.say(started(), m.RunState("r1", "running"))
        session.toggle_run()
        assert session.trainer.sent[-1] == m.Pause("run")
        session.toggle_run()
        assert session.trainer.sent[-1] == m.Resume("run")

    def test_a_live_setting_reaches_the_run_and_the_next_one(self, session):
        session.trainer.say(started(), m.RunState("r1", "running"))
        session.tune("learning_rate", 0.001)
        assert session.trainer.sent[-1] == m.Tune("learning_rate", 0.001)
        assert session.draft.config().learning_rate == 0.001

    def test_a_setting_out_of_range_is_refused_before_it_is_sent(self, session):
        session.trainer.say(started(), m.RunState("r1", "running"))
        with pytest.raises(BadInput):
            session.tune("learning_rate", 7.0)
        assert session.trainer.last(m.Tune) is None

    def test_broken_remembered_settings_give_the_defaults(self, session):
        session.settings.run = {"epochs": "many", "colour": 3}
        assert session.draft.config() == RunConfig()
        assert session.settings.run == {}


class TestWhoseScores:
    def test_a_new_run_is_not_credited_with_the_scores_of_the_last_one(self, loaded):
        loaded.trainer.say(started("r1"))
        loaded.inference.say(m.ModelLoaded(info(TRAINING)))
        loaded.evaluations[TRAINING] = "scores of r1"
        loaded.trainer.say(started("r1", step=468))
        assert TRAINING in loaded.evaluations
        loaded.trainer.say(started("r2"))
        assert TRAINING not in loaded.evaluations
        assert loaded.strip_key == TRAINING

    def test_a_model_that_cannot_be_loaded_leaves_the_list_and_the_last_one_is_used(self, loaded):
        loaded.models.append(ModelChoice("/b", "b", "/b"))
        loaded.settings.recent_models = ["/b"]
        loaded.select_model("/b")
        said = []
        loaded.noticed.connect(said.append)
        loaded.inference.say(m.Failed("LoadModel", "It is damaged.", "", "/b"))
        assert said[0].what == "b: It is damaged."
        assert loaded.model_key == "a"
        assert [choice.key for choice in loaded.models] == ["a"]
        assert loaded.settings.recent_models == []


class TestDeath:
    def test_a_dead_trainer_is_told_with_where_it_can_go_on(self, session, qtbot):
        session.trainer.say(started(), m.RunState("r1", "running"), m.Saved("r1", 468, 1.0, "/r1/last"))
        with qtbot.waitSignal(session.noticed) as caught:
            session.trainer.died.emit(Death("torch", -9, "Killed"))
        assert session.run.state == "lost"
        assert "signal 9" in caught.args[0].what
        assert "step 468" in caught.args[0].remedy
        session.resume_lost()
        assert session.trainer.starts == 2
        assert session.trainer.last(m.ContinueRun) == m.ContinueRun("/r1/last")

    def test_what_was_seen_before_the_save_stays_and_the_pinned_weight_is_watched_on(self, session):
        session.trainer.say(started(), frame(0, 400), m.Saved("r1", 468, 1.0, "/r1/last"), frame(1, 500))
        history = session.run.history
        session.watch(0, 3, 4)
        session.trainer.died.emit(Death("torch", -9, ""))
        session.resume_lost()
        session.trainer.sent.clear()
        session.trainer.say(started(step=468))
        assert session.run.history is history
        assert session.run.saved.step == 468
        assert session.trainer.last(m.Watch) == m.Watch(0, 3, 4)

    def test_without_a_save_it_begins_again(self, session):
        session.trainer.say(started(seed=3), m.RunState("r1", "running"))
        session.trainer.died.emit(Death("torch", 1, ""))
        session.resume_lost()
        assert session.trainer.last(m.StartRun).config.seed == 3

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

    @pytest.mark.parametrize(("child", "page"), [("trainer", "learn"), ("inference", "draw")])
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

    def test_a_trainer_that_cannot_start_is_told_of_and_not_started_for_ever(self, session, qtbot):
        with qtbot.waitSignal(session.noticed) as caught:
            session.trainer.died.emit(Death("torch", 1, "No module named 'torch'"))
        assert session.trainer.starts == 1
        assert caught.args[0].action == "restart-trainer"
        session.restart_trainer()
        session.trainer.say(m.ChildReady("torch", 1, {}))
        session.trainer.died.emit(Death("torch", -9, ""))
        assert session.trainer.starts == 3


BENCH = m.BenchGemm(((64, 64, 64),))


class TestJobs:
    def test_training_rests_while_timing_and_goes_on_after(self, session):
        session.trainer.say(started(), m.RunState("r1", "running"))
        session.jobs.start(BENCH, "kernels", "The benchmark")
        assert session.trainer.sent[-1] == m.Pause("run")
        session.jobs.child.say(m.Done("job"))
        assert session.trainer.sent[-1] == m.Resume("run")
        assert session.jobs.command is None

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
        bar.action.click()
        assert job.ended
        assert session.jobs.child is None

    def test_cancel_ends_the_job(self, session):
        session.jobs.start(BENCH, "kernels", "The benchmark")
        job = session.jobs.child
        session.jobs.cancel()
        assert job.ended
        assert session.jobs.child is None
