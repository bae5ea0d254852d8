"""What earlier statements made: a new table harms nobody, and a new column holds nothing yet."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlmodel_migrations.database.statement import Statement
from sqlmodel_migrations.lint.guess import action, reach
from sqlmodel_migrations.lint.guess.action import Act, Action


@dataclass
class Made:
    """Names in small letters; columns, as pairs with their table, are NULL in every row."""

    tables: set[str] = field(default_factory=set)
    columns: set[tuple[str, str]] = field(default_factory=set)

    def note(self, statement: Statement) -> None:
        """Keep what a statement makes."""
        for each in action.parse(statement):
            table = each.table.lower()
            if each.act is Act.CREATE_TABLE:
                self.tables.add(table)
            elif each.act is Act.ADD_COLUMN and not each.has_value:
                self.columns.add((table, each.name.lower()))
            else:
                self.columns.discard(_filled(each))

    def reaches(self, each: Action) -> bool:
        """Whether each row meets a condition: it asks for those that are NULL in a new column."""
        return _filled(each) in self.columns


def _filled(each: Action) -> tuple[str, str]:
    """The column that is NULL in the rows that an UPDATE or DELETE is about; no name else."""
    column = reach.null_column(each.text) if each.act in (Act.UPDATE, Act.DELETE) else None
    return each.table.lower(), column or ""
