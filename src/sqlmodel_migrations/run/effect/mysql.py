"""MariaDB and MySQL: every statement but those on rows commits, before itself and after.

Whether one took effect is seen at what it made, changed or dropped: `SHOW CREATE …` of each
object that its text names, before and after. What changes no definition, TRUNCATE for one, gives
a table another number in InnoDB's dictionary, which takes the right PROCESS to read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations.database import failures, quoting, target
from sqlmodel_migrations.database.statement import Name, Reader, Statement, skip_definer
from sqlmodel_migrations.run.effect import other
from sqlmodel_migrations.run.effect.base import Before, Kind, Verdict
from sqlmodel_migrations.run.effect.base import committed as apart
from sqlmodel_migrations.run.effect.other import (
    adds_value,
    clear,
    must_be_alone,
    running,
    wants_values_committed,
)

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

BEGIN = "START TRANSACTION"

# https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/; what is not here commits.
_IN_TRANSACTION = frozenset(
    (
        *("SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "VALUES", "TABLE", "DO"),
        *("SHOW", "DESCRIBE", "DESC", "EXPLAIN", "HELP", "CHECKSUM", "KILL", "HANDLER"),
        *("SAVEPOINT", "RELEASE", "ROLLBACK"),
    )
)
_SESSION = frozenset(("SET", "USE", "PREPARE", "DEALLOCATE"))
# These come to the same however often they are run.
_REPEATABLE = ("GRANT", "FLUSH", "ANALYZE", "OPTIMIZE", "CHECK", "REPAIR", "CACHE", "UNLOCK")
# What no definition shows.
_HIDDEN = ("EXCHANGE", "TRUNCATE", "DISCARD", "IMPORT")
_KINDS = ("TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "DATABASE", "SCHEMA")

_LAST_ROW = "last row"
_AUTO_INCREMENT = re.compile(r" AUTO_INCREMENT=\d+")

# mysqld_error.h: ER_BAD_DB_ERROR, ER_UNKNOWN_TABLE, ER_NO_SUCH_TABLE, ER_SP_DOES_NOT_EXIST,
# ER_TRG_DOES_NOT_EXIST, ER_EVENT_DOES_NOT_EXIST; ER_SPECIFIC_ACCESS_DENIED_ERROR; ER_LOCK_DEADLOCK.
_ABSENT = frozenset((1049, 1109, 1146, 1305, 1360, 1539))
_DENIED = 1227
_DEADLOCK = 1213

Object = tuple[str, Name]
"""What a statement works on: its kind, as SHOW CREATE calls it, and its name."""


def kind(statement: Statement) -> Kind:
    """Know what commits; what is not known does."""
    if target.temporary(statement) is not None or _is(statement, "DROP", "TEMPORARY"):
        return Kind.SESSION
    reader = _reader(statement)
    first = reader.next
    verb = first.text.upper() if first is not None else ""
    if verb in _SESSION:
        return Kind.ALONE if reader.take("SET", "PASSWORD") else Kind.SESSION
    if verb == "SELECT" and _sets_variables(statement):
        return Kind.SESSION
    is_plain = verb in _IN_TRANSACTION or verb == "("
    is_plain = is_plain or reader.take("LOAD", "DATA") or reader.take("LOAD", "XML")
    is_plain = is_plain or (verb == "ANALYZE" and not statement.has("TABLE"))
    return Kind.PLAIN if is_plain else Kind.ALONE


def refusal(statement: Statement) -> str | None:
    """Refuse what begins or ends a transaction, and locks that shut the journal out."""
    reader = _reader(statement)
    if reader.take("LOCK") and reader.take_any("TABLE", "TABLES"):
        return "LOCK TABLES ends a transaction, and shuts out the tables that it does not name"
    if reader.take("SET") and "autocommit" in statement.names:
        return "SET autocommit begins and ends transactions"
    return other.refusal(statement)


def look(connection: Connection, statements: Sequence[Statement]) -> Before:
    """Return a hash of each object that is named, None for one that is not there.

    What LAST_INSERT_ID() returns is kept as well: drivers do not tell it after RETURNING.
    """
    last_row = connection.execute(text("SELECT LAST_INSERT_ID()")).scalar_one()
    return {_LAST_ROW: last_row, **_seen(connection, statements)}


def _seen(connection: Connection, statements: Sequence[Statement]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for statement in statements:
        for object_ in _objects(statement):
            found[_key(object_)] = _definition(connection, object_)
        if _is_hidden(statement):
            for _, name in _tables(statement):
                found[f"number {_shown(name)}"] = _number(connection, name)
    return found


def verdict(connection: Connection, statements: Sequence[Statement], before: Before) -> Verdict:
    """Compare with what stood there before; several statements in one text are all or none."""
    return _judged(connection, statements, before, _seen(connection, statements))


def is_untouched(connection: Connection, statements: Sequence[Statement], before: Before) -> bool:
    """Look again; `DROP TABLE a, b` drops one of them, and says that the other is not there."""
    return verdict(connection, statements, before) is Verdict.NOT_DONE


def is_lasting_doubt(
    connection: Connection, statements: Sequence[Statement], before: Before
) -> bool:
    """Whether it could not even be told that nothing has changed yet."""
    return _judged(connection, statements, before, _without_row(before)) is Verdict.DOUBT


def restore(connection: Connection, before: Before) -> None:
    """Set what LAST_INSERT_ID() returns."""
    if last_row := before.get(_LAST_ROW):
        connection.execute(text("SELECT LAST_INSERT_ID(:id)"), {"id": last_row})


def ends_transaction(error: Exception) -> bool:
    """Whether a deadlock undid the transaction."""
    return failures.number(error) == _DEADLOCK


def _without_row(before: Before) -> Before:
    return {key: value for key, value in before.items() if key != _LAST_ROW}


def _judged(
    connection: Connection, statements: Sequence[Statement], before: Before, now: Before
) -> Verdict:
    before = _without_row(before)
    if len(statements) > 1:
        is_repeatable = now == before and all(kind(s) is Kind.ALONE for s in statements)
        return Verdict.NOT_DONE if is_repeatable else Verdict.DOUBT
    return _verdict(connection, statements[0], before, now)


def _verdict(connection: Connection, statement: Statement, before: Before, now: Before) -> Verdict:
    if _is_repeatable(statement):
        return Verdict.NOT_DONE
    if not before:
        return Verdict.DOUBT
    if _is(statement, "DROP"):
        return _of_drop(before, now)
    if _is(statement, "RENAME"):
        return _of_rename(statement, before, now)
    if now != before:
        return Verdict.DONE
    if not _is_hidden(statement) or _numbers(before) == [n for n in _numbers(before) if n]:
        return Verdict.NOT_DONE
    is_empty = _is(statement, "TRUNCATE") and _are_empty(connection, statement)
    return Verdict.NOT_DONE if is_empty else Verdict.DOUBT


def _of_drop(before: Before, now: Before) -> Verdict:
    """Say what became of a DROP, which takes one after the other."""
    if now == before:
        return Verdict.NOT_DONE
    is_done = not any(now.values()) or _is_index(before, now)
    return Verdict.DONE if is_done else Verdict.DOUBT


def _is_index(before: Before, now: Before) -> bool:
    """Whether one thing was named and still stands, changed: the table of an index."""
    return len(before) == 1 and all(now.values())


def _of_rename(statement: Statement, before: Before, now: Before) -> Verdict:
    """Say what became of RENAME TABLE, by which of the names are there."""
    there = {key for key, found in before.items() if found is not None}
    after = set(there)
    for old, new in _renames(statement):
        if _key(("TABLE", old)) in after:
            after.remove(_key(("TABLE", old)))
            after.add(_key(("TABLE", new)))
    found = {key for key, value in now.items() if value is not None}
    if after == there:
        return Verdict.DOUBT
    if found == after:
        return Verdict.DONE
    return Verdict.NOT_DONE if found == there else Verdict.DOUBT


def _numbers(before: Before) -> list[Any]:
    return [value for key, value in before.items() if key.startswith("number ")]


def _are_empty(connection: Connection, statement: Statement) -> bool:
    queries = (f"SELECT 1 FROM {_quoted(name)} LIMIT 1" for _, name in _tables(statement))
    return all(_asked(connection, query) is None for query in queries)


# -- reading the statement ---------------------------------------------------------------------


def _reader(statement: Statement) -> Reader:
    """A reader behind MariaDB's `SET STATEMENT variable = value FOR`."""
    reader = Reader(statement)
    if reader.take("SET", "STATEMENT") and reader.seek("FOR"):
        return reader
    return Reader(statement)


