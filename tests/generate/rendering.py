"""What the tests of rendered text share: contexts, and a text read back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.engine import Dialect

URLS = {
    "sqlite": "sqlite://",
    "postgresql": "postgresql+psycopg://",
    "asyncpg": "postgresql+asyncpg://",
    "mysql": "mysql+pymysql://",
}
DIALECTS: dict[str, Dialect] = {
    name: sa.make_url(url).get_dialect()() for name, url in URLS.items()
}


def context(dialect: str = "sqlite", **options: Any) -> AutogenContext:
    """Return what Alembic hands to `render_item`."""
    migration = MigrationContext.configure(dialect=DIALECTS[dialect])
    opts = {
        "sqlalchemy_module_prefix": "sa.",
        "alembic_module_prefix": "op.",
        "user_module_prefix": None,
        **options,
    }
    return AutogenContext(migration, sa.MetaData(), opts=opts)


def read_back(text: str, autogen_context: AutogenContext) -> Any:
    """Evaluate a text as a script would: with `sa`, `op` and the collected imports alone."""
    namespace: dict[str, Any] = {"sa": sa, "op": Operations(autogen_context.migration_context)}
    exec("\n".join(sorted(autogen_context.imports)), namespace)
    return eval(text, namespace)


def ddl(type_: Any, dialect: str) -> str:
    """Return a type's DDL, or the name of the error for a type that the dialect lacks."""
    try:
        return str(type_.compile(dialect=DIALECTS[dialect]))
    except (sa.exc.CompileError, AttributeError) as error:  # another dialect's type
        return type(error).__name__


def create_table(*items: Any, dialect: str, **options: Any) -> str:
    """Return the CREATE TABLE of a table `t` with these columns and constraints."""
    table = sa.Table("t", sa.MetaData(), *items, **options)
    return str(sa.schema.CreateTable(table).compile(dialect=DIALECTS[dialect]))
