"""A unique index is built CONCURRENTLY, and the constraint takes it over.

ADD CONSTRAINT … USING INDEX needs its lock for a moment only. Both stand in one revision, so that
its downgrade drops both; IF NOT EXISTS lets it run again where the second of the two failed. What a
failed build leaves is no valid index, and is refused by name.
"""

from __future__ import annotations

from sqlmodel_migrations.generate.source import Edit, end, start
from sqlmodel_migrations.lint import safe_form
from sqlmodel_migrations.lint.fixes.base import Case, Piece, Plan, Wait
from sqlmodel_migrations.lint.op_call import OpCall, tidy
from sqlmodel_migrations.lint.rules.base import constraints
from sqlmodel_migrations.lint.script import NotMechanical

_KNOWN = frozenset(("constraint_name", "table_name", "columns", "schema"))


def plan(case: Case) -> Plan:
    """Write an index in the place of the constraint, and the constraint with it."""
    case.require("create_unique_constraint")
    if any(keyword.arg not in _KNOWN for keyword in case.call.node.keywords):
        raise NotMechanical("the constraint has options that an index has not")
    constraint = constraints(case.match.statement, "UNIQUE")[0]
    assert constraint.table is not None
    name = case.sql_name(constraint.name)
    sql = f"ALTER TABLE {case.sql_table(constraint.table)} ADD CONSTRAINT {name} UNIQUE USING INDEX"
    added = safe_form.executed(safe_form.escaped(f"{sql} {name}"))
    back = case.way_back("drop_constraint", words=frozenset([constraint.name.casefold()]))
    table = case.table(constraint.table)
    dropped = safe_form.drop_constraint(constraint.name, table, "unique")
    piece = Piece(
        f"build {constraint.name}",
        f"{safe_form.autocommit(_index(case, constraint.name))}\n{added}",
        back.text if back else "",
        moved_down=dropped,
        alone=True,
    )
    words = case.block.words - {table.name.casefold()}
    wait = Wait(frozenset([constraint.name.casefold()]), table.name.casefold(), words)
    return Plan(case.block, (piece,), back, wait)


def _index(case: Case, name: str) -> str:
    """The call as that of an index: its first three arguments are the same."""
    call = case.call
    if call.argument(0, "constraint_name") is None or case.call.text_of(0, "") != name:
        raise NotMechanical("the name is not written out in the call")
    function = call.node.func
    edits = [Edit(start(function), end(function), "op.create_index")]
    names = {"constraint_name": "index_name"}
    for keyword in call.node.keywords:
        if keyword.arg in names:
            at = start(keyword)
            edits.append(Edit(at, (at[0], at[1] + len(keyword.arg)), names[keyword.arg]))
    text = call.source.edited(edits)
    index = OpCall(text).adding(unique="True", postgresql_concurrently="True", if_not_exists="True")
    return tidy(index, was=call.source.segment(call.node), depth=2)
