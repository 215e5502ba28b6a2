"""A test set scored side by side: the counts are counted, and a backend that strays is found out."""

from dataclasses import replace

import numpy as np
import pytest

from engine.errors import BadInput, UnknownName, Unsupported
from engine.inference import deploy, modelfile
from engine.inference.backend import Program, backend, ready


class Straying(Program):
    """A program that errs in known images: another class in some, another last bit in others."""

    def __init__(self, program, classes_off, bits_off):
        self._program, self._classes_off, self._bits_off, self._seen = program, classes_off, bits_off, 0

    def scores(self, images):
        scores = self._program.scores(images)
        if len(images) == 1 and self._seen == 0:
            return scores  # the warm-up
        places = np.arange(self._seen, self._seen + len(images))
        self._seen += len(images)
        scores[np.isin(places, self._classes_off)] *= -1
        moved = np.isin(places, self._bits_off)
        scores[moved] = np.nextafter(scores[moved], np.float32(np.inf))
        return scores


def scored(network, programs, dataset):
    *_, board = deploy.score(network, programs, dataset.test_images, dataset.test_labels)
    return board


def test_counts(packed_file, tiny):
    network = modelfile.load(packed_file)
    oracle = backend("naive").load(network)
    off, moved = [0, 17, 299], [3, 298]
    board = scored(network, {"naive": oracle, "numpy-xnor": Straying(oracle, off, moved)}, tiny)
    said = oracle.scores(tiny.test_images).argmax(axis=1)
    assert board.images == 300
    assert board.accuracy("naive") == (said == tiny.test_labels).mean()
    first, second = board.tallies["naive"], board.tallies["numpy-xnor"]
    assert (first.identical_predictions, first.identical_scores) == (300, 300)
    assert (second.identical_predictions, second.identical_scores) == (297, 295)
    assert first.seconds > 0
    expected = np.zeros((3, 3), int)
    np.add.at(expected, (tiny.test_labels, said), 1)
    np.testing.assert_array_equal(board.confusion, expected)


def test_slices_are_small(packed_file, tiny, monkeypatch):
    network = modelfile.load(packed_file)
    monkeypatch.setattr(deploy, "_FAST", network.macs / deploy.SLICE * 7)
    monkeypatch.setattr(deploy, "_PLAIN", network.macs / deploy.SLICE * 2)
    sizes = []

    class Watched(Program):
        def __init__(self, name):
            self._program = backend(name).load(network)

        def scores(self, images):
            sizes.append(len(images))
            return self._program.scores(images)

    programs = {name: Watched(name) for name in ("naive", "numpy-xnor")}
    slices = list(deploy.score(network, programs, tiny.test_images, tiny.test_labels))
    assert len(slices) >= len(sizes)
    assert set(sizes) <= {1, 2, 7, 6}
    assert slices[-1].tallies["numpy-xnor"].identical_scores == 300


def test_who_is_able(packed_file, float_file):
    packed, floating = modelfile.load(packed_file), modelfile.load(float_file)
    everybody = [one.name for one in deploy.able(packed, ["all"])]
    assert everybody[0] == "naive"
    assert set(everybody) == {one.name for one in ready()}
    assert [one.name for one in deploy.able(floating, ["all"])] == ["float-blas"]
    assert [one.name for one in deploy.able(packed, ["naive", "float-blas", "naive"])] == ["naive", "float-blas"]
    with pytest.raises(UnknownName, match="numpy-xnor"):
        deploy.able(packed, ["numpy-xnr"])
    with pytest.raises(Unsupported):
        deploy.able(floating, ["numpy-xnor"])


def test_model_and_data_must_fit(packed_file, tiny):
    from engine import datasets

    network = modelfile.load(packed_file)
    assert deploy.fitted(network, tiny) is tiny
    with pytest.raises(BadInput, match="mnist"):
        deploy.fitted(network, datasets.load("mnist"))


def test_labels_go_by_the_names_of_their_classes(packed_file, tiny):
    network = modelfile.load(packed_file)
    names = network.metadata.class_names
    turned = replace(
        tiny,
        class_names=names[::-1],
        train_labels=len(names) - 1 - tiny.train_labels,
        test_labels=len(names) - 1 - tiny.test_labels,
    )
    found = deploy.fitted(network, turned)
    np.testing.assert_array_equal(found.test_labels, tiny.test_labels)
    np.testing.assert_array_equal(found.train_labels, tiny.train_labels)
    assert found.class_names == names
