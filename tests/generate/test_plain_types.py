"""Every type is written plainly, and its text gives the same type back."""

from __future__ import annotations

import enum
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import render_python_code
from alembic.operations import ops
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlmodel.sql.sqltypes import AutoString

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.generate.plain_types import render_item, render_type

from .rendering import DIALECTS, context, create_table, ddl, read_back

KINDS = ("sqlite", "postgresql", "mysql")


class Mood(enum.Enum):
    """An enum whose names and values differ, and whose values need quoting."""

    SAD = "it's \\ 100%"
    OK = 'a "quote"'


def values(enum_class: type[enum.Enum]) -> list[str]:
    """Return what an application stores when it stores values."""
    return [member.value for member in enum_class]


class Slug(sa.types.TypeDecorator[str]):
    impl = sa.String
    cache_ok = True


class Guid(sa.types.TypeDecorator[str]):
    """The recipe of SQLAlchemy's documentation."""

    impl = sa.CHAR
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID())
        return dialect.type_descriptor(sa.CHAR(32))


class Document(sa.types.TypeDecorator[Any]):
    impl = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    cache_ok = True


class Outer(sa.types.TypeDecorator[str]):
    impl = Slug
    cache_ok = True


class Moment(sa.types.TypeDecorator[Any]):
    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.DateTime(timezone=True))


class Short(sa.String):
    """A subclass whose constructor takes no arguments."""

    def __init__(self) -> None:
        super().__init__(7)


class Point(sa.types.UserDefinedType[Any]):
    """There is no plain form of this."""

    cache_ok = True

    def __init__(self, srid: int = 0):
        self.srid = srid

    def get_col_spec(self, **kw: Any) -> str:
        return f"POINT({self.srid})"


class Mute(Point):
    """Its arguments cannot be found."""

    def __init__(self, *, number: int):
        super().__init__(number)


class Spelled(sa.types.TypeDecorator[str]):
    """Its DDL is not that of what it decorates."""

    impl = sa.String
    cache_ok = True


@compiles(Spelled)
def _spelled(type_: Spelled, compiler: Any, **kw: Any) -> str:
    return "CITEXT"


SQLALCHEMY = [
    sa.BigInteger(),
    sa.Boolean(),
    sa.Boolean(create_constraint=True, name="flag"),
    sa.CHAR(3),
    sa.Date(),
    sa.DateTime(timezone=True),
    sa.Double(53),
    sa.Float(5),
    sa.Interval(),
    sa.Interval(native=False, second_precision=3),
    sa.JSON(none_as_null=True),
    sa.LargeBinary(4),
    sa.BINARY(3),
    sa.Numeric(10, 2),
    sa.Numeric(),
    sa.PickleType(),
    sa.PickleType(impl=mysql.LONGBLOB()),
    sa.String(5, collation="C"),
    sa.String(5, collation="utf8mb4_bin"),
    sa.Text(collation="de_DE.utf8"),
    sa.TIMESTAMP(timezone=True),
    sa.Time(),
    sa.Unicode(4),
    sa.UnicodeText(),
    sa.Uuid(as_uuid=False, native_uuid=False),
    sa.Uuid(),
    sa.UUID(as_uuid=False),
    sa.types.MatchType(),
    sa.types.NullType(),
    sa.ARRAY(sa.Integer, dimensions=2, as_tuple=True),
    sa.ARRAY(sa.Enum("a+", "b\\1*", name="k")),
    sa.Enum(Mood),
    sa.Enum(Mood, values_callable=values),
    sa.Enum("a", "b", name="k", schema="s"),
    sa.Enum("a", "b", name="k", metadata=sa.MetaData(schema="s")),
    sa.Enum("a", "b", name="it's Ä"),
    sa.Enum("a", "b", name="kind", quote=True),
    sa.Enum("a", "b", name="k", native_enum=False),
    sa.Enum("a", "b", name="k", native_enum=False, create_constraint=True, length=30),
    sa.Enum("a", name="k", native_enum=False, length=None),
    postgresql.ARRAY(postgresql.ENUM("a+", "b*", name="k", create_type=False)),
    postgresql.BIT(3, varying=True),
    postgresql.CITEXT(),
    postgresql.DOMAIN("d", sa.Integer(), check="VALUE > 0", not_null=True),
    postgresql.DOMAIN("d", sa.Text(), default=sa.text("'a %'"), collation="C", schema="s"),
    postgresql.ENUM("a", "b", name="k", create_type=False, schema="s"),
    postgresql.HSTORE(),
    postgresql.INET(),
    postgresql.INTERVAL(fields="DAY"),
    postgresql.JSON(none_as_null=True),
    postgresql.JSONB(),
    postgresql.NUMRANGE(),
    postgresql.TIMESTAMP(precision=3, timezone=True),
    postgresql.TSVECTOR(),
    mysql.BIT(3),
    mysql.DATETIME(fsp=6),
    mysql.DOUBLE(asdecimal=True),
    mysql.ENUM("a", "b'", charset="latin1"),
    mysql.INTEGER(unsigned=True, display_width=4),
    mysql.LONGTEXT(),
    mysql.SET("a", "b"),
    mysql.TINYINT(1),
    mysql.VARCHAR(5, charset="latin1", collation="latin1_bin"),
    sqlite.DATETIME(),
    sqlite.JSON(),
    sa.JSON().with_variant(postgresql.JSONB(), "postgresql").with_variant(sa.Text(), "mysql"),
]
APPLICATION = [
    AutoString(50),
    Slug(5),
    Slug(5).with_variant(sa.Text(), "mysql"),
    Outer(9),
    Document(),
    Document().with_variant(sa.Text(), "postgresql"),
    Moment(),
    Short(),
    sa.ARRAY(Slug(5)),
    sa.Integer().with_variant(Slug(5), "mysql"),
    postgresql.ARRAY(AutoString(4)),
    Spelled(),
    Point(4326),
]


