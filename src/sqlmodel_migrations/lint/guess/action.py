"""Actions: what a statement says it does to tables, one thing each."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel_migrations.database.sqlite_token import Kind
from sqlmodel_migrations.database.statement import Reader, Statement
from sqlmodel_migrations.lint.guess import reach
from sqlmodel_migrations.lint.guess.clause import parts
from sqlmodel_migrations.lint.guess.reach import Reach

_CONSTRAINTS = ("PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "EXCLUDE")
_INDEXES = ("INDEX", "KEY", "FULLTEXT", "SPATIAL")


_BETWEEN = ("IF", "EXISTS", "CONCURRENTLY", "ONLY", "INTO", "FULL", "ANALYZE", "VERBOSE")
_UPSERTS = (("DO", "UPDATE"), ("ON", "DUPLICATE", "KEY"), ("OR", "REPLACE"))


class Act(enum.Enum):
    """What is done to a table."""

    CREATE_TABLE = enum.auto()
    DROP_TABLE = enum.auto()
    RENAME_TABLE = enum.auto()
    ADD_COLUMN = enum.auto()
    DROP_COLUMN = enum.auto()
    RENAME_COLUMN = enum.auto()
    CHANGE_TYPE = enum.auto()
    SET_NOT_NULL = enum.auto()
    ADD_CONSTRAINT = enum.auto()
    CREATE_INDEX = enum.auto()
    UPDATE = enum.auto()
    DELETE = enum.auto()
    TRUNCATE = enum.auto()
    REWRITE = enum.auto()
    REFRESH = enum.auto()
    REBUILD_INDEX = enum.auto()
    VALIDATE = enum.auto()
    ATTACH = enum.auto()
    DETACH = enum.auto()
    DROP_PARTITION = enum.auto()
    DROP_VIEW = enum.auto()
    LOCK = enum.auto()


_ON_ONE = {
    ("REFRESH", "MATERIALIZED", "VIEW"): Act.REFRESH,
    ("CLUSTER",): Act.REWRITE,
    ("VACUUM", "FULL"): Act.REWRITE,
    ("REINDEX", "TABLE"): Act.REBUILD_INDEX,
    ("REINDEX", "INDEX"): Act.REBUILD_INDEX,
    ("DROP", "VIEW"): Act.DROP_VIEW,
    ("DROP", "MATERIALIZED", "VIEW"): Act.DROP_VIEW,
    ("MERGE",): Act.UPDATE,
    ("LOCK", "TABLE"): Act.LOCK,
    ("LOCK", "TABLES"): Act.LOCK,
}
"""Statements that are about one thing, by their first words."""


@dataclass(frozen=True)
class Action:
    """One thing; `name` is that of the column, constraint or index, `text` what says so.

    `whole` is the statement of which the text is a clause, None where it is all of it. Every row
    is meant where the condition `is_met` by each. `was` is the type that a column has before, if
    the script says so.
    """

    act: Act
    table: str
    text: Statement
    name: str = ""
    whole: Statement | None = None
    is_met: bool = False
    was: str | None = None

    @property
    def reach(self) -> Reach:
        """How many rows an UPDATE or DELETE is about."""
        return Reach.ALL if self.is_met else reach.of(self.text)

    @property
    def has_value(self) -> bool:
        """Whether a column that is added holds something else than NULL in old rows."""
        is_given = any(map(self.text.has, ("DEFAULT", "GENERATED", "AUTO_INCREMENT", "AS")))
        return is_given or any("serial" in name for name in self.text.names)


def parse(statement: Statement) -> tuple[Action, ...]:
    """Return what a statement does, in order; () for what is done to no table."""
    reader = Reader(statement)
    while reader.take("WITH") and reader.seek("INSERT", "UPDATE", "DELETE", "MERGE"):
        reader.at -= 1
    return tuple(_actions(statement, reader))


def is_opaque(statement: Statement) -> bool:
    """Whether it does more than it says: code of the database, what depends, the way to alter."""
    if statement.verb == "SET":
        return "alter_algorithm" in statement.names
    is_code = statement.verb in ("DO", "CALL") or statement.has("BEGIN", "NOT", "ATOMIC")
    return is_code or (statement.verb in ("DROP", "ALTER") and _ends_with_cascade(statement))


def _ends_with_cascade(statement: Statement) -> bool:
    """Whether what depends goes, too; ON DELETE CASCADE is another thing."""
    return statement.tokens[-1].is_word("CASCADE") and not any(
        statement.has("ON", event) for event in ("DELETE", "UPDATE")
    )


def _actions(statement: Statement, reader: Reader) -> Iterator[Action]:
    for words, act in _ON_ONE.items():
        if reader.take(*words):
            reader.skip(*_BETWEEN)
            yield from _one(act, statement, reader)
            return
    if reader.take("INSERT") or reader.take("REPLACE"):
        yield from _inserted(statement, reader)
    elif reader.take("CREATE"):
        yield from _created(statement, reader)
    elif reader.take("DROP", "TABLE"):
        reader.take("IF", "EXISTS")
        yield from (Action(Act.DROP_TABLE, n.name, statement) for n in reader.names())
    elif reader.take("DROP", "INDEX"):
        yield from _index_dropped(statement, reader)
    elif reader.take("TRUNCATE"):
        reader.skip("TABLE", "ONLY")
        yield from (Action(Act.TRUNCATE, n.name, statement) for n in reader.names())
    elif reader.take("RENAME", "TABLE"):
        yield from _renames(statement, reader)
    elif reader.take("UPDATE"):
        reader.skip("LOW_PRIORITY", "IGNORE", "ONLY")
        yield from _one(Act.UPDATE, statement, reader)
    elif reader.take("DELETE"):
        reader.skip("LOW_PRIORITY", "QUICK", "IGNORE", "FROM", "ONLY")
        yield from _one(Act.DELETE, statement, reader)
    elif reader.take("ALTER"):
        yield from _altered(statement, reader)


def _index_dropped(statement: Statement, reader: Reader) -> Iterator[Action]:
    """DROP INDEX of MariaDB, where it says that the table is to be copied for it."""
    if reader.seek("ON") and {"algorithm", "copy"} <= statement.names:
        yield from _one(Act.REWRITE, statement, reader)


def _renames(statement: Statement, reader: Reader) -> Iterator[Action]:
    """RENAME TABLE a TO b, c TO a: what is renamed, and to what."""
    while (old := reader.name()) is not None and reader.take("TO"):
        new = reader.name()
        yield Action(Act.RENAME_TABLE, old.name, statement, new.name if new else "")
        reader.sign(",")


def _inserted(statement: Statement, reader: Reader) -> Iterator[Action]:
    """An INSERT that may change rows which are there."""
    is_changing = any(statement.has(*words) for words in _UPSERTS) or statement.verb == "REPLACE"
    reader.skip("OR", "REPLACE", "LOW_PRIORITY", "DELAYED", "INTO")
    if is_changing:
        yield from _one(Act.UPDATE, statement, reader)


def _one(act: Act, statement: Statement, reader: Reader) -> Iterator[Action]:
    name = reader.name()
    if name is not None:
        yield Action(act, name.name, statement)


def _created(statement: Statement, reader: Reader) -> Iterator[Action]:
    reader.skip("OR", "REPLACE", "TEMP", "TEMPORARY", "UNLOGGED", "GLOBAL", "LOCAL")
    if reader.take("TABLE"):
        reader.take("IF", "NOT", "EXISTS")
        yield from _one(Act.CREATE_TABLE, statement, reader)
        return
    reader.skip("UNIQUE", "FULLTEXT", "SPATIAL")
    if not reader.take("INDEX"):
        return
    reader.take("CONCURRENTLY")
    reader.take("IF", "NOT", "EXISTS")
    index = None if reader.next is None or reader.next.is_word("ON") else reader.name()
    if reader.seek("ON"):
        reader.take("ONLY")
        table = reader.name()
        if table is not None:
            yield Action(Act.CREATE_INDEX, table.name, statement, index.name if index else "")


def _altered(statement: Statement, reader: Reader) -> Iterator[Action]:
    reader.skip("ONLINE", "OFFLINE", "IGNORE")
    if not reader.take("TABLE"):
        return
    reader.take("IF", "EXISTS")
    reader.take("ONLY")
    table = reader.name()
    if table is None:
        return
    for text in parts(statement, reader.at, lambda token: token.kind is Kind.COMMA):
        found = _clause(Reader(text))
        if found is not None:
            act, name = found
            yield Action(act, table.name, text, name, statement)


_CLAUSES = {
    ("SET", "SCHEMA"): Act.RENAME_TABLE,
    ("SET", "LOGGED"): Act.REWRITE,
    ("SET", "UNLOGGED"): Act.REWRITE,
    ("SET", "TABLESPACE"): Act.REWRITE,
    ("CONVERT", "TO"): Act.REWRITE,
    ("ENGINE",): Act.REWRITE,
    ("PARTITION", "BY"): Act.REWRITE,
    ("REMOVE", "PARTITIONING"): Act.REWRITE,
    ("VALIDATE", "CONSTRAINT"): Act.VALIDATE,
    ("ATTACH", "PARTITION"): Act.ATTACH,
    ("DETACH", "PARTITION"): Act.DETACH,
    ("DROP", "PARTITION"): Act.DROP_PARTITION,
    ("TRUNCATE", "PARTITION"): Act.DROP_PARTITION,
}


def _clause(reader: Reader) -> tuple[Act, str] | None:
    if reader.take("ADD"):
        return _added(reader)
    for words, act in _CLAUSES.items():
        if reader.take(*words):
            reader.take("IF", "EXISTS")
            return act, _name(reader)
    if reader.take("ALGORITHM"):
        reader.sign("=")
        return (Act.REWRITE, "") if reader.take("COPY") else None
    if reader.take("DROP"):
        return _dropped(reader)
    if reader.take("RENAME"):
        return _renamed(reader)
    if reader.take("MODIFY"):
        reader.skip("COLUMN", "IF", "EXISTS")
        return Act.CHANGE_TYPE, _name(reader)
    if reader.take("CHANGE"):
        reader.skip("COLUMN", "IF", "EXISTS")
        old, new = _name(reader), _name(reader)
        return (Act.CHANGE_TYPE if old.lower() == new.lower() else Act.RENAME_COLUMN), old
    if reader.take("ALTER"):
        reader.take("COLUMN")
        column = _name(reader)
        if reader.take("SET", "NOT", "NULL"):
            return Act.SET_NOT_NULL, column
        if reader.take("TYPE") or reader.take("SET", "DATA", "TYPE"):
            return Act.CHANGE_TYPE, column
    return None


def _added(reader: Reader) -> tuple[Act, str] | None:
    if reader.take("CONSTRAINT"):
        return Act.ADD_CONSTRAINT, _name(reader)
    is_unique = reader.take("UNIQUE")
    if reader.take_any(*_INDEXES):
        reader.take("INDEX") or reader.take("KEY")
        reader.take("IF", "NOT", "EXISTS")
        return Act.CREATE_INDEX, _name(reader)
    if is_unique or (reader.next is not None and reader.next.is_word(*_CONSTRAINTS)):
        return Act.ADD_CONSTRAINT, ""
    if reader.take("PARTITION"):
        return None
    reader.take("COLUMN")
    reader.take("IF", "NOT", "EXISTS")
    return Act.ADD_COLUMN, _name(reader)


def _dropped(reader: Reader) -> tuple[Act, str] | None:
    if reader.take_any("CONSTRAINT", "FOREIGN", "PRIMARY", "CHECK", "PARTITION", *_INDEXES):
        return None
    reader.take("COLUMN")
    reader.take("IF", "EXISTS")
    return Act.DROP_COLUMN, _name(reader)


def _renamed(reader: Reader) -> tuple[Act, str] | None:
    if reader.take_any("CONSTRAINT", "INDEX", "KEY"):
        return None
    if reader.take_any("TO", "AS"):
        return Act.RENAME_TABLE, _name(reader)
    reader.take("COLUMN")
    return Act.RENAME_COLUMN, _name(reader)


def _name(reader: Reader) -> str:
    name = reader.name()
    return name.name if name is not None else ""
