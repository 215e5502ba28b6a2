"""The segmented switch."""

from PySide6.QtCore import Qt

from app.widgets.segmented import mode_switch


def test_click_announces_and_select_does_not(qtbot):
    switch = mode_switch()
    qtbot.addWidget(switch)
    heard = []
    switch.chosen.connect(heard.append)
    switch.select("xnor")
    assert (switch.current, heard) == ("xnor", [])
    qtbot.mouseClick(switch.button("float"), Qt.MouseButton.LeftButton)
    assert (switch.current, heard) == ("float", ["float"])


def test_arrow_keys_move_the_choice(qtbot):
    switch = mode_switch()
    qtbot.addWidget(switch)
    switch.select("float")
    qtbot.keyClick(switch, Qt.Key.Key_Right)
    assert switch.current == "xnor"
