"""The look: colour tokens of both themes, the application palette and style sheet, and what changes with them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from app.dress import Dresser

Choice = Literal["system", "light", "dark"]

GRID = 8
GAP = 2 * GRID
RADIUS = 8


@lru_cache(256)
def _color(value: str, alpha: int) -> QColor:
    color = QColor(value)
    color.setAlpha(alpha)
    return color


@dataclass(frozen=True)
class Tokens:
    """One colour for one meaning, on every page. Values are "#RRGGBB"."""

    background: str
    surface: str
    raised: str
    line: str
    text: str
    muted: str
    bit_off: str  # -1
    bit_on: str  # +1
    flip: str
    flip_word: str  # the same in writing, which needs more contrast than a square
    float_: str
    xnor: str
    twin: str
    warning: str
    primary: str
    dark: bool

    def color(self, name: str, alpha: int = 255) -> QColor:
        """The colour of a token, optionally translucent. Shared by all who ask: take a copy to change it."""
        return _color(getattr(self, name), alpha)

    def blend(self, name: str, share: float, ground: str = "surface") -> QColor:
        """What a token gives at this share of opacity on a ground: opaque itself, which Qt fills many times faster."""
        over, under = self.color(name), self.color(ground)
        pairs = ((over.redF(), under.redF()), (over.greenF(), under.greenF()), (over.blueF(), under.blueF()))
        return QColor.fromRgbF(*(share * a + (1 - share) * b for a, b in pairs))

    def of_kind(self, kind: str) -> str:
        """The colour of the kind of a backend or peer (see engine.messages.BenchRow)."""
        return {"float": self.float_, "xnor": self.xnor, "peer": self.twin, "tensor": self.twin}.get(kind, self.muted)

    def layer(self, index: int) -> str:
        """The line colour of layer `index`; repeats after five (Okabe-Ito hues)."""
        hues = DARK_LAYERS if self.dark else LIGHT_LAYERS
        return hues[index % len(hues)]


DARK_LAYERS = ("#CC79A7", "#56B4E9", "#E69F00", "#1FB58A", "#B9A7F0")
LIGHT_LAYERS = ("#A54E7C", "#0070AF", "#936000", "#007A5A", "#6A52C0")

DARK = Tokens(
    background="#15171C",
    surface="#1C1F26",
    raised="#252932",
    line="#313642",
    text="#E9EBEF",
    muted="#98A1AE",
    bit_off="#0C0D10",
    bit_on="#E3E5E8",
    flip="#E69F00",
    flip_word="#E69F00",
    float_="#56B4E9",
    xnor="#1FB58A",
    twin="#CC79A7",
    warning="#E86E47",
    primary="#2B6FB3",
    dark=True,
)
LIGHT = Tokens(
    background="#F4F5F7",
    surface="#FFFFFF",
    raised="#ECEEF1",
    line="#D5D9E0",
    text="#16191F",
    muted="#5B6472",
    bit_off="#1B1E24",
    bit_on="#F2F3F5",
    flip="#C98500",
    flip_word="#8A5A00",
    float_="#0070AF",
    xnor="#007A5A",
    twin="#A54E7C",
    warning="#BE4019",
    primary="#2B6FB3",
    dark=False,
)


class Theme(QObject):
    """The theme in force; `changed` tells widgets that paint themselves to look again."""

    changed = Signal()

    def __init__(self, app: QApplication, choice: Choice = "system") -> None:
        super().__init__(app)
        self._app = app
        self._choice: Choice = choice
        self._dresser = Dresser(self)
        app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(lambda _: self.choose(self._choice))
        self.tokens = self._tokens(choice)
        self._put_on()

    @property
    def choice(self) -> Choice:
        return self._choice

    def choose(self, choice: Choice) -> None:
        """Follow the system, or hold to light or dark. An unknown system scheme counts as dark."""
        self._choice = choice
        tokens = self._tokens(choice)
        if tokens is not self.tokens:
            self.tokens = tokens
            self._put_on()
            self.changed.emit()

    def dress(self, part: QWidget) -> None:
        """Have a window or a part of one, and all in it, follow the style sheet; best once it is made."""
        self._dresser.add(part)

    def _tokens(self, choice: Choice) -> Tokens:
        system_light = self._app.styleHints().colorScheme() == Qt.ColorScheme.Light
        return LIGHT if choice == "light" or (choice == "system" and system_light) else DARK

    def _put_on(self) -> None:
        self._app.setPalette(palette(self.tokens))
        self._dresser.put_on(style_sheet(self.tokens))


_theme: Theme | None = None


def theme() -> Theme:
    """The application's theme, made at first use."""
    global _theme
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise RuntimeError("the theme needs a QApplication")
    if _theme is None or _theme.parent() is not app:
        _theme = Theme(app)
    return _theme


