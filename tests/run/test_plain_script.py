"""Plain scripts: what is one, and what is taken for none."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest
from alembic.script import ScriptDirectory

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.run.plain_script import is_plain

SCRIPT = """
from collections.abc import Sequence
from typing import Union
from alembic import op
import sqlalchemy as sa
import sqlmodel
from sqlalchemy.dialects import postgresql
{imports}

revision: str = "a"
down_revision: Union[str, Sequence[str], None] = None
{more}

def upgrade() -> None:
    op.create_table("hero", sa.Column("id", sa.Integer(), primary_key=True))
    op.add_column("hero", sa.Column("name", sqlmodel.sql.sqltypes.AutoString()))
    {body}
"""


class IsPlain(Protocol):
    def __call__(self, *, imports: str = "", more: str = "", body: str = "") -> bool: ...


@pytest.fixture
def plain(tmp_path: Path) -> IsPlain:
    """Whether a script with these parts is plain."""

    def asked(*, imports: str = "", more: str = "", body: str = "") -> bool:
        (tmp_path / "versions").mkdir()
        path = tmp_path / "versions" / "a.py"
        path.write_text(SCRIPT.format(imports=imports, more=more, body=body))
        return is_plain(_alembic.step_of(ScriptDirectory(str(tmp_path)), "a", is_upgrade=True))

    return asked


@pytest.mark.parametrize(
    "body",
    [
        "",
        "op.execute('UPDATE hero SET name = 1')",
        "with op.batch_alter_table('hero') as batch: batch.drop_column('name')",
        "op.bulk_insert(sa.table('hero', sa.column('id')), [{'id': n} for n in range(3)])",
        "op.create_index('ix', 'hero', [sa.text('lower(name)')])",
    ],
)
def test_definitions_are_plain(plain: IsPlain, body: str) -> None:
    assert plain(body=body)


@pytest.mark.parametrize(
    "body",
    [
        "op.get_bind().execute(sa.text('SELECT 1'))",
        "sa.create_engine('sqlite://').connect()",
        "import os",
        "from application import settings",
        "[n for n in (1,) if __import__('os')]",
        "sqlmodel.Session(None)",
        "(lambda: op.get_context().connection.engine)()",
    ],
)
def test_what_may_connect_is_not(plain: IsPlain, body: str) -> None:
    assert not plain(body=body)


@pytest.mark.parametrize(
    "imports",
    ["import os", "import subprocess", "from os import path", "import pytest", "import psycopg"],
)
def test_what_imports_others_is_not(plain: IsPlain, imports: str) -> None:
    assert not plain(imports=imports)


@pytest.mark.parametrize(
    "more",
    [
        "e = sa.create_engine('sqlite://')",
        "from sqlalchemy.orm import sessionmaker\nmake = sessionmaker()",
        "import functools, pytest\nwork = functools.partial(pytest.main)",
        "import pytest\nWORK = {'main': pytest.main}\ndel pytest",
        "class Helper:\n    pass",
    ],
)
def test_what_holds_something_that_connects_is_not(plain: IsPlain, more: str) -> None:
    assert not plain(more=more)


def test_data_is_plain(plain: IsPlain) -> None:
    more = "names = {'a': [1, 'b', (None, 2.5)]}\nhero = sa.table('hero', sa.column('id'))"
    assert plain(more=more)


def test_what_calls_a_helper_that_connects_is_not(plain: IsPlain) -> None:
    helper = "def helper():\n    return op.get_bind()\n"
    assert not plain(more=helper, body="helper()")


def test_a_stamp_has_no_script() -> None:
    assert not is_plain(None)
