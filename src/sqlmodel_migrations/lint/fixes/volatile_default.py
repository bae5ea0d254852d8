"""The column is added without its default, which is set right after and so holds for new rows.

The old rows get theirs in a revision of its own, in batches. A column that is NOT NULL becomes so
after that, through a CHECK constraint that is validated first.
"""

from __future__ import annotations

import ast

from sqlmodel_migrations.database.catalog import Table
from sqlmodel_migrations.generate.source import Edit, end, start
from sqlmodel_migrations.lint import safe_form
from sqlmodel_migrations.lint.fixes.base import Case, Piece, Plan, Wait
from sqlmodel_migrations.lint.op_call import OpCall, keyword, removal, tidy
from sqlmodel_migrations.lint.rules.base import added
from sqlmodel_migrations.lint.script import NotMechanical

_KNOWN = frozenset(("nullable", "server_default", "comment", "default"))


def plan(case: Case) -> Plan:
    """Take the default out of the column, set it, and fill the old rows."""
    case.require("add_column")
    made = _column(case.call)
    default = keyword(made, "server_default")
    if default is None or any(each.arg not in _KNOWN for each in made.keywords):
        raise NotMechanical("the column is more than a type and a server default")
    column = added(case.match.statement, "column")[0]
    assert column.table is not None
    table = case.table(column.table)
    where = "" if table.schema is None else f", schema={safe_form.literal(table.schema)}"
    names = f"{safe_form.literal(table.name)}, {safe_form.literal(column.name)}"
    text = case.call.written(default)
    setting = tidy(f"op.alter_column({names}, server_default={text}{where})")
    words = frozenset((table.name.casefold(), column.name.casefold()))
    back = case.way_back("drop_column", words=words)
    dropped = tidy(f"op.drop_column({names}{where})")
    pieces = [
        Piece(
            f"add {table.name}.{column.name}",
            f"{_bare(case.call, made)}\n{setting}",
            back.text if back else "",
            moved_down=dropped,
        ),
        _filling(case, table, column.name),
    ]
    if _is_required(made):
        pieces += safe_form.required(case, table, column.name, call=None, back=None)
    wait = Wait(table=table.name.casefold(), columns=frozenset([column.name.casefold()]))
    return Plan(case.block, tuple(pieces), back, wait)


def _column(call: OpCall) -> ast.Call:
    """The `sa.Column(name, type, …)`; raises `NotMechanical` for any other."""
    made = call.argument(1, "column")
    if not isinstance(made, ast.Call) or len(made.args) > 2:
        raise NotMechanical("the column is more than a type and a server default")
    return made


def _is_required(made: ast.Call) -> bool:
    said = keyword(made, "nullable")
    if said is not None and not isinstance(said, ast.Constant):
        raise NotMechanical("whether it is NOT NULL is not written out")
    return isinstance(said, ast.Constant) and said.value is False


def _bare(call: OpCall, made: ast.Call) -> str:
    edits = [removal(call.source, made, "server_default")]
    said = keyword(made, "nullable")
    if said is not None:
        edits.append(Edit(start(said), end(said), "True"))
    return call.replacing(edits)


def _filling(case: Case, table: Table, column: str) -> Piece:
    name, key = case.sql_name(column), safe_form.row_key(case, table)
    statement = f"UPDATE {case.sql_table(table.key)} SET {name} = DEFAULT"
    code = safe_form.batches(case.sql_table(table.key), key, statement, f"{name} IS NULL")
    return Piece(f"fill {table.name}.{column}", code, alone=True)
