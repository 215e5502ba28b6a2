"""The npz reader against sound, damaged and hostile files."""

import io
import zipfile

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.datasets import readers
from engine.datasets.readers import npz
from engine.errors import BadFile

IMAGES = np.arange(6 * 4 * 5, dtype=np.uint8).reshape(6, 4, 5)
LABELS = np.array([0, 1, 2, 0, 1, 2], np.uint8)


def saved(folder, name="set.npz", **arrays):
    np.savez_compressed(folder / name, **arrays)
    return folder / name


def member(path, content, name="images.npy"):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return path


def header(shape, descr="|u1"):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": descr, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def test_one_file_without_a_test_part(tmp_path):
    found = npz.read(saved(tmp_path, images=IMAGES, labels=LABELS, names=["a", "b", "c"]))
    np.testing.assert_array_equal(found.train.images, IMAGES[..., np.newaxis])
    np.testing.assert_array_equal(found.train.labels, LABELS)
    assert (found.train.labels.dtype, found.test, found.names) == (np.int64, None, ("a", "b", "c"))


def test_one_file_with_both_parts(tmp_path):
    parts = {"train_images": IMAGES, "train_labels": LABELS, "test_images": IMAGES[:2], "test_labels": LABELS[:2]}
    found = npz.read(saved(tmp_path, **parts))
    assert (len(found.train.images), len(found.test.images), found.names) == (6, 2, ())


def test_two_files(tmp_path):
    saved(tmp_path, "x_train20.npz", images=IMAGES, labels=LABELS)
    saved(tmp_path, "x_test.npz", images=IMAGES[:3], labels=LABELS[:3])
    found = npz.read(tmp_path)
    assert (len(found.train.images), len(found.test.images)) == (6, 3)
    saved(tmp_path, "y_test.npz", images=IMAGES[:3], labels=LABELS[:3])
    with pytest.raises(BadFile, match="2 npz files with 'test'"):
        npz.read(tmp_path)


def test_what_holds_no_npz_is_somebody_elses(tmp_path):
    assert npz.read(tmp_path) is None
    (tmp_path / "x.txt").write_text("x")
    assert npz.read(tmp_path / "x.txt") is None


@given(images=hnp.arrays(np.uint8, st.tuples(*[st.integers(1, 4)] * 3, st.just(3))))
@settings(max_examples=20, deadline=None)
def test_residuals_come_back_as_pictures(images, tmp_path_factory):
    planes = images.transpose(3, 0, 1, 2).copy()
    planes[0] -= planes[1]
    planes[2] -= planes[1]
    residual = np.diff(np.diff(planes, axis=3, prepend=np.uint8(0)), axis=2, prepend=np.uint8(0))
    path = saved(tmp_path_factory.mktemp("npz"), residual=residual, labels=np.zeros(len(images), np.int32))
    np.testing.assert_array_equal(npz.read(path).train.images, images)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"images": None}, id="no images"),
        pytest.param({"labels": None}, id="no labels"),
        pytest.param({"labels": LABELS.astype(float)}, id="labels of another kind"),
        pytest.param({"labels": LABELS[:5]}, id="too few labels"),
        pytest.param({"images": IMAGES.astype(np.float32)}, id="images of another kind"),
        pytest.param({"images": IMAGES[0]}, id="images of too few axes"),
        pytest.param({"images": IMAGES.astype(object)}, id="objects"),
        pytest.param({"images": None, "residual": IMAGES}, id="residuals of too few axes"),
        pytest.param({"names": np.arange(3)}, id="names that are numbers"),
        pytest.param({"names": np.array(["a", None], object)}, id="names that are objects"),
    ],
)
def test_arrays_that_are_no_data_set_are_refused(changes, tmp_path):
    arrays = {"images": IMAGES, "labels": LABELS} | changes
    with pytest.raises(BadFile, match="npz"):
        npz.read(saved(tmp_path, **{key: array for key, array in arrays.items() if array is not None}))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(header((2**40,)), id="a header that claims everything"),
        pytest.param(header((2**62, 2**62)), id="a header beyond any integer"),
        pytest.param(header((8,)) + bytes(7), id="too short"),
        pytest.param(header((8,)) + bytes(9), id="too long"),
        pytest.param(header((1,), "|O") + bytes(8), id="an object"),
        pytest.param(header((1,), "|V8") + bytes(8), id="a void"),
        pytest.param(header((-8,)), id="a negative length"),
        pytest.param(b"\x93NUMPY\x03\x00" + bytes(8), id="a version that is not read"),
        pytest.param(header((0, 2**70)), id="nothing of a length beyond any integer"),
        pytest.param(b"\x93NUMPY\x01\x00\x0a\x00{'x': (((", id="a header that does not end"),
        pytest.param(b"hello", id="not an array"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_hostile_members_are_refused(content, tmp_path):
    with pytest.raises(BadFile, match="npz"):
        npz.load(member(tmp_path / "x.npz", content))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_that_numpy_does_not_write_is_refused(method, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w", method) as archive:
        archive.writestr("images.npy", header((8,)) + bytes(8))
    with pytest.raises(BadFile, match="compressed in a way"):
        npz.load(tmp_path / "x.npz")


def test_what_unpacks_to_more_than_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(npz, "MOST_BYTES", 10_000)
    path = member(tmp_path / "x.npz", header((9_000,)) + bytes(9_000))
    assert npz.load(path)["images"].shape == (9_000,)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("more.npy", header((9_000,)) + bytes(9_000))
    with pytest.raises(BadFile, match="not read"):
        npz.load(path)
    assert readers.MOST_BYTES > 10_000


def test_damage_never_passes_nor_escapes(tmp_path):
    """Any one byte of the content's stretch changed, or the file cut anywhere, is a BadFile or changes nothing."""
    path = saved(tmp_path, images=IMAGES, labels=LABELS)
    sound = path.read_bytes()
    stream = np.random.default_rng(0)
    for cut in stream.integers(0, len(sound), 60):
        path.write_bytes(sound[:cut])
        with pytest.raises(BadFile):
            npz.read(path)
    for place in stream.integers(0, len(sound), 300):
        damaged = bytearray(sound)
        damaged[place] ^= int(stream.integers(1, 256))
        path.write_bytes(damaged)
        try:
            found = npz.read(path)
        except BadFile:
            continue
        np.testing.assert_array_equal(found.train.images[..., 0], IMAGES)
        np.testing.assert_array_equal(found.train.labels, LABELS)


def test_a_file_may_say_image_by_image_what_is_for_the_test(tmp_path):
    test = np.array([False, True, False, False, True, False])
    found = npz.read(saved(tmp_path, images=IMAGES, labels=LABELS, test=test))
    np.testing.assert_array_equal(found.train.images, IMAGES[~test, ..., np.newaxis])
    np.testing.assert_array_equal(found.test.labels, LABELS[test])


@pytest.mark.parametrize("test", [np.zeros(5, bool), np.zeros(6, np.uint8), np.zeros((6, 1), bool)])
def test_what_says_it_otherwise_is_refused(tmp_path, test):
    with pytest.raises(BadFile, match="for the test"):
        npz.read(saved(tmp_path, images=IMAGES, labels=LABELS, test=test))
