"""Dialogs that are closed are gone: each holds hundreds of widgets."""

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from app.help import HelpDialog
from app.options import BY_KEY
from app.setting_dialog import SettingDialog
from app.widgets.not_saved import tell_not_saved


@pytest.mark.parametrize("make", [lambda parent: HelpDialog("draw", parent),
                                  lambda parent: SettingDialog(BY_KEY["optimizer"], "adam", parent)])  # fmt: skip
def test_a_closed_dialog_is_gone(qtbot, make):
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = make(parent)
    dialog.show()
    dialog.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not isValid(dialog)


def test_a_picture_that_could_not_be_saved_is_told_without_waiting(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    tell_not_saved(parent, "/nowhere/x.png")
    (box,) = parent.children()
    assert "/nowhere/x.png" in box.text()
    box.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not parent.children()
