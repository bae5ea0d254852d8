"""What only a session knows, and nobody after it: temporary tables, variables, settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlmodel_migrations.database import target
from sqlmodel_migrations.database.statement import Statement
from sqlmodel_migrations.run import effect
from sqlmodel_migrations.run.call import Call
from sqlmodel_migrations.run.effect import Kind


@dataclass
class SessionState:
    """The state of the session that runs a script; `temporary` are the names of its tables."""

    dialect: str
    temporary: set[str] = field(default_factory=set)

    def see(self, call: Call) -> None:
        """Take in the temporary tables that a call makes."""
        self.temporary.update(filter(None, map(target.temporary, call.statements)))

    def is_all_that_changes(self, statement: Statement) -> bool:
        """Whether a statement changes nothing but what ends with the session."""
        if effect.of(self.dialect).kind(statement) is Kind.SESSION:
            return True
        if not self.temporary or statement.verb == "DROP":
            return False
        changed = target.changed(statement) or frozenset()
        return bool(changed) and changed <= self.temporary
