"""Ink: known strokes give known pixels."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QImage, QPainter

from app.widgets.ink import SIDE, Dot, Drawing, Picture, blank_sheet, grey_image, grey_of, paint, pieces

pytestmark = pytest.mark.usefixtures("qapp")


def rendered(drawing):
    sheet = blank_sheet()
    painter = QPainter(sheet)
    paint(painter, drawing)
    painter.end()
    return grey_of(sheet)


def test_empty_sheet_is_black():
    assert Drawing().empty
    assert not rendered(Drawing()).any()


def test_level_stroke_covers_what_its_width_says():
    grey = rendered(Drawing().drawn([Dot(60, 140, 20), Dot(140, 140, 20), Dot(220, 140, 20)]))
    assert (grey[131:149, 60:220] == 255).all()
    assert not grey[:129].any()
    assert not grey[151:].any()
    assert grey[140, 51] == 255  # round ends reach half a width further
    assert grey[140, 48] == 0


def test_single_dot_is_a_disc():
    grey = rendered(Drawing().drawn([Dot(100, 60, 30)]))
    assert grey[60, 100] == 255
    assert abs(int((grey > 127).sum()) - np.pi * 15**2) < 25


def test_smooth_line_goes_through_mid_points_and_not_through_corners():
    grey = rendered(Drawing().drawn([Dot(40, 40, 6), Dot(140, 140, 6), Dot(240, 40, 6)]))
    assert grey[90, 90] == 255
    assert grey[90, 190] == 255
    assert grey[140, 140] == 0


def test_width_follows_the_dots():
    grey = rendered(Drawing().drawn([Dot(40, 140, 4), Dot(120, 140, 4), Dot(160, 140, 40), Dot(240, 140, 40)]))
    assert (grey[:, 60] > 127).sum() <= 5
    assert (grey[:, 220] > 127).sum() >= 38


def test_picture_lies_under_the_strokes_and_keeps_its_proportions():
    wide = Picture(np.full((10, 20), 90, np.uint8), np.zeros((28, 28, 1), np.uint8))
    grey = rendered(Drawing(picture=wide).drawn([Dot(140, 140, 10)]))
    assert grey[140, 140] == 255
    assert grey[140, 40] == 90
    assert grey[30, 140] == 0


def test_grey_image_holds_the_pixels():
    levels = np.arange(15, dtype=np.uint8).reshape(3, 5)
    image = grey_image(levels)
    assert image.format() == QImage.Format.Format_Grayscale8
    assert [[image.pixelColor(x, y).red() for x in range(5)] for y in range(3)] == levels.tolist()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.builds(Dot, st.floats(0, SIDE), st.floats(0, SIDE), st.floats(1, 60)),
        min_size=1,
        max_size=8,
    )
)
def test_pieces_join_up_from_first_dot_to_last(stroke):
    paths = [path for path, _ in pieces(stroke)]
    first, last = paths[0].elementAt(0), paths[-1].currentPosition()
    assert (first.x, first.y) == (stroke[0].x, stroke[0].y)
    assert (last.x(), last.y()) == pytest.approx((stroke[-1].x, stroke[-1].y), abs=0.011)
    for before, after in pairwise(paths):
        start = after.elementAt(0)
        assert (start.x, start.y) == (before.currentPosition().x(), before.currentPosition().y())
