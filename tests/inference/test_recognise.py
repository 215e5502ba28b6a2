"""Drawings in the inference world: read by models, kept, read again, and never written over unread."""

import numpy as np
import pytest

from engine import datasets, digits, drawings
from engine import messages as m
from engine.errors import BadFile
from engine.files import CannotWrite
from engine.inference import modelfile
from engine.inference.backend import backend
from engine.inference.rules import taken
from tests.inference.conftest import said

CANVAS = "assets/models/mnist-cnn-canvas.safetensors"
FLOAT = "assets/models/mnist-mlp-512x2-float.safetensors"
BITS = "assets/models/verify-100-50-10.safetensors"


@pytest.fixture(scope="module")
def mnist():
    data = datasets.load("mnist")
    return data.test_images[:20, :, :, 0].copy(), data.test_labels[:20].copy()


def expected(path, images):
    """By the plain definition."""
    network = modelfile.load(path)
    name = "naive" if path != FLOAT else "float-blas"
    return backend(name).load(network).scores(taken(network, images[..., np.newaxis])).argmax(1)


def test_each_model_reads_them_by_its_own_preparation(service, mnist):
    images, _ = mnist
    models = (("c", CANVAS), ("f", FLOAT), ("b", BITS))
    events = said(service, m.Recognise(7, models, images))
    assert [(event.request, event.key, event.why) for event in events] == [(7, key, "") for key in "cfb"]
    for event, fitted, path in zip(events, (images, images, digits.in_bits(images, 10, 10)), (CANVAS, FLOAT, BITS),
                                   strict=True):  # fmt: skip
        np.testing.assert_array_equal(event.labels, expected(path, fitted))
    assert events[0].accuracy == pytest.approx(0.9928)


def test_a_model_that_is_loaded_needs_no_file_and_one_that_cannot_is_told_alone(service, mnist, packed_file):
    images, _ = mnist
    said(service, m.LoadModel("training", CANVAS))
    models = (("gone", "no.safetensors"), ("other", str(packed_file)), ("training", ""))
    gone, other, training = said(service, m.Recognise(1, models, images))
    assert gone.labels is None
    assert "no file" in gone.why
    assert "other pictures" in other.why
    np.testing.assert_array_equal(training.labels, expected(CANVAS, images))
    (empty,) = said(service, m.Recognise(1, (("training", ""),), images[:0]))
    assert empty.labels.shape == (0,)


def test_they_are_kept_at_once_and_read_again(service, mnist, tmp_path):
    images, labels = mnist
    path, test = str(tmp_path / "data" / "mine.npz"), np.arange(20) % 3 == 2
    (none,) = said(service, m.ReadDrawings(path, own=True))
    assert (none.own, len(none.labels)) == (True, 0)
    run = service.carry_out(m.KeepDrawings(path, images, labels, test))
    (read,) = said(service, m.ReadDrawings(path, own=True))  # though the other one was never driven
    np.testing.assert_array_equal(read.images, images)
    np.testing.assert_array_equal(read.test, test)
    assert list(run) == [m.DrawingsKept(path, 20)]


def test_the_own_file_is_read_before_anything_is_written_over_it(service, mnist, tmp_path):
    images, labels = mnist
    path = str(tmp_path / "mine.npz")
    said(service, m.KeepDrawings(path, images, labels, np.zeros(20, bool)))
    reading = service.carry_out(m.ReadDrawings(path, own=True))
    said(service, m.KeepDrawings(path, images[:1], labels[:1], np.zeros(1, bool)))
    (event,) = [event for event in reading if event is not None]
    assert len(event.labels) == 20


def test_an_own_file_that_cannot_be_read_is_moved_aside(service, mnist, tmp_path):
    path = tmp_path / "mine.npz"
    path.write_bytes(b"PK\3\4 half")
    with pytest.raises(BadFile, match="mine-unreadable"):
        service.carry_out(m.ReadDrawings(str(path), own=True))
    assert (tmp_path / "mine-unreadable.npz").read_bytes() == b"PK\3\4 half"
    images, labels = mnist
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(CannotWrite):
        service.carry_out(m.KeepDrawings(str(tmp_path / "file" / "x.npz"), images, labels, labels > 0))
    with pytest.raises(BadFile):
        said(service, m.ReadDrawings(str(tmp_path / "absent.npz")))


def changes(new=(), gone=()):
    return m.DrawingChanges(frozenset(new), frozenset(gone))


def named(images, labels):
    return [drawings.name(image, label) for image, label in zip(images, labels.tolist(), strict=True)]


def test_changes_are_made_to_what_another_window_wrote_meanwhile(service, mnist, tmp_path):
    images, labels = mnist
    names, path, none = named(images, labels), str(tmp_path / "mine.npz"), np.zeros(20, bool)
    said(service, m.KeepDrawings(path, images[:4], labels[:4], none[:4] | True))
    # 0 and 1 came from elsewhere; here 2 and 4 are new, 3 was taken out; 5 was taken out elsewhere
    ask = m.KeepDrawings(
        path, images[[2, 4, 5]], labels[[2, 4, 5]], none[:3], 9, changes({names[2], names[4]}, names[3:4])
    )
    assert said(service, ask) == [m.DrawingsKept(path, 4, 9)]
    (read,) = said(service, m.ReadDrawings(path, own=True))
    np.testing.assert_array_equal(read.images, images[[2, 4, 0, 1]])
    np.testing.assert_array_equal(read.test, [False, False, True, True])


def test_of_two_labels_of_one_image_the_last_one_said_goes(service, mnist, tmp_path):
    images, labels = mnist
    path, one = str(tmp_path / "mine.npz"), np.zeros(1, bool)
    said(service, m.KeepDrawings(path, images[:1], labels[:1], one))
    other = (labels[:1] + 1) % 10
    said(service, m.KeepDrawings(path, images[:1], other, one, 1, changes(named(images[:1], other))))
    (read,) = said(service, m.ReadDrawings(path, own=True))
    assert read.labels.tolist() == other.tolist()


def test_where_there_is_no_room_for_both_windows_nothing_is_written(service, mnist, tmp_path, monkeypatch):
    monkeypatch.setattr(drawings, "MOST", 4)
    images, labels = mnist
    path, none = tmp_path / "mine.npz", np.zeros(20, bool)
    said(service, m.KeepDrawings(str(path), images[:4], labels[:4], none[:4]))
    before = path.read_bytes()
    new = changes(named(images[4:5], labels[4:5]))
    with pytest.raises(BadFile, match="there would be 5 drawings"):
        service.carry_out(m.KeepDrawings(str(path), images[4:5], labels[4:5], none[:1], 1, new))
    assert path.read_bytes() == before


def test_over_a_file_that_became_unreadable_all_are_written_and_it_is_put_aside(service, mnist, tmp_path):
    images, labels = mnist
    path = tmp_path / "mine.npz"
    path.write_bytes(b"PK\3\4 half")
    with pytest.raises(BadFile, match="mine-unreadable"):
        service.carry_out(m.KeepDrawings(str(path), images, labels, np.zeros(20, bool), 1, changes()))
    assert (tmp_path / "mine-unreadable.npz").read_bytes() == b"PK\3\4 half"
    (read,) = said(service, m.ReadDrawings(str(path), own=True))
    assert len(read.labels) == 20


def test_where_the_file_is_gone_all_are_written(service, mnist, tmp_path):
    images, labels = mnist
    said(service, m.KeepDrawings(str(tmp_path / "mine.npz"), images, labels, np.zeros(20, bool), 1, changes()))
    assert len(drawings.load(tmp_path / "mine.npz").labels) == 20
