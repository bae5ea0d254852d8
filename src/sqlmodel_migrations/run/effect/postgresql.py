"""PostgreSQL: all but a few statements are undone with their transaction, and those refuse one.

CREATE INDEX CONCURRENTLY and its kin leave an invalid index where they are interrupted. A killed
client's statement goes on until it has ended, and the lock of the migrations does not: so the
server's process is written down, and waited for.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from sqlmodel_migrations.database import driver, failures, quoting, target
from sqlmodel_migrations.database.statement import Name, Reader, Statement
from sqlmodel_migrations.run.effect.base import Before, Kind, Verdict, is_autocommit
from sqlmodel_migrations.run.effect.other import BEGIN, ends_transaction, refusal, restore

__all__ = [
    "BEGIN",
    "adds_value",
    "apart",
    "clear",
    "ends_transaction",
    "is_lasting_doubt",
    "is_untouched",
    "kind",
    "look",
    "must_be_alone",
    "refusal",
    "restore",
    "running",
    "verdict",
    "wants_values_committed",
]

log = logging.getLogger("alembic.runtime.migration")

# errcodes.txt: active_sql_transaction, unsafe_new_enum_value_usage.
_ACTIVE_TRANSACTION, _UNSAFE_VALUE = "25001", "55P04"

_SESSION = frozenset(["RESET", "LISTEN", "UNLISTEN", "LOAD", "PREPARE", "DEALLOCATE", "DISCARD"])
# SET with one of these lasts as long as its transaction.
_LOCAL = ("LOCAL", "CONSTRAINTS", "TRANSACTION")
# Functions whose effect is the session's.
_SESSION_FUNCTIONS = ("set_config", "pg_advisory_lock", "pg_try_advisory_lock")
# These come to the same however often they are run.
_REPEATABLE = ("VACUUM", "REINDEX", "CLUSTER", "ANALYZE", "DISCARD", "CHECKPOINT")
_PLACES = ("DATABASE", "TABLESPACE")


def kind(statement: Statement) -> Kind:
    """Know what refuses a transaction (PreventInTransactionBlock in utility.c and elsewhere)."""
    reader = Reader(statement)
    if _is_alone(reader):
        return Kind.ALONE
    if statement.verb == "SET":
        reader.take("SET")
        return Kind.PLAIN if reader.take_any(*_LOCAL) else Kind.SESSION
    if statement.verb == "SELECT":
        return Kind.SESSION if _has_session_function(statement) else Kind.PLAIN
    is_session = statement.verb in _SESSION or target.temporary(statement) is not None
    return Kind.SESSION if is_session else Kind.PLAIN


def look(connection: Connection, statements: Sequence[Statement]) -> Before:
    """Return the session, and what is there of indexes, databases, partitions and enums."""
    session = text(
        "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()"
    )
    pid, started = connection.execute(session).one()
    found: dict[str, Any] = {"pid": pid, "started": started}
    for statement in statements:
        found.update(_seen(connection, statement))
    return found


def verdict(connection: Connection, statements: Sequence[Statement], before: Before) -> Verdict:
    """Compare with what stood there before; the session has ended."""
    if len(statements) > 1:
        return Verdict.DOUBT
    statement = statements[0]
    if statement.verb in _REPEATABLE or Reader(statement).take("ALTER", "SYSTEM"):
        return Verdict.NOT_DONE
    now = _seen(connection, statement)
    if not now:
        return Verdict.DOUBT
    if "indexes" in now:
        left = {f"{schema}.{name}" for schema, name, _ in _invalid(connection, statement)}
        return _of_index(before.get("indexes", {}), now["indexes"], left)
    is_done = any(now[key] != before.get(key) for key in now)
    return Verdict.DONE if is_done else Verdict.NOT_DONE


def _of_index(
    before: Mapping[str, bool], now: Mapping[str, bool], left: Collection[str]
) -> Verdict:
    """Say what became of a new index: one that is neither valid nor `left` is being made."""
    new = [is_valid for name, is_valid in now.items() if name not in before and name not in left]
    if not new:
        return Verdict.NOT_DONE
    return Verdict.DONE if all(new) else Verdict.DOUBT


def is_untouched(connection: Connection, statements: Sequence[Statement], before: Before) -> bool:
    """Look again: an index that could not be made may be left, and is not valid."""
    now = _seen(connection, statements[0])
    return all(now[key] == before.get(key) for key in now) and _is_judged(statements)


def is_lasting_doubt(
    connection: Connection, statements: Sequence[Statement], before: Before
) -> bool:
    """Whether a statement is of a kind that is not known here."""
    return not _is_judged(statements)


def _is_judged(statements: Sequence[Statement]) -> bool:
    return len(statements) == 1 and (kind(statements[0]) is Kind.ALONE or adds_value(statements[0]))


def running(connection: Connection, before: Before) -> str | None:
    """Ask for the server's process that an interrupted statement was sent to."""
    query = text(
        "SELECT 1 FROM pg_stat_activity WHERE pid = :pid AND pid <> pg_backend_pid()"
        " AND coalesce(backend_start::text, :started) = :started"
        " AND coalesce(state, 'active') = 'active'"
    )
    parameters = {"pid": before.get("pid"), "started": before.get("started")}
    found = connection.execute(query, parameters).first()
    return None if found is None else f"pid {before['pid']} of the server"


