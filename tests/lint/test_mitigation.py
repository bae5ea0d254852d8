"""Hazards of plain Alembic that our executor removes: notes that say by what."""

from __future__ import annotations

import pytest

from lint.conftest import History
from sqlmodel_migrations.diagnostics import Severity

on = pytest.mark.parametrize
CHILD = """
op.create_table(
    "pet",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("hero_id", sa.Integer, sa.ForeignKey("hero.id", ondelete="CASCADE"), nullable=False),
)
"""
WITH_FOREIGN_KEYS = """\
import sqlalchemy as sa
from sqlmodel_migrations import environment

def on_connect(connection, record):
    connection.execute("PRAGMA foreign_keys=ON")

sa.event.listen(sa.engine.Engine, "connect", on_connect)
try:
    environment.run()
finally:
    sa.event.remove(sa.engine.Engine, "connect", on_connect)
"""
BATCH = """
with op.batch_alter_table("hero") as batch_op:
    batch_op.alter_column("name", type_=sa.String(80))
"""


@on("database", ["sqlite"], indirect=True)
def test_a_rebuild_that_would_cascade(history: History) -> None:
    history.env(WITH_FOREIGN_KEYS)
    history.add("b2", CHILD)
    history.add("c3", BATCH)
    (found,) = [f for f in history.lint("b2:c3") if f.hazard == "cascade-loss"]
    assert found.severity is Severity.NOTE
    assert found.mitigated_by == "sqlmodel migrations upgrade"
    assert found.message.startswith("with plain Alembic: rows of 'pet' go away")


@on("database", ["sqlite"], indirect=True)
def test_a_rebuild_of_ours_does_what_its_script_says_and_no_more(history: History) -> None:
    history.add("b2", 'op.add_column("hero", sa.Column("size", sa.Integer, server_default="3"))')
    drop = """
    with op.batch_alter_table("hero") as batch_op:
        batch_op.alter_column("size", server_default=None)
        batch_op.drop_column("name")
    """
    history.add("c3", drop)
    found = [f for f in history.lint("a1:c3") if f.severity is Severity.ERROR]
    assert {f.hazard for f in found if f.rule == "drop-column"} == {
        "data-loss",
        "breaks-running-code",
    }
    assert {f.rule for f in found} <= {"drop-column", "drop-unnamed"}
    assert any("no such column: " in f.message for f in found), [f.message for f in found]


@on("database", ["mariadb"], indirect=True)
@on("runner", ["alembic", "sqlmodel"])
def test_the_journal_of_mariadb(history: History, runner: str) -> None:
    setting = f"[tool.sqlmodel.migrations.lint]\nrunner = {runner!r}\n"
    (history.folder / "pyproject.toml").write_text(setting)
    history.add(
        "b2",
        """
        op.add_column("hero", sa.Column("b", sa.Integer))
        op.add_column("hero", sa.Column("c", sa.Integer))
        """,
    )
    (found,) = [f for f in history.lint("a1:b2") if f.hazard == "partial-failure"]
    is_ours = runner == "sqlmodel"
    assert found.severity is (Severity.NOTE if is_ours else Severity.ERROR)
    assert (found.mitigated_by is not None) is is_ours
    assert found.message.startswith("with plain Alembic: " if is_ours else "if it fails, ")
