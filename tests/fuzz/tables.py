"""A drawn schema as tables of SQLAlchemy."""

from __future__ import annotations

from dataclasses import dataclass

from .kind import KINDS
from .schema import (
    Check,
    Column,
    EnumType,
    ForeignKey,
    Index,
    Part,
    Schema,
    Table,
    Unique,
)


def written(schema: Schema) -> str:
    """Return the statements that add the tables to `metadata`."""
    return "\n".join(Writer(schema, table).source for table in schema.tables)


@dataclass
class Writer:
    """One table as source; what its items say serves classes as well."""

    schema: Schema
    table: Table

    @property
    def source(self) -> str:
        items = [*map(self._column, self.table.columns), *map(self.part, self.constraints)]
        options = [f"{key}={value}" for key, value in self.options]
        lines = "".join(f"    {item},\n" for item in (*items, *options))
        made = f"sa.Table(\n    {self.table.name!r},\n    metadata,\n{lines})\n"
        return f"table = {made}" + "".join(f"{index}\n" for index in self.indexes)

    @property
    def options(self) -> list[tuple[str, str]]:
        """What is said of the table itself: keywords of `sa.Table` with their sources."""
        said = (("comment", self.table.comment), ("schema", self.table.schema))
        return [*self.table.options, *((k, repr(v)) for k, v in said if v is not None)]

    @property
    def indexes(self) -> list[str]:
        return [self.index(part) for part in self.table.parts if isinstance(part, Index)]

    @property
    def constraints(self) -> list[Part]:
        return [part for part in self.table.parts if not isinstance(part, Index)]

    def _column(self, column: Column) -> str:
        arguments = [repr(column.name), self.type(column)]
        arguments += self.generated(column)
        if column.is_key:
            arguments.append("primary_key=True")
            arguments += ["autoincrement=False"] * (not column.is_numbered)
        elif not column.nullable:
            arguments.append("nullable=False")
        if column.server_default is not None:
            arguments.append(f"server_default={column.server_default}")
        if column.default is not None:
            arguments.append(f"default={column.default[0]}")
        if column.comment is not None:
            arguments.append(f"comment={column.comment!r}")
        arguments += ["index=True"] * column.is_indexed + ["unique=True"] * column.is_unique
        return f"sa.Column({', '.join(arguments)})"

    def generated(self, column: Column) -> list[str]:
        """What makes the values of a column, where the database does."""
        if column.computed is not None:
            expression = self.condition(column.computed, column.of)
            return [f"sa.Computed({expression!r}, persisted={column.is_stored!r})"]
        return [column.identity] if column.identity is not None else []

    def type(self, column: Column) -> str:
        if column.kind == "enum":
            source = self.enum(self.schema.enum(column))
            return f"postgresql.ARRAY({source})" if column.is_array else source
        return KINDS[column.kind].source

    def enum(self, enum: EnumType) -> str:
        labels = ", ".join(repr(label) for _, label in enum.labels)
        return f"sa.Enum({labels}, {enum_options(enum)})"

    def part(self, part: Part) -> str:
        name = f", name={part.name!r}" if part.name is not None else ""
        if isinstance(part, Unique):
            return f"sa.UniqueConstraint({self._names(part.columns)}{name})"
        if isinstance(part, Check):
            condition = self.condition(part.condition, part.column)
            return f"sa.CheckConstraint({condition!r}{name})"
        assert isinstance(part, ForeignKey)
        return self._foreign_key(part, name)

    def _foreign_key(self, key: ForeignKey, name: str) -> str:
        target = self.schema.table(key.target)
        assert target is not None
        own = [self.table.column(uid).name for uid in key.columns]
        theirs = [f"{target.full_name}.{column.name}" for column in target.key]
        actions = "".join(
            f", {action}={value!r}"
            for action, value in (("ondelete", key.ondelete), ("onupdate", key.onupdate))
            if value is not None
        )
        deferrable = ", deferrable=True, initially='DEFERRED'" if key.deferrable else ""
        return f"sa.ForeignKeyConstraint({own!r}, {theirs!r}{name}{actions}{deferrable})"

    def index(self, index: Index) -> str:
        first = self._item(index.columns[0])
        if index.template is not None:
            expression = index.template.replace("{c}", self._quoted(index.columns[0]))
            first = f"sa.text({_escaped(expression)!r})"
            if index.template == "DESC":
                first = f"{self._item(index.columns[0])}.desc()"
        items = ", ".join((first, *map(self._item, index.columns[1:])))
        options = ", unique=True" * index.is_unique
        database = self.schema.database
        if index.where is not None:
            where = index.where.replace("{c}", self._quoted(index.columns[0]))
            options += f", {database}_where=sa.text({_escaped(where)!r})"
        if index.method is not None:
            options += f", {database}_using={index.method!r}"
        if index.include:
            names = [self.table.column(uid).name for uid in index.include]
            options += f", {database}_include={names!r}"
        return f"sa.Index({index.name!r}, {items}{options})"

    def _item(self, uid: int) -> str:
        return f"table.c[{self.table.column(uid).name!r}]"

    def _names(self, uids: list[int]) -> str:
        return ", ".join(repr(self.table.column(uid).name) for uid in uids)

    def _quoted(self, uid: int) -> str:
        return self.schema.quote(self.table.column(uid).name)

    def condition(self, template: str, column: int | None) -> str:
        assert column is not None
        return _escaped(template.replace("{c}", self._quoted(column)))


def enum_options(enum: EnumType) -> str:
    """The arguments of an enum behind its labels."""
    native = "" if enum.is_native else ", native_enum=False, length=20"
    check = ", create_constraint=True" if enum.is_checked else ""
    return f"name={enum.name!r}{native}{check}"


def _escaped(text: str) -> str:
    """SQL in which `sa.text()` sees no parameter."""
    return text.replace(":", "\\:")
