"""Types as scripts write them: plain, so that an old script survives the application's changes.

A type of SQLAlchemy keeps its name; one of SQLModel or of the application becomes what it is in
the database; one of an installed package (pgvector, geoalchemy2) keeps its name, with an import.
Whatever is not SQLAlchemy's own is evaluated before it is believed: the text must give the same
DDL. Neighbour: `sql_text` renders the expressions.
"""

from __future__ import annotations

import copy
import functools
import operator
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import exc
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.sql.elements import quoted_name
from sqlalchemy.types import TypeDecorator, TypeEngine, to_instance
from sqlalchemy.util import constructor_copy, immutabledict

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.generate.sql_text import (
    expression_text,
    render_check,
    render_name,
    render_server_default,
    sa_prefix,
)

_Type = TypeEngine[Any]
_Writer = Callable[[_Type, "_Page"], str]

# Installed, and yet not third parties: what is theirs is written as what it is in the database.
_OURS = frozenset({"alembic", "sqlalchemy", "sqlmodel", "sqlmodel_migrations"})


@dataclass(frozen=True)
class _Page:
    """What a type is written for: the dialect at hand, and the imports collected so far."""

    context: AutogenContext
    dialect: Dialect
    application: frozenset[str]
    imports: set[str] = field(default_factory=set)


class _NotPlain(Exception):
    """This way of writing a type does not exist; there may be another."""


def render_item(
    kind: str, obj: Any, autogen_context: AutogenContext, *, application: Collection[str] = ()
) -> str | Literal[False]:
    """Render one item of a script, or return False to leave it to Alembic.

    Usable as Alembic's `render_item`. `application`: top-level packages that are the
    application's although they are installed. Raises UsageError for a type that no text can name.
    """
    if kind == "type":
        return render_type(obj, autogen_context, application=application)
    if kind == "server_default":
        return render_server_default(obj, autogen_context)
    if kind == "check":
        return render_check(obj, autogen_context)
    return False


def render_type(type_: _Type, context: AutogenContext, *, application: Collection[str] = ()) -> str:
    """Render a type plainly and collect the imports that its text needs.

    `application` names top-level packages that are the application's although they are
    installed. Raises UsageError for a class that no text can name.
    """
    page = _Page(
        context, context.dialect or sa.make_url("sqlite://").get_dialect()(), frozenset(application)
    )
    text = _text(type_, page)
    context.imports.update(page.imports)
    return text


def _text(type_: _Type, page: _Page) -> str:
    if _is_native(type(type_)):
        return _native(type_, page) + _variants_text(type_._variant_mapping, page)
    for write in _ways(type_, page):
        draft = replace(page, imports=set())
        if (text := _attempt(write, type_, draft)) is not None:
            page.imports.update(draft.imports)
            return text
    raise UsageError(
        f"the type '{type(type_).__qualname__}' cannot be written into a script: "
        "no text gives the same type back",
        hint=f"give '{type(type_).__qualname__}' a module-level name and a __repr__() that "
        "evaluates, or derive it from TypeDecorator",
    )


def _variants_text(variants: Mapping[str, _Type], page: _Page) -> str:
    text = ""
    for name, variant in sorted(variants.items()):
        there = replace(page, dialect=_dialect(name) or page.dialect)
        text += f".with_variant({_text(variant, there)}, {name!r})"
    return text


@functools.cache
def _dialect(name: str) -> Dialect | None:
    try:
        return make_url(f"{name}://").get_dialect()()
    except exc.ArgumentError:
        return None


def _ways(type_: _Type, page: _Page) -> Iterator[_Writer]:
    """Yield the ways of writing a type that is not SQLAlchemy's, the best first."""
    plain = _decorated_text if isinstance(type_, TypeDecorator) else _inherited_text
    if not _is_third_party(type(type_), page):
        yield plain
    yield _named_text
    yield _named_text_without_arguments
    if _is_third_party(type(type_), page):
        yield plain


def _attempt(write: _Writer, type_: _Type, page: _Page) -> str | None:
    try:
        text = write(type_, page)
        read_back = eval(text, _namespace(page))
    except Exception:
        return None
    return text if _ddl(read_back, page.dialect) == _ddl(type_, page.dialect) else None


