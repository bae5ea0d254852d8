"""A drawn schema as the source of models, and as SQLAlchemy has them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from . import classes, tables
from .schema import Schema

_IMPORTS = """\
import datetime
import enum
import typing
import uuid
from decimal import Decimal

import pydantic
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlmodel import Field, Relationship, SQLModel
"""
_CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def source(schema: Schema) -> str:
    """Return the models as a module, with `metadata`."""
    convention = f"naming_convention={_CONVENTION!r}" if schema.has_convention else ""
    way = classes if schema.is_classes else tables
    return f"{_IMPORTS}\nmetadata = sa.MetaData({convention})\n{way.written(schema)}"


def metadata(schema: Schema) -> sa.MetaData:
    """Return what the source makes."""
    namespace: dict[str, Any] = {"__name__": "models"}
    exec(compile(source(schema), "models.py", "exec", dont_inherit=True), namespace)
    found: sa.MetaData = namespace["metadata"]
    return found
