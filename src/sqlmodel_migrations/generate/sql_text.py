"""SQL expressions as text that means the same when a script reads it back.

Alembic writes what the compiler gives it. A script hands that text to `sa.text()`, which takes
`:name` for a parameter, and compiles it again, which doubles every `%` once more under drivers
with the paramstyles `format` and `pyformat`. Neighbour: `plain_types` renders the types.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any, Literal

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from alembic.ddl.impl import DefaultImpl
from sqlalchemy.sql.compiler import BIND_PARAMS, BIND_PARAMS_ESC
from sqlalchemy.sql.elements import conv


def expression_text(expression: sa.ClauseElement, context: AutogenContext, **kinds: bool) -> str:
    """Return the expression's SQL, to be read back by `sa.text()` or as a constraint's text.

    `kinds` are Alembic's `is_server_default` and `is_index`; an index's text is read back by
    `sa.literal_column()`, which knows no parameters.
    """
    return _expression_text(context.migration_context.impl, expression, **kinds)


def render_server_default(default: Any, context: AutogenContext) -> str | Literal[False]:
    """Render a column's server default, or return False where Alembic is right.

    Alembic takes the quotes off a default that is a Python string, which is right for a reflected
    one and wrong for a model's: there they are part of the value.
    """
    if isinstance(default, sa.Computed):
        return _computed(default, context)
    if not isinstance(default, sa.DefaultClause):
        return False
    if isinstance(default.arg, str):
        return repr(str(default.arg))
    text = expression_text(default.arg, context, is_server_default=True)
    return f"{sa_prefix(context)}text({text!r})"


def render_check(check: sa.CheckConstraint, context: AutogenContext) -> str | Literal[False]:
    """Render a table's CHECK, or return False for one that comes with its column's type."""
    if getattr(check, "_type_bound", False):
        return False
    arguments = [repr(expression_text(check.sqltext, context))]
    if isinstance(check.name, str):
        arguments.append(f"name={render_name(check.name, context)}")
    arguments += [f"{key}={value!r}" for key, value in check.dialect_kwargs.items()]
    return f"{sa_prefix(context)}CheckConstraint({', '.join(arguments)})"


def render_name(name: str, context: AutogenContext) -> str:
    """Render a name; `op.f()` marks one to which the naming convention was applied already."""
    if not isinstance(name, conv):
        return repr(str(name))
    return f"{context.opts.get('alembic_module_prefix') or ''}f({str(name)!r})"


def sa_prefix(context: AutogenContext) -> str:
    """Return what stands before SQLAlchemy's names in a script: `sa.`."""
    return context.opts.get("sqlalchemy_module_prefix") or ""


@contextlib.contextmanager
def readable_back(context: AutogenContext) -> Iterator[None]:
    """Let Alembic's own renderers write texts that mean the same when they are read back.

    For what never passes `render_item`: expressions of indexes, `postgresql_where`, the CHECKs of
    `create_check_constraint`, exclusion constraints. Only the one `impl` is changed.
    """
    impl = context.migration_context.impl

    def render_ddl_sql_expr(expression: sa.ClauseElement, **kinds: Any) -> str:
        return _expression_text(impl, expression, **kinds)

    vars(impl)["render_ddl_sql_expr"] = render_ddl_sql_expr
    try:
        yield
    finally:
        del vars(impl)["render_ddl_sql_expr"]


def _expression_text(impl: DefaultImpl, expression: sa.ClauseElement, **kinds: bool) -> str:
    # The class's function: on the instance may stand that of `readable_back`.
    text = type(impl).render_ddl_sql_expr(impl, _without_parameters(expression), **kinds)
    if getattr(impl.dialect.identifier_preparer, "_double_percents", False):
        text = text.replace("%%", "%")
    return text if kinds.get("is_index") else escape_parameters(text)


def _without_parameters(expression: sa.ClauseElement) -> sa.ClauseElement:
    """Take colons for what they are in texts that were read from a database.

    SQLAlchemy's reflection hands a default like `'a :b'` to `sa.text()`, which would write NULL
    in the place of a parameter that nobody gave.
    """
    if not isinstance(expression, sa.TextClause):
        return expression
    if not any(found.required for found in expression._bindparams.values()):
        return expression
    return sa.text(escape_parameters(expression.text))


def escape_parameters(text: str) -> str:
    r"""Write `\:` where `sa.text()` would see a parameter, with SQLAlchemy's own expressions."""
    literal = BIND_PARAMS_ESC.sub(_with_backslash, text)
    return BIND_PARAMS.sub(_with_backslash, literal)


def _with_backslash(match: re.Match[str]) -> str:
    return "\\" + match.group(0)


def _computed(computed: sa.Computed, context: AutogenContext) -> str:
    arguments = [repr(expression_text(computed.sqltext, context))]
    if computed.persisted is not None:
        arguments.append(f"persisted={computed.persisted!r}")
    return f"{sa_prefix(context)}Computed({', '.join(arguments)})"
