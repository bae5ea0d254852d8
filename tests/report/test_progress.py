"""Events, seen on a terminal, in a log and by programs."""

from __future__ import annotations

import io
import json
import math
from contextlib import closing
from dataclasses import fields
from typing import get_args

import pytest
from rich.console import Console

from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.events import (
    BackupMade,
    BackupRestored,
    Blocked,
    Blocker,
    Event,
    Locked,
    MoveFinished,
    MoveStarted,
    Retrying,
    RevisionFinished,
    RevisionStarted,
    ServerAwaited,
    StatementFinished,
    StatementStarted,
    StopRequested,
    Waiting,
)
from sqlmodel_migrations.report.progress import json_lines, words
from sqlmodel_migrations.report.progress.json_lines import JsonLinesProgress
from sqlmodel_migrations.report.progress.line_stream import LineStream
from sqlmodel_migrations.report.progress.lines import LinesProgress
from sqlmodel_migrations.report.progress.picture import Picture
from sqlmodel_migrations.report.report import Failure, Report

BLOCKER = Blocker(4711, 63.0, "idle in transaction", "UPDATE hero\n  SET name = 'x'")
BLOCKED = Blocked("b2", "ALTER TABLE hero …", 12.0, (BLOCKER,))
WAITING = Waiting("pid 4242 on host-1", 3.0, 60.0)
SECOND = RevisionStarted("b2", "fill in the ages", 2, 3, "upgrade")
UPDATE = StatementStarted("b2", 1, "UPDATE hero\n  SET age = 3")


def test_a_blocker_that_does_nothing_now() -> None:
    assert str(Blocker(7, 3.2, "sleep", "")) == "pid 7, sleep, for 3 s"


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (ServerAwaited("refused", 2.0, 30.0), "waiting for the server, 2.0 s of 30 s: refused"),
        (
            WAITING,
            "waiting for the migration lock, 3.0 s of 1 min 0 s: it is held by pid 4242 on host-1",
        ),
        (
            Waiting(None, 3.0, math.inf),
            "waiting for the migration lock, 3.0 s: it is held by another run",
        ),
        (
            BLOCKED,
            "waiting for a lock, 12 s: it is held by pid 4711, idle in transaction, for 63 s:"
            " UPDATE hero SET name = 'x'",
        ),
        (
            Retrying("b2", "lock timeout", 1, 11, 0.5),
            "revision b2 was rolled back: lock timeout; again in 0.5 s, attempt 2 of 11",
        ),
        (
            RevisionStarted("b2", "x", 1, 1, "upgrade", resumed=True),
            "revision b2 goes on where it was interrupted",
        ),
        (BackupMade("a.db.backup"), "the database was copied to a.db.backup"),
        (
            BackupRestored("a.db.backup"),
            "the copy a.db.backup was put back: the database is as it was before",
        ),
        (
            StopRequested("Ctrl-C"),
            "Ctrl-C: stopping after the statement that runs; once more stops now",
        ),
        (SECOND, None),
        (UPDATE, None),
        (MoveStarted(("b2",), "upgrade"), None),
        (MoveFinished(("b2",), 0.5), None),
    ],
)
def test_what_is_said(event: Event, sentence: str | None) -> None:
    assert words.sentence(event) == sentence


# In a log.


