"""A CHECK constraint proves that no row is NULL: added NOT VALID, validated in the next revision.

There SET NOT NULL follows at once: the server believes the constraint and reads nothing, so that
its lock is held for a moment only. The constraint has then done its work and is dropped.
"""

from __future__ import annotations

from sqlmodel_migrations.lint import safe_form
from sqlmodel_migrations.lint.fixes.base import Case, Plan
from sqlmodel_migrations.lint.rules.base import changed
from sqlmodel_migrations.lint.script import NotMechanical

_KNOWN = frozenset(("nullable", "schema", "existing_type", "existing_nullable", "existing_comment",
                    "existing_server_default"))  # fmt: skip


def plan(case: Case) -> Plan:
    """Keep the call, with a proof before it."""
    case.require("alter_column")
    if any(keyword.arg not in _KNOWN for keyword in case.call.node.keywords):
        raise NotMechanical("the call changes more than NOT NULL")
    (column,) = [c for c in changed(case.match.statement, "nullable") if c.after == "NOT NULL"]
    assert column.table is not None
    table = case.table(column.table)
    words = frozenset((table.name.casefold(), column.name.casefold()))
    back = case.way_back("alter_column", words=words)
    pieces = safe_form.required(
        case, table, column.name, call=case.block.text, back=back.text if back else None
    )
    return Plan(case.block, pieces, back)
