"""The configuration that `init` writes: alembic.ini, or tables appended to pyproject.toml.

`settings` reads it back.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.project import template
from sqlmodel_migrations.project.address import variable
from sqlmodel_migrations.project.changeset import Changeset
from sqlmodel_migrations.project.settings import DEFAULT_SECTION

_DEFAULT_URL = "sqlite:///database.db"
_EXAMPLE_URL = "postgresql://user@localhost/database"
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_REFERENCE = re.compile(r"\$\{\w+\}")
_SECRET = re.compile(r"(?i)(password|passwd|pwd)(=|%3d)(?!\$\{)[^&]")


@dataclass(frozen=True)
class Scope:
    """Which database of which project: the folder of its env.py, and the files that may name it."""

    name: str
    directory: Path
    ini: Path
    pyproject: Path
    wants_pyproject: bool

    @property
    def in_pyproject(self) -> bool:
        """Whether pyproject.toml is written: asked for, or where the first database stands."""
        if self.wants_pyproject or self.name == DEFAULT_SECTION or self.ini.exists():
            return self.wants_pyproject
        return "alembic" in read_toml(self.pyproject).get("tool", {})

    @property
    def file(self) -> Path:
        return self.pyproject if self.in_pyproject else self.ini

    @property
    def location(self) -> str:
        """The folder from the configuration file on, with forward slashes; else absolute."""
        try:
            relative = os.path.relpath(self.directory, self.file.parent)
        except ValueError:
            return self.directory.as_posix()
        return Path(relative).as_posix()

    @property
    def alembic_location(self) -> str:
        """The same as Alembic's `script_location`, in which a `%` is doubled."""
        location = self.location.replace("%", "%%")
        return location if Path(self.location).is_absolute() else f"%(here)s/{location}"


@dataclass(frozen=True)
class Url:
    """The URL to write, or an example of one; `comment` lines say where it comes from."""

    value: str
    comment: tuple[str, ...]
    is_example: bool = False
    note: str | None = None


@dataclass(frozen=True)
class Contents:
    """What is to be said, and whether env.py or pyproject.toml is to name the models: one does."""

    models: tuple[str, ...]
    url: Url
    in_env_py: bool = True
    in_pyproject: bool = False


def url(scope: Scope, given: str | None, *, environment_has_url: bool) -> Url:
    """Choose what to write for the URL; never a password."""
    name = variable(scope.name)
    if given and not given.isprintable():
        raise UsageError("the URL holds a line break or another control character")
    if given and has_password(given):
        return Url(
            f"${{{name}}}",
            (
                f"The database's URL is read from {name}, in the environment or in .env: the URL",
                "given to init holds a password, which does not belong in a file that is shared.",
            ),
            note=f"The URL holds a password and was not written: put it into {name}, as in .env.",
        )
    before = f"The database's URL. {name}, in the environment or in .env, goes before it."
    if given:
        return Url(given, (before,))
    if environment_has_url or scope.name != DEFAULT_SECTION:
        told = f"The database's URL is read from {name}, in the environment or in .env; else here."
        return Url(_EXAMPLE_URL, (told,), is_example=True)
    return Url(_DEFAULT_URL, (before,))


def has_password(text: str) -> bool:
    """Tell whether a URL holds a password, other than as `${VAR}`."""
    rest = text.partition("://")[2]
    # A path, as in sqlite:///C:/data@home.db, has no password.
    authority, at, _ = ("", "", "") if rest.startswith("/") else rest.rpartition("@")
    password = authority.partition(":")[2] if at else ""
    return bool(_REFERENCE.sub("", password)) or bool(_SECRET.search(rest))


def models(scope: Scope) -> tuple[str, ...]:
    """The models that pyproject.toml names already for this database."""
    ours = read_toml(scope.pyproject).get("tool", {}).get("sqlmodel", {})
    migrations = ours.get("migrations", {})
    table = migrations.get("databases", {}).get(scope.name, {})
    if scope.name == DEFAULT_SECTION:
        table = {"models": migrations.get("models") or ours.get("models")}
    named = table.get("models") or ()
    return tuple(named.replace(",", " ").split() if isinstance(named, str) else named)


def read_toml(path: Path) -> Mapping[str, Any]:
    """Read a TOML file; a missing one is empty. Raises `UsageError` if it cannot be read."""
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(
            f"'{path}' cannot be read: {error}", hint="correct the file and try again"
        ) from error


def write(scope: Scope, contents: Contents, changes: Changeset) -> None:
    """Add the configuration to what is to be written."""
    if scope.in_pyproject:
        _write_pyproject(scope, contents, changes)
    elif scope.ini.exists():
        _append_section(scope, contents, changes)
    else:
        changes.file(scope.ini, _render("alembic.ini", scope, contents))


# -- alembic.ini -----------------------------------------------------------------------------------


