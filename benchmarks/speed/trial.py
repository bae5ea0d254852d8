"""One tool in one case: its project, its database, and what is put right before each run."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import measure
import network
import projects
from cases import Case
from measure import Cost
from sqlalchemy import make_url
from tools import Tool

import databases


class Trial:
    """`warm` fills the caches and counts round trips; `run` does the task once, and times it."""

    def __init__(self, case: Case, tool: Tool, folder: Path, stack: ExitStack) -> None:
        self.case, self.tool, self.out = case, tool, folder / "out"
        self.project = projects.write(tool, case.shape, folder)
        self.database = stack.enter_context(databases.made(case.kind, tool.name, folder))
        self.network, self.trips = None, 0
        if case.kind != "sqlite":
            self.network = stack.enter_context(network.between(self.database.url, case.delay))
        self._prepare()

    def warm(self) -> None:
        """Do the task through a network that counts; raises RuntimeError where it fails."""
        before = self.network.trips if self.network else 0
        self._do(self.network.url if self.network else self.database.url)
        self.trips = self.network.trips - before if self.network else 0

    def run(self) -> Cost:
        """Do the task, with no network in between but a slow one; raises RuntimeError."""
        url = self.network.url if self.network and self.case.delay else self.database.url
        return self._do(url)._replace(trips=self.trips)

    def _do(self, url: str) -> Cost:
        if self.case.is_cold:
            for path in [*self.project.rglob("__pycache__")]:
                shutil.rmtree(path)
        if self.case.is_forgetful:
            for path in self.project.rglob("sqlmodel-migrations-shadow-*"):
                path.unlink()
        if self.case.at == "base":
            self.database.empty()
        elif self.case.at == "rows":
            self.database.restore()
        if not self.case.rows:
            return self._run(self.case.task, url)
        with measure.watched(self.database.size) as most:
            cost = self._run(self.case.task, url)
        return cost._replace(disk=most())

    def _prepare(self) -> None:
        """Bring the database where the case wants it."""
        if self.case.at == "head":
            self._run("stamp", self.database.url)
        elif self.case.at == "models":
            projects.make_tables(self.project, self.database.url)
        elif self.case.at == "rows":
            self._run("first", self.database.url)
            _fill(make_url(self.database.url).database or "", self.case.rows)
            self.database.save()

    def _run(self, task: str, url: str) -> Cost:
        environment = {"DATABASE_URL": url}
        if self.case.is_cold:
            environment["PYTHONDONTWRITEBYTECODE"] = "1"
        return measure.run(self.tool.command(task), self.project, environment, self.out)


def _fill(file: str, rows: int) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < ?)"
            " INSERT INTO big SELECT id, id, id, id, 'row ' || id FROM n",
            (rows,),
        )
        connection.commit()
