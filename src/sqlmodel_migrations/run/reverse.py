"""The reverse of a statement that took effect: what takes away what it made, and nothing more.

Only what makes a new thing has one. Rows that went into a table that is taken away need none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlmodel_migrations.database import target
from sqlmodel_migrations.database.sqlite_token import Kind as TokenKind
from sqlmodel_migrations.database.statement import Name, Reader, Statement, skip_definer

_QUOTES = {"mysql": "`", "mariadb": "`"}
_KINDS = ("VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "SEQUENCE", "TYPE", "DOMAIN")
# What `ALTER TABLE … ADD` may begin with that is no column.
_NO_COLUMN = (
    *("CONSTRAINT", "INDEX", "KEY", "UNIQUE", "FULLTEXT", "SPATIAL", "PRIMARY", "FOREIGN"),
    *("CHECK", "PARTITION", "EXCLUDE", "PERIOD", "SYSTEM"),
)
_SILENT = ("SELECT", "SHOW", "PRAGMA", "EXPLAIN", "DESCRIBE", "SAVEPOINT", "RELEASE", "SET")


class Irreversible(Exception):
    """A statement whose effect nothing here takes back."""


@dataclass(frozen=True)
class Step:
    """A statement at its place in the journal, and the one that takes it back."""

    position: int
    there: str
    back: str


@dataclass
class Reversal:
    """Statements in their order, and what takes them back in the other."""

    made: set[str] = field(default_factory=set)
    steps: list[Step] = field(default_factory=list)

    def add(self, position: int, statement: Statement) -> None:
        """Take in a statement that took effect; raises `Irreversible`."""
        if self._needs_none(statement):
            return
        if (table := _made_table(statement)) is not None:
            self.made.add(table.name.lower())
        self.steps.append(Step(position, statement.text, of(statement)))

    def _needs_none(self, statement: Statement) -> bool:
        """Whether it only looked, or worked in a table that is taken away."""
        changed = target.changed(statement)
        if changed == frozenset():
            return statement.verb in _SILENT
        is_row = statement.verb in ("INSERT", "UPDATE", "DELETE", "REPLACE", "TRUNCATE", "COPY")
        return is_row and changed is not None and changed <= self.made


def of(statement: Statement) -> str:
    """Return the statement that takes one back; raises `Irreversible`."""
    reader = Reader(statement)
    if reader.take("CREATE"):
        found = _of_create(reader)
    elif reader.take("ALTER", "TABLE"):
        found = _of_alter(reader)
    elif reader.take("RENAME", "TABLE"):
        found = _of_rename(reader)
    else:
        found = None
    if found is None:
        raise Irreversible
    return found


def _made_table(statement: Statement) -> Name | None:
    reader = Reader(statement)
    if not reader.take("CREATE"):
        return None
    reader.skip("UNLOGGED")
    return reader.name() if reader.take("TABLE") and not reader.take("IF") else None


def _of_create(reader: Reader) -> str | None:
    """Take away what was made; what replaced something is not known any more."""
    if reader.take("OR", "REPLACE"):
        return None
    skip_definer(reader)
    reader.skip("UNIQUE", "FULLTEXT", "SPATIAL", "UNLOGGED", "AGGREGATE", "CONSTRAINT")
    if reader.take("INDEX"):
        return _of_index(reader)
    kind = reader.take_any("TABLE", *_KINDS)
    if kind is None or reader.take("IF"):
        return None
    name = reader.name()
    if name is None or (kind == "TRIGGER" and reader.statement.dialect == "postgresql"):
        return None
    return f"DROP {kind} {_written(name, reader)}"


def _of_index(reader: Reader) -> str | None:
    alone = "CONCURRENTLY " if reader.take("CONCURRENTLY") else ""
    if reader.take("IF"):
        return None
    name = reader.name()
    if name is None or not reader.seek("ON"):
        return None
    reader.take("ONLY")
    table = reader.name()
    if table is None:
        return None
    if reader.statement.dialect in _QUOTES:
        return f"DROP INDEX {_written(name, reader)} ON {_written(table, reader)}"
    # An index is in the schema of its table.
    return f"DROP INDEX {alone}{_written(Name(table.schema, name.name), reader)}"


def _of_alter(reader: Reader) -> str | None:
    """Take back one column that was added, or another name."""
    reader.take("ONLY")
    table = reader.name()
    if table is None or _has_several(reader):
        return None
    if reader.take("RENAME", "TO"):
        new = reader.name()
        return None if new is None else _alter(new, f"RENAME TO {_written(table, reader)}", reader)
    if not reader.take("ADD"):
        return None
    is_column = reader.take("COLUMN")
    if reader.take("IF") or (not is_column and reader.take_any(*_NO_COLUMN)):
        return None
    column = reader.name()
    if column is None:
        return None
    return _alter(table, f"DROP COLUMN {_written(column, reader)}", reader)


def _alter(table: Name, action: str, reader: Reader) -> str:
    return f"ALTER TABLE {_written(table, reader)} {action}"


def _of_rename(reader: Reader) -> str | None:
    pairs: list[tuple[Name, Name]] = []
    while old := reader.name():
        new = reader.name() if reader.take("TO") else None
        if new is None:
            return None
        pairs.append((old, new))
        reader.sign(",")
    back = (f"{_written(new, reader)} TO {_written(old, reader)}" for old, new in reversed(pairs))
    return f"RENAME TABLE {', '.join(back)}" if pairs else None


def _has_several(reader: Reader) -> bool:
    """Whether a comma outside parentheses follows: an ALTER that does several things."""
    depth = 0
    for token in list(reader.statement.tokens)[reader.at :]:
        depth += (token.kind is TokenKind.OPEN) - (token.kind is TokenKind.CLOSE)
        if token.kind is TokenKind.COMMA and depth == 0:
            return True
    return False


def _written(name: Name, reader: Reader) -> str:
    quote = _QUOTES.get(reader.statement.dialect, '"')
    parts: Sequence[str] = [part for part in (name.schema, name.name) if part]
    return ".".join(quote + part.replace(quote, quote * 2) + quote for part in parts)
