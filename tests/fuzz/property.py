"""The property: a migration from one schema to another gives the other, and loses nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sqlmodel_migrations import Migrations
from sqlmodel_migrations.database import catalog
from sqlmodel_migrations.database.catalog.difference import differences
from sqlmodel_migrations.errors import MigrationsError, StepFailed

from . import by_hand, models, rows
from .pair import UNKNOWN, Pair
from .place import Place
from .rows import Row
from .schema import Schema

Rows = Mapping[int, Sequence[Row]]


class Broken(AssertionError):
    """A step of the property does not hold."""


def holds(pair: Pair, place: Place, *, verify: bool = False) -> None:
    """Migrate from one schema to the other, back and forth; raises `Broken` or what fails."""
    with place.emptied() as (folder, engine, fresh):
        _Course(pair, folder, engine, fresh, verify).run()


@dataclass
class _Course:
    pair: Pair
    folder: Path
    engine: sa.Engine
    fresh: sa.Engine
    verify: bool

    def run(self) -> None:
        pair = self.pair
        before, after = models.metadata(pair.before), models.metadata(pair.after)
        self._made(pair.before, before)
        with self.engine.connect() as connection:
            rows.insert(connection, pair.before, before)
            by_hand.make(connection, pair.before)
        first = self._rows(pair.before, before)
        if not self._upgraded(before, after, first):
            return
        second = self._rows(pair.after, after)
        self._kept_up(first, second)
        self._quiet(after)
        self._takes_rows(after)
        if not self._downgraded(after, before):
            return
        self._kept_down(first, second, self._rows(pair.before, before))
        self._migrations(after).upgrade()
        self._is(pair.after, after, "after the second upgrade")

    def _migrations(self, metadata: sa.MetaData) -> Migrations:
        return Migrations(self.folder, bind=self.engine, metadata=metadata)

    def _made(self, schema: Schema, metadata: sa.MetaData) -> None:
        """Make the first schema by a revision of its own."""
        migrations = self._migrations(metadata)
        migrations.revision("before", rev_id="before", verify=self.verify)
        migrations.upgrade()
        self._equal(schema, metadata, "after the first revision")
        self._quiet(metadata)

    def _upgraded(self, before: sa.MetaData, after: sa.MetaData, first: Rows) -> bool:
        """Write the second revision and run it; False where the rows have rightly been refused."""
        answers = self.pair.answers
        migrations = self._migrations(after)
        misfits = self._misfits(first)
        try:
            migrations.revision("after", rev_id="after", answers=answers, verify=self.verify)
            migrations.upgrade()
        except MigrationsError as failed:
            if not (misfits or self.pair.lacks_a_value()) or "rows of" not in failed.message:
                raise
            self._is(self.pair.before, before, "after a refused upgrade")
            self._same_rows(first, self._rows(self.pair.before, before))
            return False
        if misfits:
            raise Broken(f"what does not fit was taken: {misfits}")
        self._is(self.pair.after, after, "after the upgrade")
        return True

    def _misfits(self, first: Rows) -> list[str]:
        """Name the values that the new columns cannot have."""
        return [
            f"{row[old.uid]!r} in '{table.name}.{new.name}'"
            for table, old, new in self.pair.columns()
            if old is not None
            for row in first[table.uid]
            if not self.pair.fits(old, new, row[old.uid])
        ]

    def _same_rows(self, first: Rows, second: Rows) -> None:
        for uid, found in first.items():
            if sorted(map(repr, found)) != sorted(map(repr, second[uid])):
                raise Broken(f"a refused upgrade changed rows: {second[uid]}, not {found}")

    def _downgraded(self, after: sa.MetaData, before: sa.MetaData) -> bool:
        """Go back; False where there is nothing to go back from, or the rows were refused."""
        migrations = self._migrations(after)
        if len(migrations.graph.revisions) < 2:
            return False
        try:
            migrations.downgrade("before", confirm=lambda _: True)
        except StepFailed as failed:
            if not (self.pair.may_refuse_downgrade() and "rows of" in failed.message):
                raise
            self._is(self.pair.after, after, "after a refused downgrade")
            return False
        self._is(self.pair.before, before, "after the downgrade")
        return True

    def _quiet(self, metadata: sa.MetaData) -> None:
        found = self._migrations(metadata).check()
        if found:
            raise Broken(f"check finds: {[d.description for d in found]}")

    def _is(self, schema: Schema, metadata: sa.MetaData, when: str) -> None:
        """Compare with what create_all makes; what was made by hand works still."""
        self._equal(schema, metadata, when)
        with self.engine.connect() as connection:
            lost = list(by_hand.lost(connection, schema, self.pair.before))
        if lost:
            raise Broken(f"{when}, lost: {lost}")

    def _equal(self, schema: Schema, metadata: sa.MetaData, when: str) -> None:
        """Compare the schema with what create_all makes on another database."""
        given = _given_names(metadata, self.engine.dialect)
        with self.engine.connect() as mine, self.fresh.connect() as theirs:
            transaction = theirs.begin()
            for name in schema.schemas:
                theirs.exec_driver_sql(f"CREATE SCHEMA {name}")
            metadata.create_all(theirs)
            wanted = catalog.read(theirs)
            actual = catalog.read(mine, ignore=_is_not_of_models)
            found = [
                difference
                for difference in differences(actual, wanted, named=given, connection=theirs)
                # A schema that is empty now may stay.
                if difference.kind not in ("schema", "view", "trigger")
            ]
            transaction.rollback()
            if schema.database != "postgresql":
                _drop_all(theirs, schema.database)
        if found:
            raise Broken(f"{when}: {[str(difference) for difference in found]}")

    def _takes_rows(self, metadata: sa.MetaData) -> None:
        """Add a row to every table whose key the database numbers, and forget them again."""
        with self.engine.connect() as connection:
            rows.insert_numbered(connection, self.pair.after, metadata)
            connection.rollback()

    def _rows(self, schema: Schema, metadata: sa.MetaData) -> Rows:
        with self.engine.connect() as connection:
            return rows.read(connection, schema, metadata)

    def _kept_up(self, first: Rows, second: Rows) -> None:
        def expected(table: Any, old: Any, new: Any, row: Row) -> Any:
            return self.pair.upgraded(table, old, new, row[old.uid] if old is not None else None)

        for table, was, row_pairs in self._paired(first, second):
            for row, found in row_pairs:
                for column in table.columns:
                    old = next((c for c in was.columns if c.uid == column.uid), None)
                    value = expected(table, old, column, row)
                    thing = f"'{table.name}.{column.name}' after the upgrade"
                    _same_value(value, found[column.uid], column.nullable, thing)

    def _paired(self, first: Rows, second: Rows) -> Any:
        """Join the rows of tables that stay by their keys, which are never changed but in type."""
        for old, new in self.pair.tables():
            keys = [column.uid for column in old.key]
            one = {tuple(row[uid] for uid in keys): row for row in first[old.uid]}
            other = {tuple(row[uid] for uid in keys): row for row in second[new.uid]}
            if one.keys() != other.keys():
                raise Broken(f"rows of '{new.name}': {[*other]}, not {[*one]}")
            yield new, old, [(one[key], other[key]) for key in one]

    def _kept_down(self, first: Rows, second: Rows, third: Rows) -> None:
        """What was there before is there again; what was filled meanwhile stays filled."""
        kept = {c.uid for _, old, c in self.pair.columns() if old is not None}
        for _, was, row_pairs in self._paired(first, third):
            for row, found in row_pairs:
                for column in was.columns:
                    if column.uid not in kept:
                        continue
                    value = row[column.uid]
                    thing = f"'{was.name}.{column.name}' after the downgrade"
                    if value is not None:
                        _same_value(value, found[column.uid], column.nullable, thing)


def _same_value(expected: Any, found: Any, nullable: bool, thing: str) -> None:
    if found is None and not nullable:
        raise Broken(f"{thing} is NULL")
    if expected is not UNKNOWN and _as_stored(expected) != _as_stored(found):
        raise Broken(f"{thing} is {found!r}, not {expected!r}")


def _as_stored(value: Any) -> Any:
    """A moment as the server has it: types of Python's classes differ in the zone they say."""
    is_aware = isinstance(value, dt.datetime) and value.tzinfo is not None
    return value.astimezone(dt.UTC).replace(tzinfo=None) if is_aware else value