@pytest.mark.parametrize("dialect", KINDS)
@pytest.mark.parametrize("type_", SQLALCHEMY + APPLICATION, ids=repr)
def test_a_text_gives_the_same_ddl_back(type_: Any, dialect: str) -> None:
    here = context(dialect)
    again = read_back(render_type(type_, here), here)
    for other in KINDS:
        assert ddl(again, other) == ddl(type_, other)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("type_", [Guid(), AutoString()], ids=repr)
def test_a_text_gives_the_same_ddl_back_on_the_dialect_at_hand(type_: Any, dialect: str) -> None:
    here = context(dialect)
    assert ddl(read_back(render_type(type_, here), here), dialect) == ddl(type_, dialect)


@pytest.mark.parametrize("type_", APPLICATION[:-2], ids=repr)
def test_plain_types_import_nothing_of_the_application(type_: Any) -> None:
    here = context("postgresql")
    render_type(type_, here)
    assert here.imports <= {"from sqlalchemy.dialects import postgresql"}


@pytest.mark.parametrize(
    ("type_", "dialect", "text"),
    [
        (AutoString(50), "sqlite", "sa.String(length=50)"),
        (AutoString(), "postgresql", "sa.String()"),
        (AutoString(), "mysql", "sa.String(length=255)"),
        (Guid(), "sqlite", "sa.CHAR(length=32)"),
        (Guid(), "postgresql", "sa.Uuid()"),
        (Moment(), "sqlite", "sa.DateTime(timezone=True)"),
        (Moment(), "asyncpg", "sa.DateTime(timezone=True)"),
        (Short(), "sqlite", "sa.String(length=7)"),
        (sa.Enum(Mood), "sqlite", "sa.Enum('SAD', 'OK', name='mood')"),
        (postgresql.JSONB(), "postgresql", "postgresql.JSONB(astext_type=sa.Text())"),
        (
            Document(),
            "sqlite",
            "sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), 'postgresql')",
        ),
        (sa.Enum("a", name=sa.sql.elements.conv("k")), "sqlite", "sa.Enum('a', name=op.f('k'))"),
    ],
    ids=str,
)
def test_texts(type_: Any, dialect: str, text: str) -> None:
    assert render_type(type_, context(dialect)) == text


def test_utc_date_time_of_newer_sqlmodel() -> None:
    sqltypes = pytest.importorskip("sqlmodel.sql.sqltypes")
    if not hasattr(sqltypes, "UTCDateTime"):
        pytest.skip("this sqlmodel has no UTCDateTime")
    assert render_type(sqltypes.UTCDateTime(), context()) == "sa.DateTime(timezone=True)"


def test_an_enum_takes_the_schema_of_its_table() -> None:
    kind = sa.Enum("a", name="k", metadata=sa.MetaData(schema="s"))
    table = sa.Table("t", sa.MetaData(schema="s"), sa.Column("k", kind))
    text = render_type(table.c.k.type, context("postgresql"))
    assert text == "sa.Enum('a', name='k', schema='s')"


def test_a_check_constraint_of_an_enum_comes_back() -> None:
    type_ = sa.Enum("50%", "b", name="k", native_enum=False, create_constraint=True)
    here = context("postgresql")
    again = read_back(render_type(type_, here), here)
    before = create_table(sa.Column("c", type_), dialect="postgresql")
    assert "CHECK" in before
    assert create_table(sa.Column("c", again), dialect="postgresql") == before


