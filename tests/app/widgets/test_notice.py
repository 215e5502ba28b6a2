"""Inline notices."""

from PySide6.QtCore import QEvent, QObject

from app.link import Death
from app.session import Notice
from app.widgets.notice import NoticeArea


def area(session, qtbot):
    made = NoticeArea(session, "learn", "")
    qtbot.addWidget(made)
    return made


def test_shows_its_own_page_only_and_takes_no_room_without_any(session, qtbot):
    notices = area(session, qtbot)
    assert notices.isHidden()
    session.noticed.emit(Notice("draw", "Elsewhere."))
    assert notices.isHidden()
    session.noticed.emit(Notice("learn", "Here.", "Do this."))
    assert [bar.notice.what for bar in notices.bars] == ["Here."]
    assert not notices.isHidden()


def test_the_same_is_said_once_and_at_most_three(session, qtbot):
    notices = area(session, qtbot)
    for what in ("a", "b", "a", "c", "d"):
        notices.add(Notice("learn", what))
    assert [bar.notice.what for bar in notices.bars] == ["d", "c", "a"]


def test_report_is_copied_whole_and_stays(session, qtbot, qapp):
    notices = area(session, qtbot)
    notices.add(Notice("learn", "It broke.", "Send this.", "report", "Traceback: x"))
    notices.bars[0].action.click()
    assert qapp.clipboard().text() == "It broke.\nSend this.\nTraceback: x"
    assert notices.bars


def test_restart_does_it_and_goes(session, qtbot):
    notices = area(session, qtbot)
    session.trainer.died.emit(Death("torch", -9, ""))
    notices.bars[0].action.click()
    assert session.trainer.starts == 2
    assert notices.isHidden()


def test_what_no_longer_holds_is_put_away(session, qtbot):
    notices = area(session, qtbot)
    notices.add(Notice("learn", "The disk is full."))
    notices.drop("Something else.")
    assert notices.bars
    session.withdrawn.emit("The disk is full.")
    assert notices.isHidden()


def test_nothing_is_shown_outside_its_window(session, qtbot, qapp):
    """A widget that is made visible before it has a parent is a window of its own for a moment."""
    seen = []

    class Watch(QObject):
        def eventFilter(self, watched, event):  # noqa: N802 - Qt's name
            if event.type() == QEvent.Type.Show and watched.isWidgetType() and watched.parentWidget() is None:
                seen.append(watched)
            return False

    notices = area(session, qtbot)
    watch = Watch()
    qapp.installEventFilter(watch)
    notices.add(Notice("learn", "It broke.", "Start it again.", "restart-trainer", "Traceback: x"))
    qapp.removeEventFilter(watch)
    assert [widget for widget in seen if widget is not notices] == []
