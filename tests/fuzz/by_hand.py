"""What somebody made by hand on the tables, and no model knows: it must survive every change."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from .schema import Schema, Table

_TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER trigger_{uid} AFTER UPDATE ON {table}"
        " BEGIN INSERT INTO log_{uid} VALUES (1); END",
    ),
    "postgresql": (
        "CREATE FUNCTION note_{uid}() RETURNS trigger LANGUAGE plpgsql"
        " AS $$BEGIN INSERT INTO public.log_{uid} VALUES (1); RETURN NEW; END$$",
        "CREATE TRIGGER trigger_{uid} AFTER UPDATE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION note_{uid}()",
    ),
}


def is_log(name: str) -> bool:
    """Whether a table belongs to a trigger of this module."""
    return name.startswith("log_")


def make(connection: sa.Connection, schema: Schema) -> None:
    """Make the views and triggers of all tables, and commit."""
    for table in schema.tables:
        for statement in _statements(schema, table):
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    connection.commit()


def _statements(schema: Schema, table: Table) -> Iterator[str]:
    where, key = _quoted(schema, table), schema.quote(table.key[0].name)
    if table.has_view:
        yield f"CREATE VIEW view_{table.uid} AS SELECT {key} AS one FROM {where}"
    if table.has_trigger:
        yield f"CREATE TABLE log_{table.uid} (n INTEGER)"
        for template in _TRIGGERS[schema.database]:
            yield template.format(uid=table.uid, table=where)


def _quoted(schema: Schema, table: Table) -> str:
    name = schema.quote(table.name)
    return f"{schema.quote(table.schema)}.{name}" if table.schema else name


def lost(connection: sa.Connection, schema: Schema, there: Schema) -> Iterator[str]:
    """Name what was made on the tables of `there` and does not work any more on `schema`."""
    for was in there.tables:
        table = schema.table(was.uid)
        if table is None:
            continue
        where, key = _quoted(schema, table), schema.quote(table.key[0].name)
        rows = _count(connection, where)
        if was.has_view and _count(connection, f"view_{was.uid}") != rows:
            yield f"the view on '{table.name}'"
        if was.has_trigger and rows:
            options = {"no_parameters": True}
            connection.exec_driver_sql(f"DELETE FROM log_{was.uid}")
            update = f"UPDATE {where} SET {key} = {key}"
            connection.exec_driver_sql(update, execution_options=options)
            if _count(connection, f"log_{was.uid}") != rows:
                yield f"the trigger of '{table.name}'"
    connection.rollback()


def _count(connection: sa.Connection, where: str) -> int:
    options = {"no_parameters": True}
    found = connection.exec_driver_sql(f"SELECT count(*) FROM {where}", execution_options=options)
    return int(found.scalar_one())
