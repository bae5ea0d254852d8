"""Print the seconds that the proof of a revision takes: ten tables on SQLite, a few runs each.

The imports of the libraries and of the models are not counted. Run it from anywhere:

    python benchmarks/proof.py
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlmodel_migrations import Migrations
from sqlmodel_migrations.generate.comparison import Promise
from sqlmodel_migrations.prove import verifier

RUNS = 5
TABLE = """
class Table{n}(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True, max_length=50)
    code: str = Field(unique=True)
    age: int | None = None
    price: Decimal = Decimal(0)
    made: datetime
    kind: Kind = Kind.one
    parent_id: int | None = Field(default=None, foreign_key="table{parent}.id")
{more}
"""
HEAD = """
from datetime import datetime
from decimal import Decimal
from enum import Enum

from sqlmodel import Field, SQLModel


class Kind(Enum):
    one = 1
    two = 2

"""


def models(more: str = "") -> str:
    """The source of ten tables; `more` is a line for each."""
    tables = (TABLE.format(n=n, parent=max(n - 1, 0), more=more) for n in range(10))
    return HEAD + "".join(tables)


@contextlib.contextmanager
def project() -> Iterator[Path]:
    """A project in a temporary folder, which is the current one."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(before)


def seconds(migrations: Migrations) -> float:
    """How long the proof of the newest revision takes, the best of a few."""
    checkout = migrations._checkout
    (head,) = migrations.heads()
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        found = verifier.prove(checkout, [head], [Promise()])
        times.append(time.perf_counter() - start)
        assert found == (), found
    return min(times)


def main() -> None:
    sys.dont_write_bytecode = True
    with project() as folder:
        (folder / "models.py").write_text(models(), encoding="utf-8")
        Migrations.init()
        Migrations.find().revision("ten tables")
        print(f"ten new tables: {seconds(Migrations.find()):.3f} s")
        (folder / "models.py").write_text(models("    size: int = 5"), encoding="utf-8")
        for name in ("models",):
            sys.modules.pop(name, None)
        from sqlmodel import SQLModel

        SQLModel.metadata.clear()
        Migrations.find().revision("ten columns")
        print(f"ten new columns: {seconds(Migrations.find()):.3f} s")


if __name__ == "__main__":
    main()
