"""The index is built CONCURRENTLY, in an autocommit block and a revision of its own.

Of its own, because the block commits what came before it: a failure after that would leave half of
the revision behind. Without IF NOT EXISTS, since a build that failed leaves an invalid index.
"""

from __future__ import annotations

from sqlmodel_migrations.lint import safe_form
from sqlmodel_migrations.lint.fixes.base import Case, Piece, Plan, Wait
from sqlmodel_migrations.lint.op_call import keyword
from sqlmodel_migrations.lint.rules.base import added


def plan(case: Case) -> Plan:
    """Write the same call with `postgresql_concurrently`."""
    case.require("create_index")
    index = added(case.match.statement, "index")[0]
    assert index.table is not None
    back = case.way_back("drop_index", words=frozenset([index.name.casefold()]))
    built = safe_form.autocommit(case.call.adding(postgresql_concurrently="True"))
    table = case.table(index.table)
    piece = Piece(
        f"build {index.name}",
        built,
        back.text if back else "",
        moved_down=safe_form.drop_index(index.name, table),
        alone=True,
    )
    columns = case.block.words - {table.name.casefold()} if _is_unique(case) else frozenset()
    wait = Wait(frozenset([index.name.casefold()]), table.name.casefold(), columns)
    return Plan(case.block, (piece,), back, wait)


def _is_unique(case: Case) -> bool:
    """Whether a foreign key may refer to it."""
    return keyword(case.call.node, "unique") is not None