def test_a_type_without_a_plain_form_is_imported_visibly() -> None:
    here = context()
    text = render_type(Point(4326), here)
    assert text == f"{Point.__module__}.Point(srid=4326)"
    assert here.imports == {f"import {Point.__module__}"}


def test_a_type_that_no_text_gives_back_is_refused() -> None:
    with pytest.raises(UsageError, match="'Mute' cannot be written"):
        render_type(Mute(number=3), context())


def test_a_local_type_is_refused_unless_it_has_a_plain_form() -> None:
    class Plain(sa.types.TypeDecorator[str]):
        impl = sa.Text
        cache_ok = True

    class Local(Point):
        pass

    assert render_type(Plain(), context()) == "sa.Text()"
    with pytest.raises(UsageError, match="cannot be written"):
        render_type(Local(), context())


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Install a package `thirdparty` of column types, as pip would."""
    folder = tmp_path / "site-packages" / "thirdparty" / "sqlalchemy"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "__init__.py").write_text("from .vector import *\n")
    (folder / "vector.py").write_text(
        textwrap.dedent("""
            import sqlalchemy as sa

            class VECTOR(sa.types.UserDefinedType):
                cache_ok = True
                def __init__(self, dim=None):
                    self.dim = dim
                def get_col_spec(self, **kw):
                    return f"VECTOR({self.dim})"

            class Email(sa.types.TypeDecorator):
                impl = sa.String
                cache_ok = True
                def __init__(self, length=255, secret=None):
                    super().__init__(length)
                    self.secret = secret

            class Binary(sa.types.TypeDecorator):
                impl = sa.BINARY(16)
                cache_ok = True

            class Choice(sa.types.TypeDecorator):
                impl = sa.String(9)
                cache_ok = True
                def __init__(self, choices):
                    self.choices = choices
        """)
    )
    monkeypatch.syspath_prepend(folder.parents[1])
    before = set(sys.modules)
    yield __import__("thirdparty.sqlalchemy").sqlalchemy
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("VECTOR(3)", "thirdparty.sqlalchemy.VECTOR(dim=3)"),
        ("Email(secret='s3cret')", "thirdparty.sqlalchemy.Email(length=255)"),
        ("Binary()", "thirdparty.sqlalchemy.Binary(length=16)"),
        ("Choice([1])", "sa.String(length=9)"),
    ],
)
def test_installed_types_keep_their_name(installed: Any, source: str, text: str) -> None:
    here = context("postgresql")
    type_ = eval(source, vars(installed))
    assert render_type(type_, here) == text
    assert here.imports == ({"import thirdparty.sqlalchemy"} if "thirdparty" in text else set())
    assert ddl(read_back(text, here), "postgresql") == ddl(type_, "postgresql")


def test_installed_types_inside_others_keep_their_import(installed: Any) -> None:
    here = context("postgresql")
    text = render_type(sa.JSON().with_variant(installed.VECTOR(3), "postgresql"), here)
    assert text == "sa.JSON().with_variant(thirdparty.sqlalchemy.VECTOR(dim=3), 'postgresql')"
    assert here.imports == {"import thirdparty.sqlalchemy"}


def test_an_installed_application_is_no_third_party(installed: Any) -> None:
    here = context()
    assert render_type(installed.Email(), here, application=["thirdparty"]) == (
        "sa.String(length=255)"
    )
    assert not here.imports


def test_alembic_asks_for_every_item() -> None:
    columns = [
        sa.Column("id", sa.Integer, primary_key=True, default=lambda: 1, info={"app": object()}),
        sa.Column("name", AutoString(50), server_default="50%: 'x'", comment="100% \\ 'é'"),
        sa.CheckConstraint(r"name <> ' \:b' AND name LIKE '%x'", name="c"),
    ]
    upgrade = ops.UpgradeOps([ops.CreateTableOp("t", columns)])
    text = render_python_code(
        upgrade, render_item=render_item, migration_context=context().migration_context
    )
    assert "sa.Column('name', sa.String(length=50), server_default=\"50%: 'x'\"" in text
    assert "comment=\"100% \\\\ 'é'\"" in text
    assert "sa.CheckConstraint(\"name <> ' \\\\:b' AND name LIKE '%x'\", name='c')" in text
    assert "default=" not in text.replace("server_default=", "")
    assert "info=" not in text


def test_other_items_are_left_to_alembic() -> None:
    assert render_item("column", sa.Column("a"), context()) is False