def _render(name: str, scope: Scope, contents: Contents) -> str:
    url = _ini_url(contents.url)
    return template.render(name, section=scope.name, location=scope.alembic_location, url=url)


def _ini_url(url: Url) -> str:
    value = url.value if url.is_example else url.value.replace("%", "%%")
    line = f"sqlalchemy.url = {value}"
    return "\n".join([*(f"# {c}" for c in url.comment), f"# {line}" if url.is_example else line])


def names(path: Path, name: str) -> bool:
    """Tell whether an ini file has the section of a database."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read([path], encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as error:
        raise UsageError(
            f"'{path}' cannot be read: {error}", hint="correct the file and try again"
        ) from error
    return parser.has_section(name)


def _append_section(scope: Scope, contents: Contents, changes: Changeset) -> None:
    if names(scope.ini, scope.name):
        raise UsageError(
            f"section [{scope.name}] of '{scope.ini}' has no script_location; nothing was written",
            hint=f"add to it: script_location = {scope.alembic_location}",
        )
    before = scope.ini.read_bytes()
    changes.change(scope.ini, _joined(before, _render("section.ini", scope, contents)))


def _joined(before: bytes, block: str) -> bytes:
    """Append a block after an empty line, with the line ends of the file."""
    newline = b"\r\n" if b"\r\n" in before else b"\n"
    gap = b"" if not before else newline if before.endswith(b"\n") else newline * 2
    return before + gap + block.encode().replace(b"\n", newline)


# -- pyproject.toml --------------------------------------------------------------------------------


def _write_pyproject(scope: Scope, contents: Contents, changes: Changeset) -> None:
    known = read_toml(scope.pyproject)
    before = scope.pyproject.read_bytes() if scope.pyproject.exists() else b""
    after = _extended(before, scope, contents, known)
    _check_toml(scope.pyproject, after)
    if scope.pyproject.exists():
        changes.change(scope.pyproject, after)
    else:
        changes.file(scope.pyproject, after.decode())


def _extended(before: bytes, scope: Scope, contents: Contents, known: Mapping[str, Any]) -> bytes:
    if scope.name != DEFAULT_SECTION:
        return _joined(before, _database_table(scope, contents))
    if "alembic" in known.get("tool", {}):
        raise UsageError(
            f"'{scope.pyproject}' has a [tool.alembic] already, and its env.py is missing",
            hint="remove [tool.alembic], or bring the folder of its script_location back",
        )
    alembic = template.render("pyproject.toml", location=_quoted(scope.alembic_location))
    ours = known.get("tool", {}).get("sqlmodel", {}).get("migrations", {})
    lines = _our_lines(contents, ours)
    header = re.search(rb"(?m)^[ \t]*\[tool\.sqlmodel\.migrations\][^\n]*(\n|\Z)", before)
    if header is None:
        table = "".join(f"{line}\n" for line in ["[tool.sqlmodel.migrations]", *lines])
        return _joined(before, f"{alembic}\n{table}")
    inserted = _joined(before[: header.end()], "").rstrip(b"\r\n") + _block(lines, before)
    return _joined(inserted + before[header.end() :], alembic)


def _block(lines: list[str], before: bytes) -> bytes:
    newline = "\r\n" if b"\r\n" in before else "\n"
    return "".join(f"{newline}{line}" for line in lines).encode() + newline.encode()


def _our_lines(contents: Contents, ours: Mapping[str, Any]) -> list[str]:
    """The keys of [tool.sqlmodel.migrations] that the file does not have yet."""
    return [*_models_lines(contents), *([] if "url" in ours else _url_lines(contents.url))]


def _models_lines(contents: Contents) -> list[str]:
    if not contents.in_pyproject:
        return []
    names = ", ".join(map(_quoted, contents.models))
    line = f"models = [{names}]" if names else '# models = ["app.models"]'
    return ["# The modules whose tables are migrated.", line]


def _url_lines(url: Url) -> list[str]:
    line = f"url = {_quoted(url.value)}"
    return [*(f"# {c}" for c in url.comment), f"# {line}" if url.is_example else line]


def _database_table(scope: Scope, contents: Contents) -> str:
    name = scope.name if _BARE_KEY.fullmatch(scope.name) else _quoted(scope.name)
    lines = [
        f"[tool.sqlmodel.migrations.databases.{name}]",
        f"# A database of its own: sqlmodel migrations -n {scope.name} upgrade",
        f"directory = {_quoted(scope.location)}",
        *_models_lines(contents),
        *_url_lines(contents.url),
    ]
    return "".join(f"{line}\n" for line in lines)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _check_toml(path: Path, content: bytes) -> None:
    try:
        tomllib.loads(content.decode())
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"'{path}' cannot be extended by [tool.sqlmodel.migrations]: {error}",
            hint="write its tables as [headers], or leave --pyproject out",
        ) from error
