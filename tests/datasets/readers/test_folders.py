"""Folders of pictures: classes by name, one shape for all, limits before anything is decoded."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.datasets import own
from engine.datasets.readers import folders
from engine.errors import BadFile
from engine.inference import pictures
from engine.inference.network import Metadata

STREAM = np.random.default_rng(0)


def picture(path, height=6, width=5, mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    values = STREAM.integers(0, 256, (height, width, 3) if mode == "RGB" else (height, width), np.uint8)
    Image.fromarray(values).save(path)
    return values


def test_small_pictures_of_one_size_stay_as_they_are(tmp_path):
    dog, ant = picture(tmp_path / "dog" / "1.png"), picture(tmp_path / "ant" / "b.bmp")
    other = picture(tmp_path / "ant" / "a.png")
    (tmp_path / "ant" / "notes.txt").write_text("not a picture")
    (tmp_path / "empty").mkdir()
    found = folders.read(tmp_path)
    assert (found.names, found.test) == (("ant", "dog"), None)
    np.testing.assert_array_equal(found.train.images, [other, ant, dog])
    assert found.train.labels.tolist() == [0, 0, 1]


def test_train_and_test_stay_apart(tmp_path):
    for path in ("train/a/1.png", "train/b/1.png", "train/b/2.png", "test/b/1.png"):
        picture(tmp_path / path)
    found = folders.read(tmp_path)
    assert (found.train.labels.tolist(), found.test.labels.tolist()) == ([0, 1, 1], [1])
    picture(tmp_path / "test" / "c" / "1.png")
    with pytest.raises(BadFile, match="without training pictures"):
        folders.read(tmp_path)


def test_without_a_difference_every_fifth_is_for_the_test(tmp_path):
    for name in "ab":
        for i in range(10):
            picture(tmp_path / name / f"{i}.png")
    data = own.load(tmp_path)
    assert (np.bincount(data.train_labels).tolist(), np.bincount(data.test_labels).tolist()) == ([8, 8], [2, 2])
    assert "fifth" in data.note
    np.testing.assert_array_equal(data.test_images, own.load(tmp_path).test_images)


@pytest.mark.parametrize("sizes", [[(6, 5), (5, 6)], [(90, 90), (90, 90)]])
def test_other_sizes_become_one(sizes, tmp_path):
    for i, size in enumerate(sizes):
        picture(tmp_path / "a" / f"{i}.png", *size)
    assert folders.read(tmp_path).train.images.shape == (2, folders.SIDE, folders.SIDE, 3)


def test_grey_pictures_stay_as_they_are_and_so_do_those_shown_to_the_model(tmp_path):
    for i in range(2):
        picture(tmp_path / "a" / f"{i}.png", mode="L")
    images = folders.read(tmp_path).train.images
    assert images.shape == (2, 6, 5, 1)
    shown = pictures.read(tmp_path / "a" / "0.png")
    assert len(np.unique(shown)) > 2
    np.testing.assert_array_equal(images[0, ..., 0], shown[..., 0])
    about = Metadata("m", "m", (6, 5, 1), ("a",), preparation="resize")
    np.testing.assert_array_equal(pictures.prepare(shown, about)[0], images[0])
    picture(tmp_path / "a" / "2.png")
    assert folders.read(tmp_path).train.images.shape == (3, 6, 5, 3)


def test_what_is_no_picture_of_its_class_is_passed_over(tmp_path):
    picture(tmp_path / "a" / "0.png")
    (tmp_path / "a" / "._0.png").write_bytes(b"what some systems lay beside")
    (tmp_path / "a" / "more.png").mkdir()
    assert len(folders.read(tmp_path).train.images) == 1


def bomb(side):
    """A PNG whose header claims side x side pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [bomb(60_000), bomb(8), b"", b"not a picture", b"\x89PNG\r\n\x1a\n"],
    ids=lambda content: str(len(content)),
)
def test_bombs_and_damage_are_refused(content, tmp_path):
    picture(tmp_path / "a" / "1.png")
    (tmp_path / "a" / "2.png").write_bytes(content)
    with pytest.raises(BadFile, match=r"2\.png"):
        folders.read(tmp_path)


def test_too_many_are_refused_before_they_are_decoded(tmp_path, monkeypatch):
    for i in range(3):
        picture(tmp_path / "a" / f"{i}.png")
    monkeypatch.setattr(folders, "MOST_BYTES", 3 * 6 * 5 * 3 - 1)
    monkeypatch.setattr(pictures, "read", None)
    with pytest.raises(BadFile, match="too many"):
        folders.read(tmp_path)


@given(place=st.integers(0, 10_000), content=st.binary(min_size=1, max_size=8), cut=st.booleans())
@settings(max_examples=40, deadline=None)
def test_damaged_pictures_are_read_or_refused(place, content, cut, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    picture(folder / "a" / "1.png")
    sound = (folder / "a" / "1.png").read_bytes()
    place %= len(sound)
    damaged = sound[:place] if cut else sound[:place] + content + sound[place + len(content) :]
    (folder / "a" / "1.png").write_bytes(damaged)
    try:
        assert folders.read(folder).train.images.dtype == np.uint8
    except BadFile as refused:
        assert "1.png" in refused.what  # noqa: PT017 - either may happen


def test_what_holds_no_folders_of_pictures_is_somebody_elses(tmp_path):
    assert folders.read(tmp_path) is None
    picture(tmp_path / "1.png")
    assert folders.read(tmp_path) is None
    assert folders.read(tmp_path / "1.png") is None
