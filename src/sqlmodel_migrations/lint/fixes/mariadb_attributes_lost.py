"""MariaDB and MySQL: MODIFY states the whole column, so the call says what is to stay.

Alembic sends what the call says; `existing_nullable`, `existing_server_default` and
`existing_comment` make it say the rest. Under our env.py they are asked of the database, and
nothing is lost.
"""

from __future__ import annotations

from sqlmodel_migrations.lint import safe_form
from sqlmodel_migrations.lint.fixes.base import Case, Piece, Plan
from sqlmodel_migrations.lint.script import NotMechanical

_KINDS = ("nullable", "default", "comment")


def plan(case: Case) -> Plan:
    """Add what was there before to the call."""
    case.require("alter_column")
    statement = case.match.statement
    before = {c.kind: c.before for c in statement.facts.changes if c.kind in _KINDS}
    lost = {"nullable" if x.kind == "not null" else x.kind for x in statement.facts.losses}
    for unsaid in sorted(lost - before.keys()):
        raise NotMechanical(f"the call has no argument for its {unsaid}")
    said = {kind: before[kind] for kind in _KINDS if kind in lost}
    arguments = {_ARGUMENTS[kind]: _source(kind, str(value)) for kind, value in said.items()}
    named = {keyword.arg for keyword in case.call.node.keywords}
    for argument in arguments:
        if argument in named:
            raise NotMechanical(f"the call says otherwise: '{argument}'")
    piece = Piece("keep what is not said", case.call.adding(**arguments))
    kept = frozenset((c.table, c.name, c.kind) for c in statement.facts.changes if c.kind in lost)
    return Plan(case.block, (piece,), kept=kept)


_ARGUMENTS = {
    "nullable": "existing_nullable",
    "default": "existing_server_default",
    "comment": "existing_comment",
}


def _source(kind: str, value: str) -> str:
    if kind == "nullable":
        return "False"
    if kind == "comment":
        return safe_form.literal(value)
    return f"sa.text({safe_form.literal(value.replace(':', chr(92) + ':'))})"