def clear(connection: Connection, statements: Sequence[Statement], before: Before | None) -> None:
    """Drop invalid indexes that an attempt left, and end a DETACH that waits for its end.

    Without `before` an invalid index goes only if it has the very name of the one to make.
    """
    for statement in statements:
        for schema, name, table in _invalid(connection, statement):
            if _is_left(statement, f"{schema}.{name}", before, name):
                _drop_index(connection, schema, name, table)
        detached = _detached(statement)
        if detached is not None and _attachment(connection, *detached) == "pending":
            parent, child = (_quoted(connection, one) for one in detached)
            _run(connection, f"ALTER TABLE {parent} DETACH PARTITION {child} FINALIZE")


@contextlib.contextmanager
def apart(connection: Connection) -> Iterator[None]:
    """Commit, and put the driver in autocommit; SQLAlchemy's transaction goes on above it."""
    if is_autocommit(connection):
        yield
        return
    driver.commit(connection)
    raw = connection.connection.dbapi_connection
    dialect = connection.dialect
    assert raw is not None
    level: Any = connection.get_execution_options().get(
        "isolation_level", dialect.default_isolation_level
    )
    dialect.set_isolation_level(raw, "AUTOCOMMIT")
    try:
        yield
    except BaseException:
        with contextlib.suppress(Exception):  # the first error is what matters
            dialect.set_isolation_level(raw, level)
        raise
    dialect.set_isolation_level(raw, level)


def must_be_alone(error: Exception) -> bool:
    """Whether a statement `cannot run inside a transaction block`."""
    return failures.sqlstate(error) == _ACTIVE_TRANSACTION


def wants_values_committed(error: Exception) -> bool:
    """Whether `new enum values must be committed before they can be used`."""
    return failures.sqlstate(error) == _UNSAFE_VALUE


def adds_value(statement: Statement) -> bool:
    """Know ALTER TYPE … ADD VALUE."""
    return _enum(statement) is not None


# -- reading the statement ---------------------------------------------------------------------


def _is_alone(reader: Reader) -> bool:
    verb = reader.take_any("CREATE", "DROP", "ALTER", "REINDEX", "VACUUM", "CLUSTER")
    if verb in ("CREATE", "DROP"):
        reader.take("UNIQUE")
        return reader.take("INDEX", "CONCURRENTLY") or reader.take_any(*_PLACES) is not None
    if verb == "ALTER":
        return _is_alone_alter(reader)
    if verb == "REINDEX":
        whole = reader.take_any("SCHEMA", "DATABASE", "SYSTEM")
        return whole is not None or reader.statement.has("CONCURRENTLY")
    if verb == "CLUSTER":
        return reader.next is None
    return verb == "VACUUM"


def _is_alone_alter(reader: Reader) -> bool:
    if reader.take("SYSTEM"):
        return True
    if reader.take("DATABASE"):
        return reader.statement.has("SET", "TABLESPACE")
    detached = _detached(reader.statement)
    return detached is not None and reader.statement.has("CONCURRENTLY")


def _has_session_function(statement: Statement) -> bool:
    small = statement.text.lower()
    return any(name in small for name in _SESSION_FUNCTIONS)


def _index(statement: Statement) -> tuple[Name | None, Name] | None:
    """The name, if one is given, and the table of `CREATE INDEX CONCURRENTLY`."""
    reader = Reader(statement)
    if not reader.take("CREATE"):
        return None
    reader.take("UNIQUE")
    if not reader.take("INDEX", "CONCURRENTLY"):
        return None
    reader.take("IF", "NOT", "EXISTS")
    name = None if reader.take("ON") else reader.name()
    if name is not None and not reader.take("ON"):
        return None
    reader.take("ONLY")
    table = reader.name()
    return None if table is None else (name, table)


def _dropped(statement: Statement) -> Name | None:
    """The index of `DROP INDEX CONCURRENTLY`."""
    reader = Reader(statement)
    if not reader.take("DROP", "INDEX", "CONCURRENTLY"):
        return None
    reader.take("IF", "EXISTS")
    return reader.name()


def _place(statement: Statement) -> tuple[str, str] | None:
    """The kind and the name of a database or tablespace that is made or dropped."""
    reader = Reader(statement)
    if not reader.take_any("CREATE", "DROP"):
        return None
    found = reader.take_any(*_PLACES)
    reader.take("IF", "EXISTS")
    name = reader.name() if found else None
    return (found, name.name) if found and name else None


def _detached(statement: Statement) -> tuple[Name, Name] | None:
    """The parent and the partition of `ALTER TABLE … DETACH PARTITION …`."""
    reader = Reader(statement)
    if not reader.take("ALTER", "TABLE"):
        return None
    reader.take("IF", "EXISTS")
    reader.take("ONLY")
    parent = reader.name()
    if parent is None or not reader.take("DETACH", "PARTITION"):
        return None
    child = reader.name()
    return None if child is None else (parent, child)


