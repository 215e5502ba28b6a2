"""The session and its models: what is sent when, latest-only predictions, whose scores are shown."""

from types import SimpleNamespace

import numpy as np
import pytest

from app import evaluator
from app.link import Death
from app.models_list import shipped_models
from app.session import TRAINING, TWIN, ModelChoice
from engine import messages as m
from tests.app.said import BLAS, CUPY, GPU, IMAGE, XNOR, info, prediction, started


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
    @pytest.fixture(autouse=True)
    def clock(self, monkeypatch):
        """Time stands still unless a test moves it."""
        clock = SimpleNamespace(now=100.0)
        monkeypatch.setattr(evaluator, "time", SimpleNamespace(perf_counter=lambda: clock.now))
        return clock

    @pytest.fixture
    def resting(self, loaded, clock):
        """Its first evaluation took a second, and it has learned on since."""
        loaded.trainer.say(started())
        loaded.run.state = "running"
        loaded.inference.say(m.ModelLoaded(info(TRAINING)))
        clock.now += 1
        loaded.inference.say(m.ModelLoaded(info(TRAINING)), m.Done("evaluate"))
        assert loaded.inference.count(m.Evaluate) == 1
        return loaded

    def test_the_network_in_training_rests_after_an_evaluation(self, resting, clock):
        resting._evaluator.want("a")  # any other is scored at once
        assert resting.inference.last(m.Evaluate).key == "a"
        resting.inference.say(m.Done("evaluate"))
        assert resting._evaluator._rest.isActive()
        clock.now += evaluator.RESTS
        resting._evaluator._rest.timeout.emit()
        assert resting.inference.count(m.Evaluate) == 3
        assert resting.inference.last(m.Evaluate).key == TRAINING

    def test_it_does_not_rest_for_how_long_another_took(self, loaded, clock):
        loaded._evaluator.want("a")
        clock.now += 20
        loaded.inference.say(m.Done("evaluate"))
        loaded.trainer.say(started())
        loaded.run.state = "running"
        loaded.inference.say(m.ModelLoaded(info(TRAINING)))
        assert loaded.inference.last(m.Evaluate).key == TRAINING

    @pytest.mark.parametrize("end", ["stopped", "another run"])
    def test_its_rest_ends_with_its_run(self, resting, end):
        if end == "stopped":
            resting.run.state = "stopped"
            resting.run_changed.emit()
        else:
            resting._run_began(True)
            resting.inference.say(m.ModelLoaded(info(TRAINING)))
        assert resting.inference.count(m.Evaluate) == 2
        assert not resting._evaluator._rest.isActive()

    def test_an_evaluation_gives_way_to_a_pen_that_moves(self, loaded):
        loaded._evaluator.want("a")
        loaded.predict(IMAGE)
        assert loaded.inference.last(m.Pause) is None
        for _ in range(3):
            loaded.predict(IMAGE, passing=True)
        assert loaded.inference.count(m.Pause) == 1
        assert loaded.inference.last(m.Pause) == m.Pause("evaluate")
        assert loaded.inference.last(m.Resume) is None
        loaded._evaluator._hand.timeout.emit()
        assert loaded.inference.last(m.Resume) == m.Resume("evaluate")

    def test_an_evaluation_gives_way_to_a_playhead_that_moves(self, loaded):
        loaded._evaluator.want("a")
        loaded.scrub(0)
        assert loaded.inference.last(m.Pause) == m.Pause("evaluate")

    def test_none_begins_while_a_pen_moves(self, loaded):
        loaded.trainer.say(started())
        loaded._evaluator.want("a")
        loaded.predict(IMAGE, passing=True)
        loaded.inference.say(m.ModelLoaded(info(TWIN, "float")), m.ModelLoaded(info(TRAINING)), m.Done("evaluate"))
        assert (loaded.inference.count(m.Evaluate), loaded.inference.count(m.EvaluateTwin)) == (1, 0)
        loaded._evaluator._hand.stop()
        loaded._evaluator._hand.timeout.emit()
        assert loaded.inference.last(m.Evaluate).key == TRAINING
        loaded.inference.say(m.Done("evaluate"))
        assert loaded.inference.count(m.EvaluateTwin) == 1

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

    @pytest.mark.parametrize(
        "event", [m.Failed("EvaluateTwin", "MNIST cannot be read."), m.Crashed("EvaluateTwin", "Traceback")]
    )
    def test_a_twin_that_cannot_be_scored_is_asked_for_once(self, loaded, event):
        loaded.inference.say(m.ModelLoaded(info(TWIN, "float")))
        loaded.set_backend("numpy-xnor")
        loaded.inference.say(m.Done("evaluate"))
        for _ in range(3):
            loaded.inference.say(event, m.Done("twin"))
        assert loaded.inference.count(m.EvaluateTwin) == 1
        loaded.inference.died.emit(Death("inference", -9, ""))
        loaded.restart_inference()
        loaded.inference.say(m.ModelLoaded(info(TWIN, "float")), m.ModelLoaded(info("a")), m.Done("evaluate"))
        assert loaded.inference.count(m.EvaluateTwin) == 2

    def test_a_failure_and_its_end_are_one_end(self, loaded):
        loaded.trainer.say(started())
        for _ in range(3):
            loaded.inference.say(m.ModelLoaded(info(TRAINING)))
        loaded.inference.say(m.Failed("Evaluate", "The test set cannot be read."), m.Done("evaluate"))
        assert loaded.inference.count(m.Evaluate) == 2
        loaded.inference.say(m.ModelLoaded(info(TRAINING)))
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

    def test_an_opened_model_that_is_on_the_list_is_used_too(self, loaded):
        loaded.models.append(ModelChoice("/b.safetensors", "b", "/b.safetensors"))
        loaded.settings.recent_models = ["/c.safetensors", "/b.safetensors"]
        loaded.open_model("/b.safetensors")
        loaded.inference.say(m.ModelLoaded(info("/b.safetensors")))
        assert loaded.model_key == "/b.safetensors"
        assert loaded.settings.recent_models == ["/b.safetensors", "/c.safetensors"]
        assert [choice.key for choice in loaded.models] == ["a", "/b.safetensors"]

    def test_an_opened_model_that_is_shipped_is_not_listed_twice_at_the_next_start(self, loaded):
        shipped = shipped_models()[0]
        loaded.models.append(shipped)
        loaded.open_model(shipped.path)
        loaded.inference.say(m.ModelLoaded(info(shipped.key)))
        assert loaded.model_key == shipped.key
        assert loaded.settings.recent_models == []

    def test_a_model_that_a_fresh_worker_loads_is_not_taken_for_one_that_was_opened(self, loaded):
        loaded.models.append(ModelChoice("/b", "b", "/b"))
        loaded.inference.say(m.ModelLoaded(info("/b")))
        assert loaded.model_key == "a"

    def test_a_bad_file_is_told_and_changes_nothing(self, loaded, qtbot):
        loaded.open_model("/bad.safetensors")
        with qtbot.waitSignal(loaded.noticed) as caught:
            loaded.inference.say(m.Failed("LoadModel", "It is truncated.", "Export it again.", "/bad.safetensors"))
        assert caught.args[0].what == "bad.safetensors: It is truncated."
        assert loaded.model_key == "a"


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
