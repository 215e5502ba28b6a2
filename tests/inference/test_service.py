"""What the inference world answers: generators driven as the worker drives them."""

import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from engine import messages as m
from engine.errors import BackendLost, BadFile, BadInput, UnknownName
from engine.faults import wear
from engine.faults.broken import broken
from engine.inference import modelfile, predict
from engine.inference.backend import backend
from tests.inference import builders
from tests.inference.conftest import said, with_data
from tests.inference.fragile import NAME


@pytest.fixture
def loaded(service, packed_file):
    (event,) = said(service, m.LoadModel("a", str(packed_file)))
    return event.info


def test_backends_are_listed(service):
    (event,) = said(service, m.ListBackends())
    assert {row.name for row in event.rows} >= {"naive", "float-blas", "numpy-xnor", "cupy-xnor"}


def test_model_from_a_file_and_from_bytes(service, loaded, packed_file):
    (event,) = said(service, m.LoadModel("b", data=packed_file.read_bytes()))
    assert event.info.key == "b"
    assert (loaded.form, loaded.input_shape, loaded.layers) == ("packed", (4, 5, 1), ((9, 20), (70, 9), (3, 70)))
    assert loaded.weight_count == 9 * 20 + 70 * 9 + 3 * 70
    assert loaded.float_bytes == 4 * loaded.weight_count


def test_a_loaded_model_is_written_in_slices(service, loaded, tmp_path):  # noqa: ARG001
    slices = list(service.carry_out(m.Export("a", "c", str(tmp_path / "net.c"))))
    assert slices[:-1] == [None] * (len(slices) - 1)
    assert slices[-1] == m.Exported(str(tmp_path / "net.c"), (tmp_path / "net.c").stat().st_size)
    with pytest.raises(UnknownName):
        said(service, m.Export("a", "verilog", str(tmp_path / "net.v")))
    with pytest.raises(UnknownName):
        said(service, m.Export("absent", "c", str(tmp_path / "net.c")))


def test_wear_breaks_what_is_predicted_with_and_nothing_else(service, loaded, tiny, packed_file):  # noqa: ARG001
    image = np.random.default_rng(0).integers(0, 256, (4, 5, 1), dtype=np.uint8)
    *_, whole = said(service, m.Predict(1, "a", image))
    (scored,) = said(service, m.Evaluate("a", ("naive",)))
    (told,) = said(service, m.Wear("a", 0.4, 1))
    *_, worn = said(service, m.Predict(2, "a", image))
    network = modelfile.load(packed_file)
    expected = backend("naive").load(broken(network, wear.cells(network, 0.4))).scores(image[None])[0]
    assert (told.rate, told.layer) == (0.4, 1)
    assert worn.identical
    assert worn.votes[0].scores.tobytes() == expected.tobytes() != whole.votes[0].scores.tobytes()
    assert said(service, m.Evaluate("a", ("naive",)))[0].rows[0].accuracy == scored.rows[0].accuracy
    said(service, m.Wear("a", 0.0))
    assert said(service, m.Predict(3, "a", image))[0].votes[0].scores.tobytes() == whole.votes[0].scores.tobytes()
    with pytest.raises(BadInput, match="probability"):
        service.carry_out(m.Wear("a", 2.0))


def test_a_float_model_does_not_wear(service, float_file):
    said(service, m.LoadModel("f", str(float_file)))
    assert said(service, m.Wear("f", 0.4)) == []
    assert said(service, m.Predict(1, "f", np.zeros((4, 5, 1), np.uint8)))


def test_bad_model_leaves_the_old_one(service, loaded):
    with pytest.raises(BadFile):
        said(service, m.LoadModel(loaded.key, data=b"nonsense"))
    assert said(service, m.Predict(1, loaded.key, np.zeros((4, 5, 1), np.uint8)))


def test_the_slow_ones_are_not_asked_while_the_pen_moves(service, loaded):
    image = np.random.default_rng(0).integers(0, 256, (4, 5, 1), dtype=np.uint8)
    (only,) = said(service, m.Predict(7, loaded.key, image, passing=True))
    assert (only.complete, {vote.backend for vote in only.votes}) == (True, {"float-blas", "numpy-xnor", "cpu-xnor"})


def test_prediction(service, loaded, packed_file):
    image = np.random.default_rng(0).integers(0, 256, (4, 5, 1), dtype=np.uint8)
    quick, event = said(service, m.Predict(7, "a", image))
    program = backend("naive").load(modelfile.load(packed_file))
    assert (event.request, event.key, event.identical) == (7, "a", True)
    assert {vote.backend for vote in event.votes} == {"naive", "float-blas", "numpy-xnor", "cpu-xnor"}
    assert (quick.request, quick.complete, event.complete) == (7, False, True)
    assert {vote.backend for vote in quick.votes} == {"float-blas", "numpy-xnor", "cpu-xnor"}
    assert quick.layers is event.layers
    for vote in event.votes:
        np.testing.assert_array_equal(vote.scores, program.scores(image[None])[0])
        assert vote.seconds > 0
    expected = program.activations(image[None])
    for layer, wanted in zip(event.layers, expected, strict=True):
        np.testing.assert_array_equal(layer.sums, wanted.sums[0])
        np.testing.assert_array_equal(layer.bits, wanted.bits[0])
        assert layer.outputs == wanted.sums.shape[1]
    assert loaded.key == "a"