def _is(statement: Statement, *words: str) -> bool:
    return _reader(statement).take(*words)


def _sets_variables(statement: Statement) -> bool:
    """Whether a SELECT leaves something in a variable: `INTO @a`, `@a := 1`."""
    return "@" in statement.text and (":=" in statement.text or statement.has("INTO"))


def _is_repeatable(statement: Statement) -> bool:
    reader = _reader(statement)
    if reader.take_any(*_REPEATABLE) or reader.take("SET", "PASSWORD"):
        return True
    if not reader.take_any("CREATE", "ALTER", "DROP"):
        return False
    is_guarded = reader.take("OR", "REPLACE")
    if not reader.take_any("USER", "ROLE"):
        return False
    return is_guarded or reader.take("IF") or _is(statement, "ALTER")


def _is_hidden(statement: Statement) -> bool:
    """Whether a statement changes the rows of a table, or all of it, behind its definition."""
    if _is(statement, "TRUNCATE") or _is(statement, "CREATE", "OR", "REPLACE", "TABLE"):
        return True
    return _is(statement, "ALTER") and any(statement.has(word) for word in _HIDDEN)


def _objects(statement: Statement) -> list[Object]:
    """What a statement makes, changes or drops."""
    reader = _reader(statement)
    if reader.take("TRUNCATE"):
        reader.take("TABLE")
        return [("TABLE", name) for name in reader.names()]
    if reader.take("RENAME") and reader.take_any("TABLE", "TABLES"):
        return [("TABLE", name) for pair in _renames(statement) for name in pair]
    verb = reader.take_any("CREATE", "ALTER", "DROP")
    return _defined(reader, verb) if verb else []


