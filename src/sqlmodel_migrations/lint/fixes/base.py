"""What every fix's module offers: the safe form of one statement, as pieces.

A fix looks at one statement of `upgrade()` and says what is to be sent instead, in which order,
and what takes each part back. It writes no file: `split` puts pieces into revisions, `trial`
proves them on a scratch database, and what cannot be proven is not written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from sqlalchemy import Dialect
from sqlalchemy.dialects import mysql, postgresql

from sqlmodel_migrations.database.catalog import Table
from sqlmodel_migrations.database.quoting import qualified, quote
from sqlmodel_migrations.generate.source import end
from sqlmodel_migrations.lint.op_call import OpCall
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules import Match
from sqlmodel_migrations.lint.script import Block, NotMechanical, Script

_DIALECTS: dict[str, type[Dialect]] = {
    "postgresql": postgresql.dialect,
    "mysql": mysql.dialect,
    "mariadb": mysql.dialect,
}


@dataclass(frozen=True)
class Piece:
    """A part of the safe form: `up` and `down` are code without indentation.

    Each piece comes in a later revision than the one before it. `scan` is what reads all rows: it
    comes first in the revision, before any of its pieces takes a lock that others wait for. One
    that is `alone` commits by itself, so nothing else may stand in its revision. `moved_down` is
    the way back where the downgrade has none and the piece comes into a new revision. `title` is
    what that says it does.
    """

    title: str
    up: str
    down: str = ""
    scan: str = ""
    moved_down: str = ""
    alone: bool = False

    @property
    def code(self) -> str:
        """All that it sends on the way up."""
        return "\n".join(text for text in (self.scan, self.up) if text)


@dataclass(frozen=True)
class Wait:
    """Which later statements of the revision need what the pieces make, by words that they say.

    One of `names`; or `table` together with one of `columns`.
    """

    names: frozenset[str] = frozenset()
    table: str = ""
    columns: frozenset[str] = frozenset()

    def is_for(self, words: frozenset[str]) -> bool:
        """Whether a statement with these words has to wait."""
        is_column = self.table in words and bool(self.columns & words)
        return bool(self.names & words) or is_column


@dataclass(frozen=True)
class Plan:
    """The safe form of one statement.

    `back` is the statement of `downgrade()` that takes the old form back, where a piece has taken
    its place. The schema in the end is the same but for `kept`: what the old form loses, as table,
    column and kind.
    """

    block: Block
    pieces: tuple[Piece, ...]
    back: Block | None = None
    wait: Wait = field(default_factory=Wait)
    kept: frozenset[tuple[str | None, str, str]] = frozenset()

    @property
    def code(self) -> str:
        """The safe form as code to paste."""
        return "\n\n# in the next revision\n".join(piece.code for piece in self.pieces) + "\n"


@dataclass(frozen=True)
class Case:
    """One statement to be fixed, and all that a fix may see."""

    match: Match
    recording: Recording
    script: Script
    block: Block

    @cached_property
    def call(self) -> OpCall:
        """The statement as a call."""
        return OpCall(self.block.text)

    @property
    def dialect(self) -> Dialect:
        return _DIALECTS[self.recording.dialect]()

    def table(self, key: str) -> Table:
        """Return a table by its key, as it was before or is in the end."""
        for catalog in (self.recording.before, self.recording.after):
            if key in catalog.tables:
                return catalog.tables[key]
        raise NotMechanical(f"nothing is known of '{key}'")

    def sql_table(self, key: str) -> str:
        """Return a table's name for SQL."""
        table = self.table(key)
        return qualified(table.schema, table.name, self.dialect)

    def sql_name(self, name: str) -> str:
        """Return a name for SQL."""
        return quote(name, self.dialect)

    @property
    def comments(self) -> str:
        """The statement's comments, for a text that has nothing else of it."""
        lines = self.block.text.splitlines(keepends=True)
        above = [line for line in lines if line.startswith("#")]
        after = self.call.source.between(end(self.call.node), (len(lines), len(lines[-1].encode())))
        return "".join([*above, f"{after.strip()}\n" if after.strip() else ""])

    def require(self, *operations: str) -> None:
        """Raise `NotMechanical` for a statement that is none of these operations."""
        if self.call.name not in operations:
            raise NotMechanical(f"only op.{' and op.'.join(operations)} can be rewritten")

    def way_back(self, *operations: str, words: frozenset[str]) -> Block | None:
        """Return the statement of `downgrade()` that is one of the operations and says all words.

        None where there is none. Raises `NotMechanical` where it is not clear which it is.
        """
        about = [block for block in self.script.downs if words <= block.words]
        found = [block for block in about if _operation(block) in operations]
        if len(found) > 1 or any(_operation(block) is None for block in about):
            raise NotMechanical("what takes it back in downgrade() is not clear")
        return found[0] if found else None


class FixModule(Protocol):
    """The shape of a module in this family; its docstring says why the safe form is safe."""

    __doc__: str | None

    def plan(self, case: Case) -> Plan:
        """Return the safe form of a statement that the rule found.

        Raises `NotMechanical` with the reason where only a person can write it.
        """


def _operation(block: Block) -> str | None:
    try:
        return OpCall(block.text).name
    except NotMechanical:
        return None
