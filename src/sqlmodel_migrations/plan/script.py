"""A revision as SQL that cannot be rendered without a database: what it sent to a scratch one.

Only what does not depend on rows: those of a scratch database are not anybody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Dialect, literal
from sqlalchemy.exc import SQLAlchemyError

from sqlmodel_migrations.database import statement
from sqlmodel_migrations.errors import MigrationsError
from sqlmodel_migrations.lint import review, span
from sqlmodel_migrations.lint.recording import RecordedStatement, Recording
from sqlmodel_migrations.run.checkout import Checkout

_PLACE = re.compile(r"%\((?P<name>\w+)\)s|%s|\?|%%")


@dataclass
class Recorded:
    """The revisions of a range, played when the first of them is asked for."""

    checkout: Checkout
    target: str

    def __call__(self, revision: str, dialect: Dialect) -> Sequence[str]:
        """Return the statements of one revision; raises `MigrationsError` with the reason."""
        return [*self._statements(self._recording.of(revision), revision, dialect)]

    @cached_property
    def _recording(self) -> Recording:
        target = self.target if ":" in self.target else f":{self.target}"
        return review.record(self.checkout, span.of_range(self.checkout.graph, target))

    def _statements(
        self, sent: Sequence[RecordedStatement], revision: str, dialect: Dialect
    ) -> Iterator[str]:
        unmeasured = [one for one in self._recording.unmeasured if one.revision == revision]
        failed = [failure.message for one in sent for failure in one.failures.values()]
        if reasons := [*(one.reason for one in unmeasured), *failed]:
            raise MigrationsError(f"it does not run there: {reasons[0]}")
        for one in (one for one in sent if not one.is_undone):
            if statement.verb(one.sql) not in statement.READS:
                yield written(one.sql, one.parameters, dialect)
            elif one.operation == "execute" and self._names_table(one.sql):
                raise MigrationsError(
                    f"what it does depends on rows that it reads, line {one.line}"
                )

    def _names_table(self, sql: str) -> bool:
        words = {word.lower() for word in re.findall(r"\w+", sql)}
        tables = {*self._recording.before.tables, *self._recording.after.tables}
        return any(name.rpartition(".")[2].lower() in words for name in tables)


def written(sql: str, parameters: Any, dialect: Dialect) -> str:
    """Return a statement with its parameters in it; raises `MigrationsError` for odd ones."""
    if not parameters:
        return sql
    if isinstance(parameters, Sequence) and isinstance(parameters[0], Mapping | Sequence):
        raise MigrationsError("a statement has several sets of parameters")
    positions = iter(() if isinstance(parameters, Mapping) else parameters)

    def filled(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        name = found["name"]
        return _literal(parameters[name] if name else next(positions), dialect)

    return _PLACE.sub(filled, sql)


def _literal(value: Any, dialect: Dialect) -> str:
    try:
        return str(literal(value).compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    except (SQLAlchemyError, NotImplementedError) as error:
        kind = type(value).__name__
        raise MigrationsError(f"a parameter of type {kind} cannot be written as SQL") from error
