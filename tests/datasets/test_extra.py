"""Images of one's own beside a data set's: how many they become, and what is refused."""

import numpy as np
import pytest

from engine import digits
from engine.datasets import Dataset, extra
from engine.errors import BadFile, BadInput

SMALL = (6, 5, 1)


def base(shape=SMALL, count=40, preparation="resize"):
    images, labels = np.zeros((count, *shape), np.uint8), np.arange(count) % 3
    return Dataset("base", "Base", images, labels, images[:6], labels[:6], ("a", "b", "c"), preparation)


def saved(folder, images, labels, **more):
    np.savez(folder / "mine.npz", images=images, labels=labels, **more)
    return folder / "mine.npz"


def numbered(count, shape=SMALL):
    """Images that are known by their only brightness, from 1 up."""
    return np.broadcast_to(np.arange(1, count + 1, dtype=np.uint8)[:, None, None, None], (count, *shape)).copy()


@pytest.mark.parametrize(("share", "count"), [(0.2, 10), (0.5, 40), (0.01, 3), (0.9, 360)])
def test_they_are_repeated_until_they_are_the_share(tmp_path, share, count):
    path = saved(tmp_path, numbered(3), [2, 0, 1], test=np.zeros(3, bool))
    whole = base()
    joined = extra.joined(whole, path, share)
    added = joined.train_images[40:, 0, 0, 0]
    assert len(added) == count
    np.testing.assert_array_equal(added, np.arange(count) % 3 + 1)
    np.testing.assert_array_equal(joined.train_labels[40:], np.array([2, 0, 1])[np.arange(count) % 3])
    assert joined.test_images is whole.test_images
    np.testing.assert_array_equal(joined.train_images[:40], whole.train_images)


def test_labels_go_by_the_names_of_the_files_classes(tmp_path):
    path = saved(tmp_path, numbered(3), [0, 1, 2], names=["c", "a", "b"], test=np.zeros(3, bool))
    np.testing.assert_array_equal(extra.joined(base(), path, 0.05).train_labels[40:], [2, 0, 1])


def test_what_is_for_the_test_is_never_trained_on(tmp_path):
    path = saved(tmp_path, numbered(4), [0, 1, 2, 0], test=np.array([False, True, False, True]))
    assert set(extra.joined(base(), path, 0.5).train_images[40:, 0, 0, 0]) == {1, 3}


def test_where_the_file_does_not_say_every_fifth_of_a_class_is(tmp_path):
    path = saved(tmp_path, numbered(7), [0] * 5 + [1] * 2)
    assert set(extra.joined(base(), path, 0.5).train_images[40:, 0, 0, 0]) == {1, 2, 3, 4, 6, 7}


def test_drawings_become_bits_beside_bits(tmp_path):
    stream = np.random.default_rng(0)
    drawings = stream.integers(0, 256, (2, 28, 28), np.uint8)
    path = saved(tmp_path, drawings, [0, 1], test=np.zeros(2, bool))
    joined = extra.joined(base((10, 10, 1), preparation=digits.BITS), path, 0.05)
    np.testing.assert_array_equal(joined.train_images[40:, ..., 0], digits.in_bits(drawings, 10, 10))


@pytest.mark.parametrize(
    ("images", "labels", "test", "said"),
    [
        (numbered(2, (7, 5, 1)), [0, 1], [False, False], r"of \(7, 5, 1\)"),
        (numbered(2), [0, 3], [False, False], "names no class"),
        (numbered(2), [0, 1], [True, True], "has 0 images"),
    ],
)
def test_what_is_not_of_its_kind_is_refused(tmp_path, images, labels, test, said):
    with pytest.raises(BadInput, match=said):
        extra.joined(base(), saved(tmp_path, images, labels, test=np.array(test)), 0.2)


def test_what_is_no_such_file_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none.npz"):
        with pytest.raises(BadFile, match=r"no \.npz file"):
            extra.joined(base(), path, 0.2)
    (tmp_path / "bad.npz").write_bytes(b"PK nothing")
    with pytest.raises(BadFile, match="not a sound npz"):
        extra.joined(base(), tmp_path / "bad.npz", 0.2)
