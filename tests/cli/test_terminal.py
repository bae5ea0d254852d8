"""A migration on a terminal: what runs is drawn, what is done stays, log lines are not needed."""

from __future__ import annotations

import re
from contextlib import closing

import pytest

import terminal
from databases import Database
from heroes import add_revision
from project import Project
from terminal import ended, plain, started

pytestmark = terminal.needs_terminal

SLOW = "import time; print('chatter'); op.execute('SELECT 1'); time.sleep(0.5)"
DONE = "database is at c3 (head)\n"


@pytest.fixture
def three(two: Project) -> Project:
    """With a third revision that takes its time."""
    add_revision(two, "c3", "b2", "take a while", upgrade=SLOW)
    return two


def test_what_is_done_stays_and_what_runs_is_drawn(three: Project) -> None:
    child = started("upgrade")
    child.expect("2 of 3")
    seen = plain(child.before)
    assert "3/3  c3  take a while" in seen
    assert "SELECT 1" not in seen
    code, rest = ended(child)
    seen += plain(rest)
    assert code == 0
    assert "INFO" not in seen
    done = re.findall(r"✓ (\S+  \S+  .*?)  [\d.]+ s", seen)
    assert done == ["1/3  a1  add heroes", "2/3  b2  do nothing", "3/3  c3  take a while"]
    assert "chatter\n" in seen
    assert seen.endswith(DONE)


def test_nothing_is_coloured_where_nobody_wants_it(three: Project) -> None:
    colour = re.compile(r"\x1b\[[0-9;]*m")
    _, with_colour = ended(started("upgrade", "b2", NO_COLOR=None))
    assert "\x1b[36m" in with_colour
    _, without = ended(started("upgrade"))
    assert not colour.search(without)
    assert "c3" in without


@pytest.mark.parametrize("how", ["CI", "-q", "--json"])
def test_nothing_is_drawn_where_nobody_watches(three: Project, how: str) -> None:
    child = started("upgrade", CI="1") if how == "CI" else started("upgrade", how)
    code, text = ended(child)
    assert code == 0
    assert "\x1b" not in text
    assert ("Running upgrade b2 -> c3" in text) == (how != "-q")


def test_control_c_is_answered(three: Project, file: Database) -> None:
    add_revision(three, "d4", "c3", "longer", upgrade=f"{SLOW}; op.execute('SELECT 2')")
    child = started("upgrade")
    child.expect("4/4  d4")
    child.sendintr()
    child.expect("Ctrl-C: stopping after the statement that runs; once more stops now")
    code, text = ended(child)
    assert code == 130
    assert plain(text).endswith(
        "error: interrupted\n  applied before it: a1, b2, c3\n  not applied: d4\n"
        "hint: type the command again: it goes on where this one stopped\n"
    )
    assert file.query("SELECT * FROM alembic_version") == [("c3",)]


def test_who_is_waited_for_is_named(two: Project, postgresql: Database) -> None:
    add_revision(two, "c3", "b2", "add ages", upgrade="op.execute('ALTER TABLE hero ADD age INT')")
    env = {"DATABASE_URL": postgresql.url}
    assert two.cli("upgrade", "b2", env=env).code == 0
    with closing(postgresql.connect()) as holder:
        holder.cursor().execute("LOCK TABLE hero IN ACCESS SHARE MODE")
        child = started("upgrade", **env)
        child.expect(r"waiting for a lock, [\d.]+ s: it is held by pid \d+, idle in transaction")
        assert "ALTER TABLE hero ADD age INT" in plain(child.before)
        holder.commit()
        code, text = ended(child)
    assert code == 0
    assert plain(text).endswith(DONE)
