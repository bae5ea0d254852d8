"""The tables that a statement changes, as far as its text says."""

from __future__ import annotations

from sqlmodel_migrations.database.sqlite_token import Kind
from sqlmodel_migrations.database.statement import Reader, Statement

_LOOKS = (
    "SELECT",
    "VALUES",
    "SHOW",
    "EXPLAIN",
    "DESCRIBE",
    "DESC",
    "PRAGMA",
    "SET",
    "SAVEPOINT",
    "RELEASE",
    "ROLLBACK",
)
_CHANGES = ("INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE")
_BEFORE_INSERT = ("LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO")
_TABLE_KINDS = ("GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "UNLOGGED", "ONLINE", "OFFLINE", "IGNORE")


def changed(statement: Statement) -> frozenset[str] | None:
    """Return the names, in small letters and without schemas; None where it cannot be told."""
    found = _changed(Reader(statement))
    return None if found is None else frozenset(name.lower() for name in found)


def temporary(statement: Statement) -> str | None:
    """Return the name, in small letters, of the temporary table that a statement makes."""
    reader = Reader(statement)
    if not reader.take("CREATE"):
        return None
    reader.take("OR", "REPLACE")
    reader.skip("GLOBAL", "LOCAL")
    if not reader.take_any("TEMPORARY", "TEMP"):
        return None
    reader.take_any("TABLE", "VIEW", "SEQUENCE")
    reader.take("IF", "NOT", "EXISTS")
    name = reader.name()
    return name.name.lower() if name else None


def _changed(reader: Reader) -> tuple[str, ...] | None:
    if reader.take("WITH") and not _is_past_queries(reader):
        return None
    if reader.take_any(*_LOOKS):
        return None if reader.seek("INTO") else ()
    if reader.take_any("INSERT", "REPLACE"):
        reader.take("OR") and reader.take_any("REPLACE", "IGNORE", "ABORT", "FAIL", "ROLLBACK")
        reader.skip(*_BEFORE_INSERT)
        return _one(reader)
    if reader.take("UPDATE"):
        return _updated(reader)
    if reader.take("DELETE"):
        return _deleted(reader)
    if reader.take("TRUNCATE"):
        reader.skip("TABLE", "ONLY")
        return _all(reader)
    if reader.take("COPY"):
        return _one(reader)
    return _defined(reader)


def _is_past_queries(reader: Reader) -> bool:
    """Step over the queries of WITH, up to what is done with them; false for odd ones.

    PostgreSQL's may change tables themselves: what they change cannot be told then.
    """
    reader.take("RECURSIVE")
    while reader.name() is not None:
        _skip_parentheses(reader)
        if not reader.take("AS"):
            return False
        reader.skip("NOT", "MATERIALIZED")
        if not _skip_parentheses(reader, but=_CHANGES):
            return False
        if not reader.sign(","):
            return True
    return False


def _skip_parentheses(reader: Reader, but: tuple[str, ...] = ()) -> bool:
    """Step over what stands in parentheses; false where none come, or one of these words does."""
    depth = 0
    while (token := reader.next) is not None:
        if token.is_word(*but):
            return False
        depth += (token.kind is Kind.OPEN) - (token.kind is Kind.CLOSE)
        if depth == 0:
            is_end = token.kind is Kind.CLOSE
            reader.at += is_end
            return is_end
        reader.at += 1
    return False


def _updated(reader: Reader) -> tuple[str, ...] | None:
    """The table of UPDATE; unknown where several are joined."""
    reader.take("OR") and reader.take_any("REPLACE", "IGNORE", "ABORT", "FAIL", "ROLLBACK")
    reader.skip("LOW_PRIORITY", "IGNORE", "ONLY")
    found = _one(reader)
    reader.take("AS")
    if not reader.take("SET"):
        reader.name()
        return found if reader.take("SET") else None
    return found


def _deleted(reader: Reader) -> tuple[str, ...] | None:
    reader.skip("LOW_PRIORITY", "QUICK", "IGNORE")
    if not reader.take("FROM"):
        return None
    reader.take("ONLY")
    return _all(reader)


def _defined(reader: Reader) -> tuple[str, ...] | None:
    """The table of CREATE, ALTER and DROP, of the table itself or of an index on it."""
    verb = reader.take_any("CREATE", "ALTER", "DROP")
    if verb is None:
        return None
    reader.take("OR", "REPLACE")
    reader.skip(*_TABLE_KINDS)
    if reader.take("TABLE"):
        reader.take("IF", "NOT", "EXISTS")
        reader.take("IF", "EXISTS")
        reader.take("ONLY")
        return _all(reader) if verb == "DROP" else _one(reader)
    reader.skip("UNIQUE", "FULLTEXT", "SPATIAL")
    if reader.take("INDEX") and reader.seek("ON"):
        reader.take("ONLY")
        return _one(reader)
    return None


def _one(reader: Reader) -> tuple[str, ...] | None:
    name = reader.name()
    return None if name is None else (name.name,)


def _all(reader: Reader) -> tuple[str, ...] | None:
    found = reader.names()
    return tuple(name.name for name in found) or None