def tokens() -> Tokens:
    """The colours in force."""
    return theme().tokens


def mono(points: float = 9.5) -> QFont:
    """The tabular face for figures, at a size relative to the application's font."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    base = QApplication.font().pointSizeF()
    font.setPointSizeF(points * (base / 10.0 if base > 0 else 1.0))
    return font


def palette(t: Tokens) -> QPalette:
    """The Qt palette of a set of tokens."""
    role = QPalette.ColorRole
    made = QPalette()
    for target, name in (
        (role.Window, "background"),
        (role.Base, "surface"),
        (role.AlternateBase, "raised"),
        (role.Button, "raised"),
        (role.ToolTipBase, "raised"),
        (role.Mid, "line"),
        (role.WindowText, "text"),
        (role.Text, "text"),
        (role.ButtonText, "text"),
        (role.ToolTipText, "text"),
        (role.PlaceholderText, "muted"),
        (role.Highlight, "primary"),
        (role.Link, "float_"),
    ):
        made.setColor(target, t.color(name))
    made.setColor(role.HighlightedText, QColor("#FFFFFF"))
    for target in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, target, t.color("muted", 150))
    return made


def style_sheet(t: Tokens) -> str:
    """What the palette cannot say: cards, buttons, the rail. Object names and dynamic properties select."""
    shade = "dark" if t.dark else "light"
    up, down, check = (_icon(name) for name in (f"chevron-up-{shade}", f"chevron-down-{shade}", "check"))
    return f"""
    QWidget {{ color: {t.text}; }}
    QMainWindow, QDialog, #page {{ background: {t.background}; }}
    #card {{ background: {t.surface}; border-radius: {RADIUS}px; }}
    #notice {{ background: {t.raised}; border-left: 3px solid {t.warning}; border-radius: {RADIUS}px; }}
    #toast {{ background: {t.raised}; border: 1px solid {t.warning}; border-radius: {RADIUS}px; }}
    #bar {{ background: {t.background}; border: none; border-bottom: 1px solid {t.line}; }}
    #status {{ background: {t.background}; border-top: 1px solid {t.line}; }}
    #rail {{ background: {t.surface}; border-right: 1px solid {t.line}; }}
    QLabel[role="muted"] {{ color: {t.muted}; }}
    QLabel[role="title"] {{ font-weight: 600; }}
    QLabel[role="warning"] {{ color: {t.warning}; }}
    QLabel[role="good"] {{ color: {t.xnor}; font-weight: 600; }}
    QPushButton, QToolButton, QComboBox, QSpinBox, QDoubleSpinBox, QLineEdit, QPlainTextEdit {{
        background: {t.raised}; border: 1px solid {t.line}; border-radius: 6px; padding: 5px 11px; min-height: 18px; }}
    QPushButton:hover, QToolButton:hover, QComboBox:hover {{ border-color: {t.muted}; }}
    QPushButton:pressed, QToolButton:pressed {{ background: {t.line}; }}
    QPushButton:focus, QToolButton:focus, QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus, QLineEdit:focus,
    QPlainTextEdit:focus {{ border: 1px solid {t.float_}; }}
    QPlainTextEdit {{ padding: 2px 6px; }}
    QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; }}
    QListView {{ background: transparent; outline: none; }}
    QPushButton:checked {{ background: {t.raised}; border-color: {t.float_}; }}
    QComboBox QLineEdit, QComboBox QLineEdit:focus {{
        background: transparent; border: none; padding: 0; min-height: 0; }}
    QPushButton:disabled, QToolButton:disabled, QComboBox:disabled {{ color: {t.muted}; background: {t.surface}; }}
    QPushButton[primary="true"] {{ background: {t.primary}; border-color: {t.primary}; color: #FFFFFF; }}
    QPushButton[primary="true"]:disabled {{ background: {t.raised}; border-color: {t.line}; color: {t.muted}; }}
    QPushButton[primary="true"]:hover {{ border-color: {t.text}; }}
    QPushButton[primary="true"]:focus {{ border: 1px solid {t.text}; }}
    QPushButton[flat="true"], QToolButton[flat="true"] {{
        background: transparent; border-color: transparent; padding: 3px 8px; color: {t.muted}; }}
    QPushButton[flat="true"]:checked, QToolButton[flat="true"]:checked {{ background: {t.raised}; color: {t.text}; }}
    QPushButton[flat="true"]:focus, QToolButton[flat="true"]:focus {{ border: 1px solid {t.float_}; }}
    #rail QToolButton {{ padding: 4px 0; }}
    QComboBox {{ padding-right: 22px; }}
    QComboBox::drop-down {{ border: none; width: 22px; }}
    QComboBox::down-arrow, QToolButton::menu-indicator {{ image: url({down}); width: 14px; height: 14px; }}
    QToolButton[popupMode="2"] {{ padding-right: 24px; }}
    QToolButton::menu-indicator {{ subcontrol-position: right center; right: 5px; }}
    QSpinBox, QDoubleSpinBox {{ padding: 5px 20px 5px 0; }}
    QAbstractSpinBox QLineEdit, QAbstractSpinBox QLineEdit:focus {{
        background: transparent; border: none; padding: 0; min-height: 0; }}
    QSpinBox::up-button, QDoubleSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::down-button {{
        background: transparent; border: none; width: 18px; }}
    QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{ image: url({up}); width: 12px; height: 12px; }}
    QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{ image: url({down}); width: 12px; height: 12px; }}
    QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {t.muted}; border-radius: 3px;
        background: {t.surface}; }}
    QCheckBox::indicator:hover, QCheckBox::indicator:focus {{ border-color: {t.text}; }}
    QCheckBox::indicator:checked {{ background: {t.primary}; border-color: {t.primary}; image: url({check}); }}
    QCheckBox::indicator:disabled {{ border-color: {t.line}; }}
    QComboBox QAbstractItemView {{ background: {t.raised}; border: 1px solid {t.line}; padding: 4px;
        selection-background-color: {t.primary}; outline: none; }}
    QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line}; padding: 4px; }}
    QMenu {{ background: {t.raised}; border: 1px solid {t.line}; padding: 4px; }}
    QMenu::item {{ padding: 5px 20px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {t.primary}; color: #FFFFFF; }}
    QProgressBar {{ background: {t.raised}; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }}
    QProgressBar::chunk {{ background: {t.primary}; border-radius: 3px; }}
    QSlider::groove:horizontal {{ background: {t.line}; height: 4px; border-radius: 2px; }}
    QSlider::sub-page:horizontal {{ background: {t.muted}; height: 4px; border-radius: 2px; }}
    QSlider::handle:horizontal {{ background: {t.text}; width: 14px; margin: -5px 0; border-radius: 7px; }}
    QSlider::handle:horizontal:focus {{ background: {t.float_}; }}
    #bar QPushButton, #bar QToolButton, #bar QComboBox, #bar QSpinBox, #bar QDoubleSpinBox {{
        padding-left: 8px; padding-right: 8px; }}
    #bar QComboBox {{ padding-right: 20px; }}
    #bar QSpinBox, #bar QDoubleSpinBox {{ padding-right: 18px; }}
    #bar QToolButton {{ padding-right: 22px; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; }}
    QScrollBar::handle:vertical {{ background: {t.line}; border-radius: 5px; min-height: 24px; }}
    QScrollBar::add-line:vertical, QScrollBar::sub-line:vertical {{ height: 0; }}
    """


def _icon(name: str) -> str:
    """Where the style sheet finds an arrow or a tick: it takes pictures from files only."""
    return (Path(str(files("assets"))) / "icons" / f"{name}.svg").as_posix()