def _is_not_of_models(name: str) -> bool:
    return name.startswith(("alembic_version", "sqlmodel_migrations")) or by_hand.is_log(name)


def _given_names(metadata: sa.MetaData, dialect: sa.Dialect) -> Callable[[str, str], bool]:
    """Return whether the models give a constraint or an index of a table its name."""
    preparer = dialect.identifier_preparer
    given = set()
    for table in metadata.tables.values():
        for part in (*table.constraints, *table.indexes):
            if part.name is None:
                continue
            is_index = isinstance(part, sa.Index)
            name = preparer.format_index(part) if is_index else preparer.format_constraint(part)
            if name is not None:
                given.add((table.key, _bare(name, preparer)))
    return lambda table, name: (table, name) in given


def _bare(name: str, preparer: Any) -> str:
    if not name.startswith(preparer.initial_quote):
        return name
    return name[1:-1].replace(preparer.escape_to_quote, preparer.escape_quote)


def _drop_all(connection: sa.Connection, database: str) -> None:
    off = {"sqlite": "PRAGMA foreign_keys = OFF", "mariadb": "SET FOREIGN_KEY_CHECKS = 0"}
    connection.exec_driver_sql(off[database])
    names = sa.inspect(connection).get_table_names()
    quote = connection.dialect.identifier_preparer.quote
    for name in names:
        options = {"no_parameters": True}
        plain = quote(name).replace("%%", "%")
        connection.exec_driver_sql(f"DROP TABLE {plain}", execution_options=options)
    connection.commit()
