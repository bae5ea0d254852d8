"""All or nothing, also where a file that existed was changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.project.changeset import Changeset


def test_everything_is_written(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"before")
    (tmp_path / "old").chmod(0o640)
    changes = Changeset()
    changes.folder(tmp_path / "a" / "b")
    changes.file(tmp_path / "a" / "b" / "c", "text\n")
    changes.change(tmp_path / "old", b"after")
    assert list(tmp_path.iterdir()) == [tmp_path / "old"]

    changes.apply()

    assert (tmp_path / "a" / "b" / "c").read_bytes() == b"text\n"
    assert (tmp_path / "old").read_bytes() == b"after"
    assert (tmp_path / "old").stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "old"]


def test_failure_in_the_last_step_undoes_all(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"before")
    changes = Changeset()
    changes.folder(tmp_path / "a" / "b")
    changes.file(tmp_path / "a" / "b" / "c", "text")
    changes.change(tmp_path / "old", b"after")
    changes.file(tmp_path / "missing" / "c", "text")

    with pytest.raises(UsageError, match=r"written: No such file.*nothing was changed"):
        changes.apply()

    assert list(tmp_path.iterdir()) == [tmp_path / "old"]
    assert (tmp_path / "old").read_bytes() == b"before"


def test_file_that_exists_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    changes = Changeset()
    changes.file(tmp_path / "mine", "theirs")

    with pytest.raises(UsageError, match="File exists"):
        changes.apply()

    assert (tmp_path / "mine").read_bytes() == b"mine"