def test_prediction_of_an_image_that_does_not_fit(service, loaded):
    *_, event = said(service, m.Predict(1, loaded.key, np.zeros((28, 28, 1), np.uint8)))
    assert all(vote.scores is None and vote.reason for vote in event.votes)
    assert not event.identical


def test_float_network_is_answered_by_floats(service, float_file):
    (event,) = said(service, m.LoadModel("f", str(float_file)))
    assert (event.info.form, event.info.layers) == ("float", ((6, 20), (3, 6)))
    (event,) = said(service, m.Predict(1, "f", np.zeros((4, 5, 1), np.uint8)))
    assert [vote.backend for vote in event.votes] == ["float-blas"]
    assert event.layers == ()


def test_layers_are_told_by_who_can_where_another_backend_refuses(service, loaded, monkeypatch):
    image = np.random.default_rng(0).integers(0, 256, (4, 5, 1), dtype=np.uint8)
    votes = predict.votes

    def refusing(programs, image, **how):
        for vote in votes(programs, image, **how):
            yield replace(vote, scores=None, reason="Not today.") if vote.backend == "float-blas" else vote

    monkeypatch.setattr(predict, "votes", refusing)
    _, event = said(service, m.Predict(1, loaded.key, image))
    assert len(event.layers) == 2


def test_evaluation(service, loaded, tiny):
    names = ("float-blas", "numpy-xnor")
    *_, event = said(service, m.Evaluate("a", names))
    assert [row.backend for row in event.rows] == list(names)
    assert all(row.identical_predictions == row.identical_scores == 300 for row in event.rows)
    assert (event.images, event.confusion.sum()) == (300, 300)
    assert event.weight_bytes == loaded.weight_bytes
    *_, event = said(service, m.EvaluateTwin("a", names, 10))
    assert event.images == 10
    assert len(tiny.test_images) == 300


def test_evaluation_goes_on_with_its_network_when_another_takes_its_key(service, loaded, tiny):
    running = service.carry_out(m.Evaluate(loaded.key, ("naive", "numpy-xnor")))
    next(running)
    said(service, m.LoadModel("a", data=modelfile.to_bytes(with_data(builders.packed(np.random.default_rng(2))))))
    *_, event = (event for event in running if isinstance(event, m.Event))
    assert event.rows[1].identical_scores == len(tiny.test_images)


def test_picture(service, loaded, tmp_path):
    Image.new("L", (30, 40), 200).save(tmp_path / "p.png")
    (event,) = said(service, m.Prepare(3, str(tmp_path / "p.png"), loaded.key))
    assert (event.request, event.image.shape, event.image.dtype) == (3, (4, 5, 1), np.uint8)
    assert event.picture.shape == (40, 30)
    assert (event.path, event.fits) == (str(tmp_path / "p.png"), (loaded.preparation, (4, 5, 1)))
    (event,) = said(service, m.Prepare(4, str(tmp_path / "p.png"), loaded.key, again=True))
    assert event.again


def test_what_cannot_be_answered(service):
    with pytest.raises(UnknownName):
        said(service, m.Predict(1, "absent", np.zeros((4, 5, 1), np.uint8)))
    with pytest.raises(BadInput):
        said(service, m.StopRun())


def test_a_backend_is_left_out_and_readmitted(service, loaded, fragile):
    fragile()
    image = np.zeros((4, 5, 1), np.uint8)

    def answering():
        *_, event = said(service, m.Predict(1, loaded.key, image))
        return {vote.backend for vote in event.votes}

    assert NAME in answering()
    assert service.carry_out(m.LeaveOut(NAME, "It failed.", "Mend it.")) is None
    assert NAME not in answering()
    (event,) = said(service, m.ListBackends())
    row = next(row for row in event.rows if row.name == NAME)
    assert (row.ready, row.reason, row.remedy, row.device_in_use) == (False, "It failed.", "Mend it.", False)
    service.carry_out(m.Readmit(NAME))
    assert NAME in answering()


def test_backends_are_settled_in_slices_and_listed_when_they_are(service, loaded, fragile):
    go = threading.Event()
    fragile(chore=go.wait)
    (event,) = said(service, m.ListBackends())
    row = next(row for row in event.rows if row.name == NAME)
    assert not row.ready
    assert row.device_in_use
    settling = service.carry_out(m.SettleBackends())
    assert next(settling) is None
    *_, event = said(service, m.Predict(1, loaded.key, np.zeros((4, 5, 1), np.uint8)))
    assert NAME not in {vote.backend for vote in event.votes}
    go.set()
    (event,) = (event for event in settling if event is not None)
    assert next(row for row in event.rows if row.name == NAME).ready


def test_a_lost_backend_is_for_the_worker_to_tell(service, loaded, tiny, fragile):
    fragile(calls=0)  # how often it is called depends on how busy the machine is
    with pytest.raises(BackendLost):
        said(service, m.Predict(1, loaded.key, tiny.test_images[0]))
    with pytest.raises(BackendLost):
        said(service, m.Evaluate(loaded.key, (NAME,)))


def test_this_world_imports_neither_torch_nor_cupy_nor_qt():
    script = (
        "import sys; from engine.inference.service import open_service; open_service().versions();"
        "import engine.inference.commands; engine.inference.commands.doctor();"
        "print(sorted({'cupy', 'torch', 'PySide6', 'app'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
