"""What everyone must be able to do: read every word, by eye or by ear, at any size, and reach every control by keys."""

import itertools

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollArea,
    QWidget,
)

from app.theme import DARK, DARK_LAYERS, LIGHT, LIGHT_LAYERS
from app.widgets.live_label import FittingLabel
from app.widgets.plot import Plot
from app.window import PAGES, Window
from tests.app.frames import Trainer

NAMES = [name for name, _ in PAGES]
WORDS = ("text", "muted", "warning", "xnor", "float_", "twin", "flip_word")
GROUNDS = ("background", "surface", "raised")
THEMES = {"dark": (DARK, DARK_LAYERS), "light": (LIGHT, LIGHT_LAYERS)}


def make_window(session, qtbot, width=1280, height=800):
    made = Window(session)
    made.show()
    qtbot.waitExposed(made)
    QCoreApplication.processEvents()  # a screen smaller than that has its say first
    made.showNormal()
    made.resize(width, height)
    qtbot.waitUntil(lambda: (made.width(), made.height()) == (width, height))
    return made


def drop(window):
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(window, QEvent.Type.DeferredDelete)


@pytest.fixture
def window(session, qtbot):
    made = make_window(session, qtbot)
    yield made
    drop(made)


@pytest.fixture(params=[(1.0, 1280, 800), (1.5, 1280, 800), (1.0, 1024, 700)], ids=["100%", "150%", "small screen"])
def scaled(request, session, qtbot):
    """A window whose words are larger by a factor, or that is as small as a small screen."""
    factor, width, height = request.param
    plain = QApplication.font()
    larger = QFont(plain)
    larger.setPointSizeF(plain.pointSizeF() * factor)
    QApplication.setFont(larger)
    made = make_window(session, qtbot, width, height)
    yield made
    drop(made)
    QApplication.setFont(plain)


# ---------------------------------------------------------------- colours


def luminance(color):
    """Relative luminance of "#RRGGBB" (WCAG 2.2)."""
    shares = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize(("word", "ground"), [*itertools.product(WORDS, GROUNDS)])
def test_every_word_stands_out_from_its_ground(name, word, ground):
    tokens, _ = THEMES[name]
    assert contrast(getattr(tokens, word), getattr(tokens, ground)) >= 4.5


@pytest.mark.parametrize("name", THEMES)
def test_curves_named_in_their_colour_and_words_on_the_first_button_can_be_read(name):
    tokens, layers = THEMES[name]
    assert all(contrast(color, tokens.surface) >= 4.5 for color in layers)
    assert contrast("#FFFFFF", tokens.primary) >= 4.5


@pytest.mark.parametrize("name", THEMES)
def test_bits_differ_in_lightness_and_a_flip_from_both(name):
    tokens, _ = THEMES[name]
    assert contrast(tokens.bit_on, tokens.bit_off) >= 10
    assert min(contrast(tokens.flip, bit) for bit in (tokens.bit_on, tokens.bit_off)) >= 1.7


# ---------------------------------------------------------------- names


def controls(page):
    kinds = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit)
    return [w for w in page.findChildren(QWidget) if isinstance(w, kinds) and w.focusPolicy() != Qt.FocusPolicy.NoFocus]


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_takes_the_keys_has_a_name(window, name):
    window.show_page(name)
    nameless = [
        widget
        for widget in window.page(name).findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.isVisibleTo(window)
        and not widget.accessibleName()
        and not getattr(widget, "text", str)()
        and not widget.objectName().startswith("qt_")
    ]
    assert not nameless


@pytest.mark.parametrize("name", NAMES)
def test_every_plot_says_what_it_shows(window, session, name):
    trainer = Trainer(session.trainer)
    trainer.begin()
    window.show_page(name)
    trainer.frame()
    mute = [p.accessibleName() for p in window.findChildren(Plot) if not p.accessibleDescription()]
    assert not mute


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize("name", NAMES)
def test_tab_comes_by_every_control(window, name):
    window.show_page(name)
    window.activateWindow()
    page = window.page(name)
    wanted = {stop(w) for w in controls(page) if w.isVisibleTo(page) and w.isEnabled() and takes_tab(w)}
    met = set()
    for _ in range(3 * len(wanted) + 60):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        met.add(stop(QApplication.focusWidget()))
    assert not [getattr(w, "accessibleName", str)() or type(w).__name__ for w in wanted - met]


def takes_tab(widget):
    return not widget.objectName().startswith("qt_") and widget.focusPolicy() & Qt.FocusPolicy.TabFocus


def stop(widget):
    """Buttons that exclude each other are one stop, between which the arrow keys move."""
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    return group if group is not None and group.exclusive() else widget


# ---------------------------------------------------------------- sizes


@pytest.mark.parametrize("name", NAMES)
def test_no_words_are_cut_off(scaled, name):
    scaled.show_page(name)
    QCoreApplication.processEvents()
    cut = [
        (widget.text(), widget.width(), widget.minimumSizeHint().width())
        for widget in scaled.page(name).findChildren(QWidget)
        if isinstance(widget, QLabel | QAbstractButton) and widget.isVisible() and is_cut(widget)
    ]
    assert not cut


def is_cut(widget):
    """A label that fits itself says all in its tip."""
    if not widget.text() or isinstance(widget, FittingLabel) or getattr(widget, "wordWrap", bool)():
        return False
    return min(widget.minimumSizeHint().width(), widget.sizeHint().width()) > widget.width() + 1


@pytest.mark.parametrize("name", NAMES)
def test_no_control_lies_beyond_a_small_screen(session, qtbot, name):
    window = make_window(session, qtbot, 1024, 700)
    window.show_page(name)
    QCoreApplication.processEvents()
    page = window.page(name)
    beyond = [
        getattr(each, "accessibleName", str)() or getattr(each, "text", str)()
        for each in controls(page)
        if each.isVisible()
        and not scrolled(each, page)
        and not page.rect().contains(each.rect().translated(place(each, page)))
    ]
    drop(window)
    assert not beyond


def place(widget, page):
    return widget.mapTo(page, widget.rect().topLeft())


def scrolled(widget, page):
    """Whether it lies in what can be scrolled to it."""
    while widget is not page and widget is not None:
        if isinstance(widget, QScrollArea):
            return True
        widget = widget.parentWidget()
    return False
