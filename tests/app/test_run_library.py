"""The library of kept runs: what is asked of the worker when, and what is made of its answers."""

import pytest

from app.run_library import MOST_COMPARED
from engine import messages as m
from engine.messages import runs as r
from tests.app.kept import listed, read, row


@pytest.fixture
def library(session):
    """A library that knows three runs, a, b and c."""
    session.library.refresh()
    session.inference.say(listed(row("a"), row("b"), row("c")))
    session.inference.sent.clear()
    return session.library


def test_the_first_list_grows_and_a_later_one_replaces_it_when_it_is_complete(session):
    library = session.library
    library.refresh()
    session.inference.say(listed(row("a"), complete=False))
    assert (list(library.rows), library.loading) == (["/runs/a"], True)
    session.inference.say(listed(row("b")))
    assert (list(library.rows), library.loading) == (["/runs/a", "/runs/b"], False)
    library.refresh()
    session.inference.say(listed(row("c"), complete=False))
    assert list(library.rows) == ["/runs/a", "/runs/b"]
    session.inference.say(listed())
    assert list(library.rows) == ["/runs/c"]


@pytest.mark.parametrize("first", [True, False], ids=["the first list", "a later list"])
def test_what_happens_while_the_list_is_read_is_not_undone_by_it(session, first):
    library = session.library
    library.refresh()
    if not first:
        session.inference.say(listed(row("a"), row("b")))
        library.refresh()
    session.inference.say(listed(row("a"), row("b"), complete=False))
    session.inference.say(
        r.RunDeleted("/runs/a"),
        r.RunListed("/runs/b", row("b", title="Mine")),
        r.RunImported("/z.zip", row("z")),
        listed(row("c"), complete=False),
    )
    assert "/runs/c" in library.rows  # it goes on growing
    session.inference.say(listed())
    assert {key: one.title for key, one in library.rows.items()} == {"/runs/b": "Mine", "/runs/c": "", "/runs/z": ""}
    assert library.deleted.name == "a"
    library.refresh()
    session.inference.say(listed(row("b", title="Theirs")))
    assert [one.title for one in library.rows.values()] == ["Theirs"]


def test_a_run_that_is_brought_back_while_the_list_is_read_is_there(library, session):
    library.refresh()
    session.inference.say(r.RunDeleted("/runs/a"), r.RunListed("/runs/a", row("a")), listed(row("b")))
    assert library.rows.keys() == {"/runs/a", "/runs/b"}


def test_what_is_known_or_asked_for_is_not_asked_again(library, session):
    for _ in range(2):
        library.read("/runs/a")
    session.inference.say(read("a"))
    library.read("/runs/a")
    library.read("/runs/unknown")
    assert session.inference.sent == [r.ReadRun("/runs/a")]
    library.forget("/runs/a")
    library.read("/runs/a")
    assert session.inference.count(r.ReadRun) == 2


def test_comparing_reads_a_run_and_keeps_the_order(library, session):
    for key in ("/runs/b", "/runs/a"):
        library.compare(key, True)
    assert library.compared == ["/runs/b", "/runs/a"]
    assert session.inference.count(r.ReadRun) == 2
    library.compare("/runs/b", False)
    assert library.compared == ["/runs/a"]


def test_no_more_are_compared_than_can_be_told_apart(library, qtbot):
    library.rows |= {f"/runs/{i}": row(str(i)) for i in range(9)}
    for i in range(MOST_COMPARED):
        library.compare(f"/runs/{i}", True)
    with qtbot.waitSignal(library.refused):
        library.compare("/runs/8", True)
    assert len(library.compared) == MOST_COMPARED


def test_a_deleted_run_leaves_the_comparison_and_undo_brings_it_back(library, session):
    library.compare("/runs/b", True)
    library.delete("/runs/b")
    session.inference.say(r.RunDeleted("/runs/b"))
    assert ("/runs/b" in library.rows, library.compared, library.deleted.name) == (False, [], "b")
    library.undo()
    assert session.inference.last(r.RestoreRun) == r.RestoreRun("/runs/b")
    session.inference.say(r.RunListed("/runs/b", row("b")))
    assert library.deleted is None
    assert "/runs/b" in library.rows


def test_a_run_that_vanished_from_the_disk_is_no_longer_compared(library, session):
    library.compare("/runs/b", True)
    library.refresh()
    session.inference.say(listed(row("a")))
    assert library.compared == []


def test_names_and_notes_are_answered_by_the_row(library, session):
    library.rename("/runs/a", "Mine")
    library.note("/runs/a", "Well.")
    assert session.inference.sent == [r.DescribeRun("/runs/a", title="Mine"), r.DescribeRun("/runs/a", note="Well.")]
    session.inference.say(r.RunListed("/runs/a", row("a", title="Mine")))
    assert library.name("/runs/a") == "Mine"


def test_a_refusal_is_told_there_and_not_on_the_draw_page(library, session, qtbot):
    noticed = []
    session.noticed.connect(noticed.append)
    library.read("/runs/a")
    with qtbot.waitSignal(library.refused) as caught:
        session.inference.say(m.Failed("ReadRun", "It is broken.", "Mend it.", "/runs/a"))
    assert caught.args == ["It is broken.", "Mend it."]
    assert noticed == []
    library.read("/runs/a")
    assert session.inference.count(r.ReadRun) == 2


def test_a_worker_that_dies_leaves_nothing_on_its_way(library, session):
    library.refresh()
    library.read("/runs/a")
    session.inference.say(m.Crashed("ListRuns", "Traceback"))
    assert not library.loading
    library.read("/runs/a")
    assert session.inference.count(r.ReadRun) == 2