def _defined(reader: Reader, verb: str) -> list[Object]:
    """What follows CREATE, ALTER or DROP."""
    _skip_modifiers(reader)
    if found := reader.take_any(*_KINDS):
        _skip_condition(reader)
        name = reader.name()
        return [(found, name)] if name else []
    if reader.take("INDEX"):
        return _tables_after(reader, "ON")
    found = reader.take_any("TABLE", "TABLES", "VIEW", "SEQUENCE")
    if found is None:
        return []
    _skip_condition(reader)
    names = reader.names() if verb == "DROP" else tuple(filter(None, [reader.name()]))
    renamed = _tables_after(reader, "RENAME") if verb == "ALTER" else []
    shown = "SEQUENCE" if found == "SEQUENCE" else "TABLE"
    return [*((shown, name) for name in names), *renamed]


def _skip_modifiers(reader: Reader) -> None:
    reader.take("OR", "REPLACE")
    if reader.take("ALGORITHM"):
        reader.sign("=")
        reader.name()
    skip_definer(reader)
    if reader.take("SQL", "SECURITY"):
        reader.name()
    reader.skip("ONLINE", "OFFLINE", "IGNORE", "UNIQUE", "FULLTEXT", "SPATIAL", "AGGREGATE")


def _skip_condition(reader: Reader) -> None:
    reader.take("IF", "NOT", "EXISTS")
    reader.take("IF", "EXISTS")


def _tables_after(reader: Reader, word: str) -> list[Object]:
    """The table named after ON, or after each RENAME [TO]."""
    found: list[Object] = []
    while reader.seek(word):
        if reader.take_any("COLUMN", "INDEX", "KEY"):
            continue
        reader.take_any("TO", "AS")
        reader.sign("=")
        if name := reader.name():
            found.append(("TABLE", name))
        if word == "ON":
            break
    return found


def _tables(statement: Statement) -> list[Object]:
    return [found for found in _objects(statement) if found[0] == "TABLE"]


def _renames(statement: Statement) -> list[tuple[Name, Name]]:
    """The pairs of `RENAME TABLE a TO b, c TO d`."""
    reader, found = _reader(statement), list[tuple[Name, Name]]()
    reader.take("RENAME")
    reader.take_any("TABLE", "TABLES")
    _skip_condition(reader)
    while old := reader.name():
        new = reader.name() if reader.take("TO") else None
        if new is None:
            break
        found.append((old, new))
        reader.sign(",")
    return found


# -- reading the database ----------------------------------------------------------------------


def _key(object_: Object) -> str:
    return f"{object_[0].lower()} {_shown(object_[1])}"


def _shown(name: Name) -> str:
    return f"{name.schema}.{name.name}" if name.schema else name.name


def _quoted(name: Name) -> str:
    parts = (part for part in (name.schema, name.name) if part)
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)


def _definition(connection: Connection, object_: Object) -> str | None:
    """A hash of what SHOW CREATE says, without the counter of new rows."""
    row = _asked(connection, f"SHOW CREATE {object_[0]} {_quoted(object_[1])}")
    if row is None:
        return None
    said = _AUTO_INCREMENT.sub("", "\0".join(str(value) for value in row))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _number(connection: Connection, name: Name) -> str | None:
    """The numbers of a table and its partitions in InnoDB's dictionary; None without the right."""
    for view in ("innodb_sys_tables", "innodb_tables"):
        query = partial(_rows, connection, _NUMBERS % view, name)
        if found := _tried(query, _ABSENT | {_DENIED}):
            return " ".join(str(row[0]) for row in found)
    return None


# A name there is written as its file: `my-table` is `my@002dtable`.
_NUMBERS = """
SELECT t.table_id FROM information_schema.%s AS t,
  (SELECT concat_ws('/',
     convert(cast(convert(coalesce(:schema, database()) USING filename) AS binary) USING utf8),
     convert(cast(convert(:name USING filename) AS binary) USING utf8)) AS name) AS wanted
WHERE t.name = wanted.name
   OR lower(left(t.name, char_length(wanted.name) + 3)) = lower(concat(wanted.name, '#P#'))
ORDER BY t.name
"""


def _rows(connection: Connection, query: str, name: Name) -> Sequence[Any]:
    return connection.execute(text(query), {"schema": name.schema, "name": name.name}).all()


def _asked(connection: Connection, query: str) -> Any:
    """The first row; None where there is none, or no such thing."""
    query = quoting.for_driver(query, connection.dialect)
    run = partial(connection.exec_driver_sql, query)
    rows = _tried(lambda: run().all(), _ABSENT)
    return rows[0] if rows else None


def _tried(query: Callable[[], Sequence[Any]], expected: frozenset[int]) -> Sequence[Any] | None:
    try:
        return query()
    except DBAPIError as error:
        if failures.number(error) in expected:
            return None
        raise
