"""The checksum of a script changes with what it does, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlmodel_migrations.history import checksum
from sqlmodel_migrations.history.checksums import Checksums

SCRIPT = '''
"""Add a column.

Revision ID: 1e6068
"""
from alembic import op
import sqlalchemy as sa

revision = "1e6068"
down_revision = None


def upgrade():
    op.add_column("hero", sa.Column("age", sa.Integer(), nullable=True))
    op.execute(f"UPDATE hero SET age = {1 + 2!r}")
'''


def written(folder: Path, text: str) -> str | None:
    path = folder / "script.py"
    path.write_text(text, encoding="utf-8")
    return checksum.of_tree(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Add a column.", "Add the age of heroes."),
        ('"""Add a column.\n\nRevision ID: 1e6068\n"""\n', ""),
        ("def upgrade():\n", 'def upgrade():\n    """Upgrade."""\n'),
        ('"1e6068"', "'1e6068'  # the first"),
        ('op.add_column("hero", sa', 'op.add_column(\n        "hero",\n        sa'),
        ('"hero", sa', '"he" "ro", sa'),
        ('"hero", sa', '(u"hero"), sa'),
        ("down_revision = None\n", "down_revision = None\r\n"),
    ],
)
def test_stays_for_what_is_only_written_differently(tmp_path: Path, old: str, new: str) -> None:
    assert old in SCRIPT
    assert written(tmp_path, SCRIPT.replace(old, new)) == written(tmp_path, SCRIPT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sa.Integer()", "sa.BigInteger()"),
        ("nullable=True", "nullable=False"),
        ('"hero", sa', '"Hero", sa'),
        ("down_revision = None", 'down_revision = "a"'),
        ("1 + 2", "2 + 1"),
        ("!r", "!s"),
        ("def upgrade", "async def upgrade"),
        ('op.add_column("hero"', "op.add_column(b'hero'"),
        ('    op.execute(f"UPDATE hero SET age = {1 + 2!r}")\n', ""),
    ],
)
def test_changes_with_what_is_done(tmp_path: Path, old: str, new: str) -> None:
    assert old in SCRIPT
    assert written(tmp_path, SCRIPT.replace(old, new)) != written(tmp_path, SCRIPT)


def test_is_the_same_under_every_python(tmp_path: Path) -> None:
    # Python 3.12 has more fields for a function, 3.13 writes empty ones differently.
    known = "dc7431392239ad14889da568831359040d4c84dd1eae02b83581cfd2c343e6f5"
    assert written(tmp_path, SCRIPT) == known


@pytest.mark.parametrize("text", ["def upgrade(:\n", "a = '\0'"])
def test_is_none_for_what_python_cannot_read(tmp_path: Path, text: str) -> None:
    assert written(tmp_path, text) is None


def test_a_script_is_edited_when_its_tree_is_another(tmp_path: Path) -> None:
    written(tmp_path, SCRIPT)
    path = tmp_path / "script.py"
    known = Checksums().of(path)
    assert known is not None
    assert not checksum.is_edited(path, known)
    written(tmp_path, SCRIPT + "# reformatted\n")
    assert not checksum.is_edited(path, known)
    written(tmp_path, SCRIPT + "more = 1\n")
    assert checksum.is_edited(path, known)
    written(tmp_path, "def upgrade(:\n")
    assert checksum.is_edited(path, known)


def test_is_none_without_a_source(tmp_path: Path) -> None:
    assert Checksums().of(tmp_path / "missing.py") is None
    (tmp_path / "script.pyc").write_bytes(b"")
    assert Checksums().of(tmp_path / "script.pyc") is None
