"""A page in the place of a connection: statements are written on it, and none is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Dialect, Executable
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.exc import CompileError


class NoRows(IteratorResult[Any]):
    """The answer to every statement: no row was found, and none changed."""

    rowcount = 0

    def __init__(self) -> None:
        super().__init__(SimpleResultMetaData(["nothing"]), iter(()))


class Page:
    """What `op.get_bind()` is where there is no database; it has what scripts mostly use."""

    def __init__(self, dialect: Dialect, write: Callable[[str], None]) -> None:
        self.dialect = dialect
        self._write = write

    def execute(self, statement: Executable, parameters: Any = None, **_: Any) -> NoRows:
        """Write a statement, with its values where these can be written."""
        self._write(self._text(statement, has_values=parameters is None))
        return NoRows()

    def exec_driver_sql(self, statement: str, parameters: Any = None, **_: Any) -> NoRows:
        """Write a text as it is."""
        self._write(statement)
        return NoRows()

    def scalar(self, statement: Executable, parameters: Any = None, **_: Any) -> Any:
        """Write a query; there is no value."""
        return self.execute(statement, parameters).scalar()

    def scalars(self, statement: Executable, parameters: Any = None, **_: Any) -> Any:
        """Write a query; there are no values."""
        return self.execute(statement, parameters).scalars()

    def _text(self, statement: Any, *, has_values: bool) -> str:
        if has_values:
            try:
                options = {"literal_binds": True}
                return str(statement.compile(dialect=self.dialect, compile_kwargs=options))
            except CompileError:
                pass
        return str(statement.compile(dialect=self.dialect))
