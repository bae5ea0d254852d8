"""What an SQLite database says of a table, and a rebuild carried out on a connection."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError, IntegrityError

from sqlmodel_migrations.database.sqlite_table import NOT_NULL, parse
from sqlmodel_migrations.database.sqlite_token import fold, literal, quote, same, significant
from sqlmodel_migrations.errors import ChangeRefused
from sqlmodel_migrations.run.sqlite.rebuild import PREFIX, Rebuild, Stored


def read(connection: Connection, table: str, schema: str | None = None) -> Stored:
    """Return the table with its indexes and triggers; raises `ChangeRefused` for what is none."""
    where = schema or "main"
    rows = _objects(connection, where, table)
    found = next((row for row in rows if row[0] == "table"), None)
    if found is None:
        raise ChangeRefused(f"the change is not made: there is no table '{table}' in this database")
    _refuse_special(connection, where, found[1])
    return Stored(
        name=found[1],
        sql=found[2],
        schema=where,
        indexes=tuple(text for kind, _, text in rows if kind == "index" and text),
        triggers=tuple(text for kind, _, text in rows if kind == "trigger"),
        sequence=_sequence(connection, where, found[1]),
    )


def _objects(connection: Connection, where: str, table: str) -> list[Any]:
    query = f"SELECT type, name, sql, tbl_name FROM {quote(where)}.sqlite_master ORDER BY rowid"
    rows = connection.exec_driver_sql(query).all()
    return [tuple(row[:3]) for row in rows if row[0] != "view" and fold(row[3]) == fold(table)]


def _refuse_special(connection: Connection, where: str, table: str) -> None:
    """Refuse the tables behind a virtual one, whose form is its module's affair (SQLite 3.37)."""
    rows = connection.exec_driver_sql(f"PRAGMA {quote(where)}.table_list({quote(table)})").all()
    if any(row[0] == where and row[2] == "shadow" for row in rows):
        raise ChangeRefused(
            f"the change is not made: '{table}' belongs to a virtual table,"
            " which SQLite cannot alter",
            hint="drop the virtual table and create it again with op.execute()",
        )


def _sequence(connection: Connection, where: str, table: str) -> int | None:
    master = f"{quote(where)}.sqlite_master"
    query = f"SELECT 1 FROM {master} WHERE name = 'sqlite_sequence'"
    if connection.exec_driver_sql(query).first() is None:
        return None
    query = f"SELECT seq FROM {quote(where)}.sqlite_sequence WHERE name = {literal(table)}"
    value: int | None = connection.exec_driver_sql(query).scalar()
    return value


def users(connection: Connection, stored: Stored, column: str) -> tuple[str, ...]:
    """Return the names of other tables, triggers and views that may use the table's column."""
    query = f"SELECT type, name, sql FROM {quote(stored.schema)}.sqlite_master WHERE sql <> ''"
    rows = connection.exec_driver_sql(query).all()
    return tuple(
        name
        for kind, name, sql in rows
        if (kind == "table" and fold(name) != fold(stored.name) and _refers(sql, stored, column))
        or (kind in ("trigger", "view") and _speaks_of(sql, stored, column))
    )


def _refers(sql: str, stored: Stored, column: str) -> bool:
    """Whether a foreign key of another table refers to the column."""
    if not sql.startswith("CREATE TABLE"):
        return False
    return any(
        same(clause.parent.name, stored.name) and any(same(t.name, column) for t in parents)
        for clause in parse(sql).clauses
        if clause.parent is not None and (parents := clause.parent_tokens)
    )


def _speaks_of(sql: str, stored: Stored, column: str) -> bool:
    names = {fold(token.name) for token in significant(sql)}
    return {fold(stored.name), fold(column)} <= names