def _namespace(page: _Page) -> dict[str, Any]:
    prefix = sa_prefix(page.context).rstrip(".")
    namespace: dict[str, Any] = {prefix: sa} if prefix else dict(vars(sa))
    exec("\n".join(sorted(page.imports)), namespace)
    return namespace


def _ddl(type_: _Type, dialect: Dialect) -> tuple[str, ...]:
    """Return what the database would be told; for a type that it lacks, how it says so."""
    try:
        text = type_.compile(dialect=dialect)
    except Exception as error:
        text = type(error).__name__
    return (text, *getattr(type_, "enums", ()))


# Whose a class is


def _is_native(class_: type[_Type]) -> bool:
    if issubclass(class_, TypeDecorator) and not issubclass(class_, sa.Interval):
        return False
    return class_.__module__.partition(".")[0] == "sqlalchemy"


def _is_third_party(class_: type[_Type], page: _Page) -> bool:
    top = class_.__module__.partition(".")[0]
    if top in _OURS or top in page.application:
        return False
    file = getattr(sys.modules.get(class_.__module__), "__file__", None)
    return not {"site-packages", "dist-packages"}.isdisjoint(Path(file or "").parts)


# Types by their own name


def _named_text(type_: _Type, page: _Page) -> str:
    return _named(type_, page, _arguments(repr(type_)))


def _named_text_without_arguments(type_: _Type, page: _Page) -> str:
    return _named(type_, page, "()")


def _named(type_: _Type, page: _Page, arguments: str) -> str:
    module = _home(type(type_))
    page.imports.add(f"import {module}")
    variants = _variants_text(type_._variant_mapping, page)
    return f"{module}.{type(type_).__qualname__}{arguments}{variants}"


def _home(class_: type) -> str:
    """Return the shortest package from which the class can be had."""
    parts = class_.__module__.split(".")
    for count in range(1, len(parts) + 1):
        name = ".".join(parts[:count])
        if name != "__main__" and _holds(sys.modules.get(name), class_):
            return name
    raise _NotPlain(class_)


def _holds(module: ModuleType | None, class_: type) -> bool:
    try:
        return operator.attrgetter(class_.__qualname__)(module) is class_
    except AttributeError:
        return False


def _arguments(text: str) -> str:
    """Return a constructor call's `(…)`."""
    opening = text.find("(")
    if opening < 0:
        raise _NotPlain(text)
    return text[opening:]


# Types by what they are in the database


def _decorated_text(type_: _Type, page: _Page) -> str:
    """Write what a TypeDecorator decorates; of two variants for a dialect the outer one wins."""
    variants: dict[str, _Type] = {}
    while isinstance(type_, TypeDecorator) and not _is_native(type(type_)):
        variants = {**type_._variant_mapping, **variants}
        type_ = _generic(to_instance(type_.load_dialect_impl(page.dialect)), page.dialect)
    variants = {**type_._variant_mapping, **variants}
    return _text(_without_variants(type_), page) + _variants_text(variants, page)


def _without_variants(type_: _Type) -> _Type:
    bare = copy.copy(type_)
    bare._variant_mapping = immutabledict()
    return bare


def _generic(type_: _Type, dialect: Dialect) -> _Type:
    """Return the generic type for which the dialect has this one, where the DDL is the same."""
    if isinstance(type_, sa.Enum | sa.ARRAY):
        return type_
    for class_ in type(type_).__mro__:
        if dialect.colspecs.get(class_) is type(type_) and _public(class_) == ("", class_):
            generic = constructor_copy(type_, class_)
            return generic if _ddl(generic, dialect) == _ddl(type_, dialect) else type_
    return type_


def _inherited_text(type_: _Type, page: _Page) -> str:
    """Write an application's subclass as the class of SQLAlchemy that it derives from."""
    class_ = next((c for c in type(type_).__mro__ if _public(c)), None)
    if class_ is None:
        raise _NotPlain(type_)
    plain = type_ if isinstance(type_, sa.Enum | sa.ARRAY) else constructor_copy(type_, class_)
    return _native(plain, page) + _variants_text(type_._variant_mapping, page)


# SQLAlchemy's own types