def _enum(statement: Statement) -> Name | None:
    """The type of `ALTER TYPE … ADD VALUE`."""
    reader = Reader(statement)
    name = reader.name() if reader.take("ALTER", "TYPE") else None
    return name if name is not None and reader.take("ADD", "VALUE") else None


def _is_left(statement: Statement, key: str, before: Before | None, name: str) -> bool:
    """Whether an invalid index is what an attempt at `statement` left behind."""
    if before is not None:
        return key not in before.get("indexes", {})
    made = _index(statement)
    return made is not None and made[0] is not None and made[0].name == name


# -- reading the database ----------------------------------------------------------------------


def _seen(connection: Connection, statement: Statement) -> dict[str, Any]:
    """What a statement will change, as it is now; empty for a kind that is not known."""
    if (made := _index(statement)) is not None:
        return {"indexes": _indexes(connection, made[1])}
    if (index := _dropped(statement)) is not None:
        return {"index": _exists(connection, index)}
    if (place := _place(statement)) is not None:
        return {"place": _is_place(connection, *place)}
    if (detached := _detached(statement)) is not None:
        return {"partition": _attachment(connection, *detached)}
    if (enum := _enum(statement)) is not None:
        return {"labels": _labels(connection, enum)}
    if statement.verb == "REINDEX":
        return {"indexes": _indexes(connection, None)}
    return {}


def _quoted(connection: Connection, name: Name) -> str:
    quote = connection.dialect.identifier_preparer.quote_identifier
    parts = (quote(part).replace("%%", "%") for part in (name.schema, name.name) if part)
    return ".".join(parts)


def _run(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(quoting.for_driver(statement, connection.dialect))


def _indexes(connection: Connection, table: Name | None) -> dict[str, bool]:
    """The indexes of a table, or of all, by schema and name, and whether they are valid."""
    query = text(
        "SELECT n.nspname || '.' || c.relname, i.indisvalid FROM pg_index i"
        " JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE (CAST(:name AS text) IS NULL OR i.indrelid = to_regclass(CAST(:name AS text)))"
        " AND n.nspname NOT IN ('pg_catalog', 'pg_toast') ORDER BY 1"
    )
    name = None if table is None else _quoted(connection, table)
    return {str(row[0]): bool(row[1]) for row in connection.execute(query, {"name": name})}


def _invalid(connection: Connection, statement: Statement) -> list[tuple[str, str, str]]:
    """Schema, name and table of the invalid indexes that a statement may have left.

    The one of a partitioned table is invalid until each partition has its own; it is left alone.
    """
    made = _index(statement)
    if made is None and statement.verb != "REINDEX":
        return []
    query = text(
        "SELECT n.nspname, c.relname, i.indrelid::regclass::text FROM pg_index i"
        " JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE NOT i.indisvalid AND c.relkind = 'i'"
        " AND (CAST(:name AS text) IS NULL OR i.indrelid = to_regclass(CAST(:name AS text)))"
        " AND NOT EXISTS (SELECT 1 FROM pg_stat_progress_create_index p"
        " WHERE p.index_relid = i.indexrelid)"
    )
    name = None if made is None else _quoted(connection, made[1])
    rows = connection.execute(query, {"name": name})
    return [(str(schema), str(index), str(table)) for schema, index, table in rows]


def _drop_index(connection: Connection, schema: str, name: str, table: str) -> None:
    log.info("Dropping index %s of %s, which an interrupted statement left invalid", name, table)
    _run(connection, f"DROP INDEX CONCURRENTLY {_quoted(connection, Name(schema, name))}")


def _exists(connection: Connection, name: Name) -> bool:
    query = text("SELECT to_regclass(CAST(:name AS text)) IS NOT NULL")
    return bool(connection.execute(query, {"name": _quoted(connection, name)}).scalar_one())


def _is_place(connection: Connection, what: str, name: str) -> bool:
    table, column = {"DATABASE": ("pg_database", "datname")}.get(what, ("pg_tablespace", "spcname"))
    query = text(f"SELECT 1 FROM {table} WHERE {column} = :name")
    return connection.execute(query, {"name": name}).first() is not None


def _attachment(connection: Connection, parent: Name, child: Name) -> str:
    """Whether a partition is attached, detached or, interrupted between the two, pending."""
    query = text(
        "SELECT inhdetachpending FROM pg_inherits WHERE inhparent = to_regclass(CAST(:parent AS"
        " text)) AND inhrelid = to_regclass(CAST(:child AS text))"
    )
    names = {"parent": _quoted(connection, parent), "child": _quoted(connection, child)}
    row = connection.execute(query, names).first()
    return "detached" if row is None else "pending" if row[0] else "attached"


def _labels(connection: Connection, name: Name) -> list[str]:
    query = text(
        "SELECT enumlabel FROM pg_enum WHERE enumtypid = to_regtype(CAST(:name AS text))"
        " ORDER BY enumsortorder"
    )
    return list(connection.execute(query, {"name": _quoted(connection, name)}).scalars())
