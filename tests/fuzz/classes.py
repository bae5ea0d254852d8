"""A drawn schema as classes of SQLModel, with relationships: types by annotation where they can."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel.sql import sqltypes

from .schema import Column, ForeignKey, Schema
from .tables import Writer, enum_options

_BASE = """\
class Base(SQLModel, registry=sa.orm.registry(metadata=metadata)):
    pass
"""
# How a class says a kind: an annotation, with arguments of Field. Others have an `sa_type`.
_ANNOTATIONS = {
    "integer": ("int",),
    "string": ("str", "max_length=50"),
    "string200": ("str", "max_length=200"),
    "unlimited": ("str",),
    "short": ("str", "max_length=5"),
    "boolean": ("bool",),
    "float": ("float",),
    "numeric": ("Decimal", "max_digits=10", "decimal_places=2"),
    "numeric14": ("Decimal", "max_digits=14", "decimal_places=4"),
    "date": ("datetime.date",),
    "time": ("datetime.time",),
    "uuid": ("uuid.UUID",),
    "bytes": ("bytes",),
    "interval": ("datetime.timedelta",),
}

if hasattr(sqltypes, "UTCDateTime"):  # Older releases know no zone.
    _ANNOTATIONS["aware"] = ("datetime.datetime",)
    _ANNOTATIONS["datetime"] = ("pydantic.NaiveDatetime",)


def written(schema: Schema) -> str:
    """Return the statements that add the tables to `metadata`."""
    used = {column.enum for table in schema.tables for column in table.columns}
    enums = [
        f"Kind{enum.uid} = enum.Enum('Kind{enum.uid}', {{{members}}})"
        for enum in schema.enums
        if enum.uid in used
        for members in [", ".join(f"{label!r}: 'value {uid}'" for uid, label in enum.labels)]
    ]
    return "\n\n".join((_BASE, *enums, *(_Class(schema, t).source for t in schema.tables)))


class _Class(Writer):
    """One class; its attributes are named by the columns' numbers."""

    @property
    def source(self) -> str:
        table = self.table
        lines = [
            f"class Table{table.uid}(Base, table=True):",
            f"    __tablename__ = {table.name!r}",
            f"    __table_args__ = {self._arguments()}",
            *(f"    {line}" for line in self._fields()),
            *(f"    {line}" for line in self._relationships()),
            "",
            f"table = Table{table.uid}.__table__",
            *self.indexes,
        ]
        return "\n".join(lines) + "\n"

    def _arguments(self) -> str:
        parts = [self.part(p) for p in self.constraints if not self._is_on_field(p)]
        options = ", ".join(f"{key!r}: {value}" for key, value in self.options)
        return f"({''.join(f'{part}, ' for part in parts)}{{{options}}},)"

    def _is_on_field(self, part: object) -> bool:
        """Whether a foreign key is said where its column is."""
        if not isinstance(part, ForeignKey) or len(part.columns) > 1 or part.name is not None:
            return False
        return part.onupdate is None and not part.deferrable

    def _fields(self) -> Iterator[str]:
        keys = {p.columns[0]: p for p in self.table.foreign_keys() if self._is_on_field(p)}
        for column in self.table.columns:
            annotation, arguments = self._typed(column)
            if column.uid in keys:
                arguments += self._reference(keys[column.uid])
            yield f"c{column.uid}: {annotation} = Field({', '.join(arguments)})"

    def _typed(self, column: Column) -> tuple[str, list[str]]:
        arguments = [f"nullable={column.nullable and not column.is_key}"]
        annotation, *said = _ANNOTATIONS.get(column.kind, ("typing.Any",))
        arguments += said if column.kind in _ANNOTATIONS else [f"sa_type={self.type(column)}"]
        arguments += ["primary_key=True"] * column.is_key + ["index=True"] * column.is_indexed
        arguments += ["unique=True"] * column.is_unique
        return annotation, [*arguments, *self._default(column), *self._rest(column)]

    def type(self, column: Column) -> str:
        if column.kind != "enum":
            return super().type(column)
        enum = self.schema.enum(column)
        source = f"sa.Enum(Kind{enum.uid}, {enum_options(enum)})"
        return f"postgresql.ARRAY({source})" if column.is_array else source

    def _default(self, column: Column) -> Iterator[str]:
        if column.default is None:
            return
        source, value = column.default
        if column.kind == "enum" and not column.is_array:
            yield f"default=Kind{column.enum}[{value!r}]"
        elif _is_function(source):
            yield f"default_factory={source}"
        else:
            yield f"default={source}"

    def _rest(self, column: Column) -> Iterator[str]:
        """What only SQLAlchemy's own words say."""
        said = {"name": repr(column.name)}
        if column.server_default is not None:
            said["server_default"] = column.server_default
        if column.comment is not None:
            said["comment"] = repr(column.comment)
        if not column.is_numbered:
            said["autoincrement"] = "False"
        yield f"sa_column_kwargs={{{', '.join(f'{k!r}: {v}' for k, v in said.items())}}}"
        if made := self.generated(column):
            yield f"sa_column_args=[{', '.join(made)}]"

    def _reference(self, key: ForeignKey) -> list[str]:
        target = self.schema.table(key.target)
        assert target is not None
        said = [f"foreign_key={f'{target.full_name}.{target.key[0].name}'!r}"]
        return said + ([f"ondelete={key.ondelete!r}"] if key.ondelete else [])

    def _relationships(self) -> Iterator[str]:
        for key in self.table.foreign_keys():
            options = {"foreign_keys": f"[Table{self.table.uid}.c{key.columns[0]}]"}
            yield (
                f"r{key.uid}: typing.Optional['Table{key.target}']"
                f" = Relationship(sa_relationship_kwargs={options!r})"
            )


def _is_function(source: str) -> bool:
    return source.startswith("lambda") or source in ("uuid.uuid4", "dict", "list")
