"""Pictures: every kind that people have is read alike, and whatever is not a sound picture is refused with a reason."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine import digits
from engine.errors import BadFile
from engine.inference import pictures
from tests.inference import builders

MNIST = builders.metadata((28, 28, 1), 10, preparation="mnist")


@pytest.fixture
def seven():
    """Bright ink on black, u8 [280, 200], whose centre is not halfway between two pixels."""
    grey = np.zeros((280, 200), np.uint8)
    grey[40:76, 30:150] = 255
    for i in range(180):
        grey[60 + i, 130 - i // 3 : 150 - i // 3] = 255
    return grey


def prepared(path):
    image, blank = pictures.prepare(pictures.read(path), MNIST)
    assert (image.dtype, image.shape) == (np.uint8, (28, 28, 1))
    return image[:, :, 0], blank


def saved(tmp_path, image, name="p.png", **options):
    image.save(tmp_path / name, **options)
    return tmp_path / name


def kinds(seven):
    """The same digit as people keep it."""
    grey = Image.fromarray(seven)
    white = Image.new("L", grey.size, 255)
    yield "grey", grey, {}
    yield "dark on light", Image.fromarray(255 - seven), {}
    yield "low contrast", Image.fromarray((180 - seven // 4).astype(np.uint8)), {}
    yield "colour", Image.merge("RGB", (grey, grey, grey)), {}
    yield "one bit", grey.convert("1"), {}
    yield "palette", grey.convert("P"), {}
    yield "16 bits", Image.fromarray(seven.astype(np.uint16) * 257), {}
    yield "16 bits of which few are used", Image.fromarray(seven.astype(np.uint16) * 60), {}
    yield "grey with alpha", Image.merge("LA", (grey, white)), {}
    yield "black ink on nothing", Image.merge("LA", (Image.new("L", grey.size, 0), grey)), {}
    yield "white ink on nothing", Image.merge("LA", (white, grey)), {}
    yield "colour with alpha", Image.merge("RGBA", (Image.new("L", grey.size, 0),) * 3 + (grey,)), {}
    yield "jpeg", grey, {"name": "p.jpg", "quality": 95}
    yield "cmyk", Image.merge("RGB", (grey,) * 3).convert("CMYK"), {"name": "p.jpg", "quality": 95}
    yield "float", Image.fromarray(seven.astype(np.float32) / 255), {"name": "p.tiff"}
    yield "32 bits", Image.fromarray(seven.astype(np.int32) * 257), {"name": "p.tiff"}
    yield "gif", grey, {"name": "p.gif"}
    yield "bmp", grey, {"name": "p.bmp"}
    yield "animated", grey, {"name": "p.gif", "save_all": True, "append_images": [white, white]}


def test_every_kind_is_read_alike(seven, tmp_path):
    expected = digits.prepare(seven).astype(int)
    for kind, image, options in kinds(seven):
        found, blank = prepared(saved(tmp_path, image, **options))
        assert not blank, kind
        assert np.abs(found - expected).mean() < 3, kind


def test_orientation_tag_is_followed(seven, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    for name, dtype in (("p.jpg", np.uint8), ("p.png", np.uint16)):
        lying = np.rot90(seven).astype(dtype) * (257 if dtype is np.uint16 else 1)
        found, _ = prepared(saved(tmp_path, Image.fromarray(lying), name, exif=exif.tobytes()))
        assert np.abs(found.astype(int) - digits.prepare(seven)).mean() < 3, name


@pytest.mark.parametrize("level", [0, 128, 255])
def test_empty_sheet_is_blank(tmp_path, level):
    image, blank = prepared(saved(tmp_path, Image.new("L", (64, 64), level)))
    assert blank
    assert not image.any()


def test_noise_and_full_transparency_are_blank(tmp_path):
    noise = np.random.default_rng(0).integers(120, 130, (64, 64)).astype(np.uint8)
    assert prepared(saved(tmp_path, Image.fromarray(noise)))[1]
    assert prepared(saved(tmp_path, Image.new("RGBA", (64, 64), (9, 9, 9, 0))))[1]


def test_one_pixel(tmp_path):
    assert prepared(saved(tmp_path, Image.new("L", (1, 1), 77)))[1]


def test_other_models_get_their_own_shape(seven, tmp_path):
    picture = pictures.read(saved(tmp_path, Image.fromarray(seven)))
    for shape in ((32, 32, 3), (5, 9, 1), (28, 28, 1)):
        image, blank = pictures.prepare(picture, builders.metadata(shape, preparation="resize"))
        assert (image.shape, image.dtype, blank) == (shape, np.uint8, False)
        assert image.any()


def test_things_that_are_no_digits_are_bright_on_black_whichever_way_they_came(seven, tmp_path):
    about = builders.metadata((28, 28, 1), preparation="ink")
    images = [
        pictures.prepare(pictures.read(saved(tmp_path, Image.fromarray(shown))), about)[0]
        for shown in (seven, 255 - seven)
    ]
    assert images[0][0, 0, 0] == 0
    assert images[0].max() > 100
    np.testing.assert_array_equal(images[0], images[1])


def test_large_pictures_are_shown_small(tmp_path):
    picture = pictures.read(saved(tmp_path, Image.new("L", (3000, 1200), 255)))
    assert max(picture.shape[:2]) <= 1024
    assert max(pictures.shown(picture).shape) <= 512


def header_of(width, height):
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    start = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + start + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(6000, 6000), (12_000, 12_000), (100_000, 100_000), (2**31 - 1, 2**31 - 1)])
def test_huge_pictures_are_refused_before_they_are_unpacked(tmp_path, size):
    (tmp_path / "p.png").write_bytes(header_of(*size))
    with pytest.raises(BadFile, match=r"pixels|large|picture"):
        pictures.read(tmp_path / "p.png")


def test_a_progressive_photograph_of_twelve_megapixels_is_read(tmp_path):
    paper = Image.new("RGB", (4032, 3024), (240, 235, 225))
    ImageDraw.Draw(paper).line((2000, 500, 1800, 2500), (20, 20, 60), 160)
    paper.save(tmp_path / "p.jpg", progressive=True, quality=95)
    assert pictures.read(tmp_path / "p.jpg").shape == (768, 1024, 3)


@pytest.mark.parametrize(
    "data",
    [b"", b"text, not a picture", b"%!PS-Adobe-3.0 EPSF-3.0\n", header_of(0, 0), header_of(28, 28)[:30]],
    ids=["empty", "text", "postscript", "no size", "header only"],
)
def test_not_a_picture(tmp_path, data):
    (tmp_path / "p.png").write_bytes(data)
    with pytest.raises(BadFile) as caught:
        pictures.read(tmp_path / "p.png")
    assert caught.value.remedy


def test_folder_missing_file_and_a_file_too_long(tmp_path, monkeypatch):
    for path in (tmp_path, tmp_path / "absent.png"):
        with pytest.raises(BadFile):
            pictures.read(path)
    monkeypatch.setattr(pictures, "MAX_BYTES", 10)
    with pytest.raises(BadFile, match="bytes"):
        pictures.read(saved(tmp_path, Image.new("L", (9, 9))))


def test_cut_short_or_corrupted_anywhere(seven, tmp_path):
    rng = np.random.default_rng(0)
    for kind in ("png", "jpeg", "gif", "tiff", "webp"):
        file = io.BytesIO()
        Image.fromarray(seven).convert("RGB").save(file, kind)
        whole = file.getvalue()
        cut = [whole[:n] for n in rng.integers(1, len(whole) - 1, 10)]
        places = rng.integers(0, len(whole), 20)
        broken = [whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :] for place in places]
        for data in cut + broken:
            (tmp_path / "p").write_bytes(data)
            try:
                assert pictures.read(tmp_path / "p").dtype == np.uint8
            except BadFile:
                continue