class Clock:
    """Seconds that pass when somebody says so."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_who_is_waited_for_is_repeated_now_and_then() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = LinesProgress(stream, now=clock)
    for _ in range(25):
        progress.tell(BLOCKED)
        clock.seconds += 1
    assert stream.getvalue().count("waiting for a lock") == 3


def test_somebody_else_is_news() -> None:
    stream = io.StringIO()
    progress = LinesProgress(stream, now=Clock())
    for holder in ("one", "one", "two", "one"):
        progress.tell(Waiting(holder, 1.0, 60.0))
    assert [line[-3:] for line in stream.getvalue().splitlines()] == ["one", "two", "one"]


def test_other_lines_are_written_at_once() -> None:
    stream = io.StringIO()
    with closing(LinesProgress(stream, now=Clock())) as progress:
        for event in (BackupMade("a"), SECOND, UPDATE, BackupMade("a")):
            progress.tell(event)
    assert stream.getvalue() == "the database was copied to a\n" * 2


# For programs.


def told(*events: Event) -> list[dict[str, object]]:
    stream = io.StringIO()
    with closing(JsonLinesProgress(stream, "alembic")) as progress:
        for event in events:
            progress.tell(event)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_an_object_with_its_fields() -> None:
    (line,) = told(BLOCKED)
    assert str(line.pop("time")).endswith("+00:00")
    assert line == {
        "event": "blocked",
        "database": "alembic",
        "revision": "b2",
        "statement": "ALTER TABLE hero …",
        "elapsed": 12.0,
        "blockers": [
            {
                "pid": 4711,
                "age": 63.0,
                "state": "idle in transaction",
                "query": "UPDATE hero\n  SET name = 'x'",
            }
        ],
    }


def test_no_field_has_the_name_of_what_is_in_every_line() -> None:
    for kind in get_args(Event):
        assert not {field.name for field in fields(kind)} & {"event", "time", "database"}


def test_a_duration_without_an_end_is_null() -> None:
    assert told(Waiting(None, 0.1, math.inf))[0]["timeout"] is None


@pytest.mark.parametrize(
    ("kind", "name"),
    [(RevisionStarted, "revision_started"), (Locked, "locked"), (StopRequested, "stop_requested")],
)
def test_names(kind: type[Event], name: str) -> None:
    assert json_lines.name(kind) == name


def test_what_others_write_is_a_line_too() -> None:
    stream = io.StringIO()
    progress = JsonLinesProgress(stream, "alembic")
    with closing(progress):
        print("chat", end="", file=progress.stream)
        print("ter\nmore", end="", file=progress.stream)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["event"], line["text"]) for line in lines] == [
        ("log", "chatter"),
        ("log", "more"),
    ]


def test_the_last_line_says_how_it_ended() -> None:
    stream = io.StringIO()
    failure = Failure("it fails", ExitCode.REVISION_FAILED, "try", (), {"failed": "b2"})
    report = Report("upgrade", None, exit_code=failure.exit_code, failure=failure)
    progress = JsonLinesProgress(stream, "analytics")
    progress.end(report)
    progress.end(Report("upgrade", {}, notes=("database is at b2",)))
    failed, done = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (failed["event"], failed["database"], failed["exit_code"]) == ("ended", "analytics", 5)
    assert failed["error"]["failed"] == "b2"
    assert (done["exit_code"], done["notes"]) == (0, ["database is at b2"])
    assert "error" not in done


def test_a_stream_of_lines() -> None:
    lines: list[str] = []
    stream = LineStream(lines.append)
    stream.write("a\nb")
    assert lines == ["a"]
    stream.flush()
    stream.flush()
    assert lines == ["a", "b"]


# On a terminal.


def seen(picture: Picture) -> list[str]:
    """The lines of the picture as it is now, without the spinner."""
    stream = io.StringIO()
    Console(file=stream, width=60, color_system=None).print(picture.draw())
    return [line[2:].rstrip() for line in stream.getvalue().splitlines()]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def picture(clock: Clock) -> Picture:
    return Picture(clock, is_unicode=False)


def test_step_elapsed_and_rows(picture: Picture, clock: Clock) -> None:
    picture.change(MoveStarted(("a1", "b2", "c3"), "upgrade"))
    picture.change(RevisionStarted("a1", "", 1, 3, "upgrade"))
    picture.change(RevisionFinished("a1", 1, 3, 0.2))
    picture.change(SECOND)
    for rows in (30_000, None, 20_000):
        picture.change(UPDATE)
        picture.change(StatementFinished("b2", 1, 0.1, rows))
    picture.change(UPDATE)
    clock.seconds += 12
    first, second, whole = seen(picture)
    assert first == "2/3  b2  fill in the ages  50,000 rows  12 s"
    assert second == "UPDATE hero SET age = 3"
    assert whole.endswith("1 of 3 12 s")


def test_what_is_done_stays_as_a_line(picture: Picture, clock: Clock) -> None:
    picture.change(MoveStarted(("a1", "b2", "c3"), "upgrade"))
    assert picture.change(SECOND) is None
    picture.change(StatementFinished("b2", 1, 0.1, 1))
    clock.seconds += 5
    line = picture.change(RevisionFinished("b2", 2, 3, 0.3))
    assert str(line) == "  2/3  b2  fill in the ages  1 row  0.3 s"


def test_who_is_waited_for(picture: Picture) -> None:
    picture.change(MoveStarted(("b2",), "upgrade"))
    picture.change(SECOND)
    picture.change(StatementStarted("b2", 1, "ALTER TABLE hero ADD age INTEGER" * 3))
    picture.change(BLOCKED)
    _, statement, *waiting = seen(picture)
    assert len(statement) == 58
    assert " ".join(waiting) == words.sentence(BLOCKED)
    picture.change(StatementFinished("b2", 1, 12.0))
    assert len(seen(picture)) == 1


def test_it_is_there_only_while_something_moves(picture: Picture) -> None:
    assert not picture.is_moving
    picture.change(WAITING)
    assert picture.is_moving
    assert "held by pid 4242" in " ".join(seen(picture))
    picture.change(Locked(3.0))
    assert not picture.is_moving
    picture.change(MoveStarted((), "stamp"))
    assert not picture.is_moving
    picture.change(MoveStarted(("a1",), "upgrade"))
    assert picture.is_moving
    picture.change(MoveFinished(("a1",), 0.2))
    assert not picture.is_moving


def test_a_second_attempt_begins_anew(picture: Picture) -> None:
    picture.change(MoveStarted(("a1", "b2", "c3"), "upgrade"))
    picture.change(SECOND)
    picture.change(StatementFinished("b2", 1, 0.1, 5))
    line = picture.change(Retrying("b2", "deadlock", 1, 11, 0.5))
    assert "deadlock" in str(line)
    picture.change(SECOND)
    assert "rows" not in seen(picture)[0]