@contextlib.contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Undo all that is done inside when it fails; without a transaction, this is one."""
    connection.exec_driver_sql("SAVEPOINT _sqlmodel_change")
    try:
        yield
    except BaseException:
        # A full disk has ended the whole transaction already.
        with contextlib.suppress(DatabaseError):
            connection.exec_driver_sql("ROLLBACK TO _sqlmodel_change")
            connection.exec_driver_sql("RELEASE _sqlmodel_change")
        raise
    connection.exec_driver_sql("RELEASE _sqlmodel_change")


@contextlib.contextmanager
def legacy_alter_table(connection: Connection, wanted: bool) -> Iterator[None]:
    """Set the pragma for a while; it works inside a transaction, and is no part of it."""
    before = connection.exec_driver_sql("PRAGMA legacy_alter_table").scalar()
    connection.exec_driver_sql(f"PRAGMA legacy_alter_table={'ON' if wanted else 'OFF'}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA legacy_alter_table={'ON' if before else 'OFF'}")


def fault(connection: Connection, stored: Stored) -> str | None:
    """Return what SQLite finds wrong with the triggers and views of the database, or None.

    It reads them all when a table is renamed, so one is, and back again. That is nothing which a
    script did: it goes past SQLAlchemy, and whoever listens to statements does not hear of it.
    """
    table = f"{quote(stored.schema)}.{quote(stored.name)}"
    library = connection.dialect.loaded_dbapi
    with contextlib.closing(connection.connection.cursor()) as cursor:
        cursor.execute("PRAGMA legacy_alter_table")
        (before,) = cursor.fetchone() or (0,)
        cursor.execute("PRAGMA legacy_alter_table=OFF")
        cursor.execute("SAVEPOINT _sqlmodel_change")
        try:
            cursor.execute(f"ALTER TABLE {table} RENAME TO {quote(PREFIX + stored.name)}")
        except library.OperationalError as error:
            return str(error)
        finally:
            # A full disk has ended the whole transaction already.
            with contextlib.suppress(library.DatabaseError):
                cursor.execute("ROLLBACK TO _sqlmodel_change")
                cursor.execute("RELEASE _sqlmodel_change")
            cursor.execute(f"PRAGMA legacy_alter_table={'ON' if before else 'OFF'}")
    return None


def carry_out(connection: Connection, stored: Stored, plan: Rebuild) -> None:
    """Run a rebuild; raises `ChangeRefused` when a row or a value would be lost."""
    _refuse_foreign_keys(connection, stored)
    broken = fault(connection, stored)
    with legacy_alter_table(connection, False):
        connection.exec_driver_sql(plan.create)
        _copy(connection, stored, plan)
        _compare(connection, stored, plan)
        for statement in plan.swap:
            connection.exec_driver_sql(statement)
    if broken is None:
        _refuse_fault(connection, stored)


def _refuse_foreign_keys(connection: Connection, stored: Stored) -> None:
    """With foreign keys on, dropping the old table deletes the rows of its children."""
    if not connection.exec_driver_sql("PRAGMA foreign_keys").scalar():
        return
    query = (
        "SELECT m.name FROM sqlite_master AS m JOIN pragma_foreign_key_list(m.name) AS f"
        f" WHERE m.type = 'table' AND lower(f.\"table\") = {literal(fold(stored.name))}"
        f" AND m.name <> {literal(stored.name)}"
    )
    child = connection.exec_driver_sql(query).scalar()
    if child is not None:
        raise ChangeRefused(
            f"the change is not made: foreign keys are on, so rebuilding '{stored.name}' could"
            f" delete rows of '{child}'",
            hint="run PRAGMA foreign_keys=OFF before the transaction begins",
        )


def _copy(connection: Connection, stored: Stored, plan: Rebuild) -> None:
    try:
        connection.exec_driver_sql(plan.copy)
    except IntegrityError as error:
        text = str(error.orig).replace(PREFIX + stored.name, stored.name)
        raise ChangeRefused(
            f"the change is not made: the rows of '{stored.name}' do not fit: {text}",
            hint="repair or delete these rows before the change",
            details=tuple(_missing_values(connection, stored, plan)),
        ) from error


def _missing_values(connection: Connection, stored: Stored, plan: Rebuild) -> Iterator[str]:
    """Count the rows without a value that a NOT NULL of the new table asks for."""
    old = parse(stored.sql)
    for column in parse(plan.create).columns:
        if column.clause(NOT_NULL) is None or not old.has_column(column.name):
            continue
        table = f"{quote(stored.schema)}.{quote(stored.name)}"
        query = f"SELECT count(*) FROM {table} WHERE {quote(column.name)} IS NULL"
        count = connection.exec_driver_sql(query).scalar_one()
        if count:
            rows = "1 row has" if count == 1 else f"{count} rows have"
            yield f"{rows} no value in '{column.name}'"


def _compare(connection: Connection, stored: Stored, plan: Rebuild) -> None:
    before, after = (connection.exec_driver_sql(query).scalar_one() for query in plan.counts)
    if before != after:
        raise ChangeRefused(
            f"the change is not made: of {before} rows of '{stored.name}' only {after}"
            " would be left",
            hint="look for ON CONFLICT in its constraints, and repair the rows before the change",
        )
    for refusal in plan.refusals:
        count = connection.exec_driver_sql(refusal.query).scalar_one()
        if count:
            raise ChangeRefused(refusal.message.format(n=count), hint=refusal.hint)


def _refuse_fault(connection: Connection, stored: Stored) -> None:
    text = fault(connection, stored)
    if text is not None:
        raise ChangeRefused(
            f"the change is not made: a trigger or view needs what would go from '{stored.name}':"
            f" {text}",
            hint="drop it before the change, and create it anew afterwards",
        )
