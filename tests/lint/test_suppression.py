"""Suppressions: what a comment allows, and where."""

from __future__ import annotations

from pathlib import Path

from sqlmodel_migrations.lint import suppression

TEXT = '''"""a revision"""

# migrations: allow rename-table — the old name was never deployed
revision = "a1"


def upgrade():
    op.drop_column("hero", "age")  # migrations: allow drop-column — unused since 2.3
    # migrations: allow drop-column, delete-rows -- nobody reads it
    op.execute(
        "DELETE FROM hero"
    )
    # migrations: allow drop-column
    op.drop_column("hero", "name")
    text = "# migrations: allow drop-table — in a string"
'''


def read(tmp_path: Path, text: str = TEXT) -> tuple[suppression.Suppression, ...]:
    file = tmp_path / "a1.py"
    file.write_text(text, encoding="utf-8")
    return suppression.read(file)


def test_rules_and_reasons(tmp_path: Path) -> None:
    assert [(found.rule, found.reason) for found in read(tmp_path)] == [
        ("rename-table", "the old name was never deployed"),
        ("drop-column", "unused since 2.3"),
        ("drop-column", "nobody reads it"),
        ("delete-rows", "nobody reads it"),
        ("drop-column", None),
    ]


def test_what_is_covered(tmp_path: Path) -> None:
    head, beside, above, _, _ = read(tmp_path)
    assert head.covers(8)
    assert head.covers(None)
    assert [line for line in range(1, 20) if beside.covers(line)] == [8]
    assert [line for line in range(1, 20) if above.covers(line)] == [9, 10, 11, 12]


def test_a_file_that_is_no_python(tmp_path: Path) -> None:
    assert read(tmp_path, "def upgrade(:\n    '''\n") == ()
    assert suppression.read(tmp_path / "missing.py") == ()
