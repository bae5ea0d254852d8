"""Parts of safe forms that several fixes write: SQL as a call, a validation, batches, NOT NULL."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from sqlmodel_migrations.database.catalog import Table
from sqlmodel_migrations.database.catalog.base import PRIMARY_KEY
from sqlmodel_migrations.generate.layout import WIDTH, requoted
from sqlmodel_migrations.lint.fixes.base import Case, Piece, Plan
from sqlmodel_migrations.lint.op_call import INDENT, tidy
from sqlmodel_migrations.lint.rules.base import constraints
from sqlmodel_migrations.lint.script import NotMechanical

BATCH = 5000
"""Rows of a batch: few enough that who waits for one of them does not notice."""


def literal(text: str) -> str:
    """Return a text as Python source, in double quotes where that escapes no more."""
    return requoted(repr(text))


def executed(sql: str) -> str:
    """Return the call that sends a statement."""
    line = f"op.execute({literal(sql)})"
    if len(INDENT + line) <= WIDTH:
        return line
    return "\n".join(["op.execute(", textwrap.indent(_lines([sql], depth=2), INDENT), ")"])


def _lines(parts: Sequence[str], *, depth: int) -> str:
    """Texts that are one, each in as many lines as it needs, `depth` levels deep."""
    width = WIDTH - len(INDENT) * depth - 3
    return "\n".join(literal(line) for part in parts for line in _split(part, width))


def _split(text: str, width: int) -> list[str]:
    """Split a text at blanks; each blank begins the next part."""
    parts = [""]
    for number, word in enumerate(text.split(" ")):
        said = f" {word}" if number else word
        if parts[-1].strip() and len(parts[-1] + said) > width:
            parts.append("")
        parts[-1] += said
    return parts


def autocommit(body: str) -> str:
    """Return code that runs outside of a transaction."""
    return "with op.get_context().autocommit_block():\n" + textwrap.indent(body, INDENT)


_BATCHES = """\
# {count:,} rows at a time: each batch is committed by itself, without waiting for the disk.
# After a crash all of it is done again.
with op.get_context().autocommit_block():
    connection = op.get_bind()
    batch = sa.text(
{batch}
    )
{start}
    op.execute("SET synchronous_commit = off")
    try:
        while start is not None:
            start = connection.scalar(batch, {{"start": start}})
    finally:
        op.execute("RESET synchronous_commit")"""


def batches(table: str, key: str, statement: str, condition: str | None) -> str:
    """Return code that sends `statement` for `BATCH` rows at a time, each batch by itself.

    `statement` ends before its WHERE, whose condition is given apart; `key` is the column by which
    rows are told apart. A second run does the same again. On PostgreSQL a commit that does not wait
    is lost in a crash, if at all, together with all that come after it: the revision's own too.
    """
    first = f"SELECT {key} FROM {table} ORDER BY {key} LIMIT 1"
    where = f"({condition}) AND " if condition else ""
    last = f"SELECT {key} FROM {table} ORDER BY {key} DESC LIMIT 1"
    parts = [
        f"WITH stop AS (SELECT {key} FROM {table} WHERE {key} >= :start ORDER BY {key}"
        f" OFFSET {BATCH - 1} LIMIT 1),",
        f" changed AS ({statement}",
        f" WHERE {where}{key} BETWEEN :start AND coalesce((SELECT {key} FROM stop), ({last})))",
        f" SELECT {key} FROM {table} WHERE {key} > (SELECT {key} FROM stop) ORDER BY {key} LIMIT 1",
    ]
    batch = textwrap.indent(_lines(parts, depth=3), INDENT * 2)
    start = f"    start = connection.scalar(sa.text({literal(first)}))"
    if len(INDENT + start) > WIDTH:
        start = f"    start = connection.scalar(\n        sa.text({literal(first)})\n    )"
    return _BATCHES.format(count=BATCH, batch=batch, start=start)


def row_key(case: Case, table: Table) -> str:
    """Return the column of the primary key for SQL.

    Raises `NotMechanical` where it has not exactly one.
    """
    keys = [c.columns for c in table.constraints if c.kind == PRIMARY_KEY]
    if len(keys) != 1 or len(keys[0]) != 1:
        raise NotMechanical(f"'{table.name}' has no primary key of one column, to count rows by")
    return case.sql_name(keys[0][0])


def drop_index(name: str, table: Table) -> str:
    """Return the call that drops an index."""
    return tidy(f"op.drop_index({_names(name)}, table_name={_on(table)})")


def drop_constraint(name: str, table: Table, kind: str) -> str:
    """Return the call that drops a constraint."""
    return tidy(f"op.drop_constraint({_names(name)}, {_on(table)}, type_={literal(kind)})")


def validated_later(case: Case, kind: str) -> Plan:
    """Return the plan for a constraint: the call with NOT VALID, then VALIDATE."""
    constraint = constraints(case.match.statement, kind)[0]
    assert constraint.table is not None
    name, table = constraint.name, case.table(constraint.table)
    back = case.way_back("drop_constraint", words=frozenset([name.casefold()]))
    added = Piece(
        f"add {name}",
        case.call.adding(postgresql_not_valid="True"),
        back.text if back else "",
        moved_down=drop_constraint(name, table, kind.lower().replace(" ", "")),
    )
    validated = Piece(f"validate {name}", up="", scan=_validation(case, table, name))
    return Plan(case.block, (added, validated), back)


def required(
    case: Case, table: Table, column: str, *, call: str | None, back: str | None
) -> tuple[Piece, Piece]:
    """Return the pieces that make a column NOT NULL without a scan under a lock.

    `call` and `back` are the statements that do so, and take it back; None for the plain ones.
    """
    name = f"{column}_is_set"
    if any(c.name == name for c in table.constraints) or len(name.encode()) > 63:
        raise NotMechanical(f"the table can have no constraint '{name}'")
    condition = literal(escaped(f"{case.sql_name(column)} IS NOT NULL"))
    added = tidy(
        f"op.create_check_constraint({_names(name)}, {_on(table, condition)},"
        " postgresql_not_valid=True)"
    )
    dropped = drop_constraint(name, table, "check")
    what = f"{literal(table.name)}, {literal(column)}"
    back = back or tidy(f"op.alter_column({what}, nullable=True{_schema(table)})")
    call = call or tidy(f"op.alter_column({what}, nullable=False{_schema(table)})")
    return (
        Piece(f"prove {table.name}.{column}", added, dropped),
        Piece(
            f"require {table.name}.{column}",
            f"{call}\n{dropped}",
            f"{added}\n{back}",
            scan=_validation(case, table, name),
        ),
    )


def escaped(sql: str) -> str:
    """Return SQL as `text()` wants it, which takes a colon for a parameter's sign."""
    return sql.replace(":", "\\:")


def _validation(case: Case, table: Table, name: str) -> str:
    """The call that checks the old rows against a constraint, while writes go on."""
    sql = f"ALTER TABLE {case.sql_table(table.key)} VALIDATE CONSTRAINT {case.sql_name(name)}"
    return executed(escaped(sql))


def _names(name: str) -> str:
    """A name that no naming convention changes."""
    return f"op.f({literal(name)})"


def _on(table: Table, *others: str) -> str:
    return ", ".join([literal(table.name), *others]) + _schema(table)


def _schema(table: Table) -> str:
    return f", schema={literal(table.schema)}" if table.schema else ""