def _native(type_: _Type, page: _Page) -> str:
    name = _public_name(type_, page)
    for class_, write in _WRITERS:
        if isinstance(type_, class_):
            return name + write(type_, page)
    return name + _nested(type_, page)


def _public_name(type_: _Type, page: _Page) -> str:
    module, class_ = next(filter(None, map(_public, type(type_).__mro__)))
    if module in ("", "types."):
        return f"{sa_prefix(page.context)}{module}{class_.__name__}"
    page.imports.add(f"from sqlalchemy.dialects import {module.rstrip('.')}")
    return f"{module}{class_.__name__}"


def _public(class_: type) -> tuple[str, type] | None:
    """Return what stands before a class's name: nothing, `types.` or a dialect's module."""
    if not issubclass(class_, TypeEngine):
        return None
    for prefix, module in (("", sa), ("types.", sa.types), _dialect_module(class_)):
        if getattr(module, class_.__name__, None) is class_:
            return prefix, class_
    return None


def _dialect_module(class_: type) -> tuple[str, ModuleType | None]:
    package, _, rest = class_.__module__.partition("sqlalchemy.dialects.")
    name = rest.partition(".")[0]
    return f"{name}.", None if package else sys.modules.get(f"sqlalchemy.dialects.{name}")


def _nested(type_: _Type, page: _Page) -> str:
    """Write the arguments as SQLAlchemy does, types among them as they are written here."""
    text = _arguments(repr(type_))
    for name in ("astext_type", "text_type"):
        inner = getattr(type_, name, None)
        if isinstance(inner, TypeEngine):
            text = text.replace(f"{name}={inner!r}", f"{name}={_text(inner, page)}")
    return text


def _array(type_: Any, page: _Page) -> str:
    options = _options(type_, as_tuple=False, dimensions=None, zero_indexes=False)
    return _call(_text(type_.item_type, page), *options)


def _interval(type_: Any, page: _Page) -> str:
    return _call(*_options(type_, native=True, second_precision=None, day_precision=None))


def _enum(type_: Any, page: _Page) -> str:
    values = [repr(str(value)) for value in type_.enums]
    options = _options(type_, native_enum=True, create_constraint=False, create_type=True)
    if type_.length != max(map(len, type_.enums), default=0):
        options.append(f"length={type_.length!r}")
    return _call(*values, *_names(type_, page), *options)


def _names(type_: Any, page: _Page) -> list[str]:
    names = []
    if type_.name:
        names.append(f"name={render_name(type_.name, page.context)}")
    if isinstance(type_.name, quoted_name) and type_.name.quote is not None:
        names.append(f"quote={type_.name.quote!r}")
    if type_.schema:
        names.append(f"schema={str(type_.schema)!r}")
    return names


def _domain(type_: Any, page: _Page) -> str:
    options = _options(type_, collation=None, collation_schema=None, constraint_name=None)
    if type_.default is not None:
        options.append(f"default={_domain_default(type_.default, page)}")
    if type_.check is not None:
        options.append(f"check={expression_text(type_.check, page.context)!r}")
    options += ["not_null=True"] * bool(type_.not_null)
    options += _options(type_, schema=None, create_type=True)
    return _call(repr(str(type_.name)), _text(type_.data_type, page), *options)


def _domain_default(default: Any, page: _Page) -> str:
    if not isinstance(default, sa.ClauseElement):
        return repr(default)
    return f"{sa_prefix(page.context)}text({expression_text(default, page.context)!r})"


def _options(type_: _Type, **defaults: Any) -> list[str]:
    values = {name: getattr(type_, name, default) for name, default in defaults.items()}
    return [f"{name}={value!r}" for name, value in values.items() if value != defaults[name]]


def _call(*arguments: str) -> str:
    return f"({', '.join(arguments)})"


# The first that fits. MySQL's ENUM has a character set as well; SQLAlchemy writes it faithfully.
_WRITERS: tuple[tuple[type[_Type], _Writer], ...] = (
    (mysql.ENUM, _nested),
    (sa.Enum, _enum),
    (postgresql.DOMAIN, _domain),
    (sa.ARRAY, _array),
    (sa.Interval, _interval),
)
