"""The settings of a project, read from alembic.ini and pyproject.toml as Alembic reads them.

Alembic's own options keep their names and places. Ours stand in one place each: under
`[tool.sqlmodel.migrations]` in pyproject.toml, or as `sqlmodel.<key>` in the section of
alembic.ini. Neither SQLAlchemy nor Alembic is imported here: most commands need only this.
"""

from __future__ import annotations

import configparser
import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlmodel_migrations.errors import UsageError, did_you_mean
from sqlmodel_migrations.project import acceptance, lint_table, scalar
from sqlmodel_migrations.project.acceptance import Acceptance
from sqlmodel_migrations.project.lint_table import LintTable
from sqlmodel_migrations.project.scalar import Transaction

DEFAULT_SECTION = "alembic"
INI = "alembic.ini"
PYPROJECT = "pyproject.toml"

# key: (type, what it means); docs/settings.md shows this table and a test compares them.
KEYS: Mapping[str, tuple[type, str]] = {
    "models": (list, "Modules whose tables are migrated, as dotted names."),
    "url": (str, "Database URL; `${VAR}` is replaced, `app.database:engine` names an object."),
    "version_table": (str, "Name of the version table."),
    "version_table_schema": (str, "Schema of the version table."),
    "shadow_url": (str, "Where scratch databases are made, instead of beside the database."),
    "accept_drift": (Acceptance, "Differences that are no drift until a day, each with a reason."),
    "migration_lock_timeout": (float, "How long to wait for another run to end."),
    "lock_timeout": (float, "How long a statement waits for a lock of a table or row."),
    "lock_retries": (int, "How often a revision that waited that long is tried again."),
    "lock_deadline": (float, "How long it is tried again and again."),
    "statement_timeout": (float, "How long a statement may run."),
    "transaction": (Transaction, "What is committed together: `each` revision, or `all`."),
    "wait": (float, "How long to wait for a server that is still starting."),
    "history": (bool, "Keep the history of runs where env.py is not ours, too."),
    "backup": (bool, "Copy the SQLite file first, and put the copy back after a failure."),
    "safe": (bool, "Write revisions in the safe form, as `revision --safe`."),
}
# Only under [tool.sqlmodel.migrations.databases.<name>]: what alembic.ini says with Alembic's keys.
DATABASE_KEYS: Mapping[str, tuple[type, str]] = {
    "directory": (str, "Folder of this database's env.py, as `script_location`."),
    "version_locations": (list, "Folders of its revision files; default `<directory>/versions`."),
}
_TABLES = ("databases", lint_table.KEY)
_INI_SPELLING = {"url": "sqlalchemy.url"}


class NotSetUp(UsageError):
    """There is no configuration, or it does not have the database that was asked for."""


class Settings(NamedTuple):
    """One section of one project; every path is absolute."""

    root: Path
    ini: Path | None
    pyproject: Path | None
    name: str
    script_location: Path
    version_locations: tuple[Path, ...]
    recursive: bool = False
    sourceless: bool = False
    url: str | None = None
    models: tuple[str, ...] = ()
    version_table: str | None = None
    version_table_schema: str | None = None
    shadow_url: str | None = None
    accept_drift: tuple[Acceptance, ...] = ()
    migration_lock_timeout: float | None = None
    lock_timeout: float | None = None
    lock_retries: int | None = None
    lock_deadline: float | None = None
    statement_timeout: float | None = None
    transaction: Transaction | None = None
    wait: float | None = None
    history: bool | None = None
    backup: bool | None = None
    safe: bool | None = None
    lint: LintTable = LintTable()
    names: tuple[str, ...] = (DEFAULT_SECTION,)
    overrides: Mapping[str, str] = MappingProxyType({})
    """Options that Alembic is to be told, where it does not read them itself."""

    @property
    def is_default(self) -> bool:
        """Whether this is the section that a command without `-n` means."""
        return self.name == DEFAULT_SECTION

    @property
    def env_py(self) -> Path:
        return self.script_location / "env.py"

    def others(self) -> Iterator[Settings]:
        """Return the settings of the project's other databases that can be read."""
        files = [str(path) for path in (self.ini, self.pyproject) if path]
        for name in self.names:
            if name != self.name:
                with contextlib.suppress(UsageError):
                    yield find(self.root, config=files, name=name)


def find(directory: Path, *, config: Sequence[str] = (), name: str = DEFAULT_SECTION) -> Settings:
    """Read the settings of the project in `directory`; raises `UsageError` where there are none.

    `directory` may also be the migrations folder itself, with env.py, of a project above it or
    of none. `config` are the paths given with `-c`, relative to `directory`; else the environment
    variable ALEMBIC_CONFIG, else `alembic.ini` and `pyproject.toml`, as Alembic looks for them.
    """
    ini, pyproject = config_files(directory, config)
    sources = _Sources.read(ini, pyproject)
    if not sources.names:
        folder = None if config else _of_migrations_folder(directory.absolute(), name)
        if folder is None:
            raise _nothing_found(directory, ini, pyproject, explicit=bool(config))
        return folder
    if name not in sources.names:
        raise NotSetUp(
            f"there is no database '{name}' in this project",
            hint=did_you_mean(name, sources.names) or f"use one of: {', '.join(sources.names)}",
        )
    return sources.settings(name, directory)


def names(directory: Path, *, config: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the databases of the project in `directory`, the default one first if there is one.

    `directory` and `config` are as for `find`; raises `UsageError` where nothing is set up.
    """
    found = _Sources.read(*config_files(directory, config)).names
    return found or find(directory, config=config).names


def _of_migrations_folder(directory: Path, name: str) -> Settings | None:
    """The settings of a folder with env.py: those that a project above has for it, or its own."""
    if not (directory / "env.py").is_file():
        return None
    if not (directory / "versions").is_dir() and not (directory / "script.py.mako").is_file():
        return None
    return _above(directory, name) or Settings(
        root=directory.parent,
        ini=None,
        pyproject=None,
        name=name,
        script_location=directory,
        version_locations=(directory / "versions",),
        overrides={"script_location": str(directory)},
    )


def _above(directory: Path, name: str) -> Settings | None:
    """The database of a project above whose env.py is in `directory`."""
    for root in directory.parents:
        with contextlib.suppress(UsageError):
            sources = _Sources.read(root / INI, root / PYPROJECT)
            for each in sources.names if name == DEFAULT_SECTION else {name} & {*sources.names}:
                found = sources.settings(each, root)
                if found.script_location == directory:
                    return found
    return None


def config_files(directory: Path, config: Sequence[str] = ()) -> tuple[Path, Path]:
    """Return the paths of the ini file and of pyproject.toml; neither needs to exist."""
    ini, pyproject = INI, PYPROJECT
    given = list(config) or [name for name in [os.environ.get("ALEMBIC_CONFIG")] if name]
    for path in given:
        if Path(path).name == PYPROJECT:
            pyproject = path
        else:
            ini = path
    _refuse_twice(config)
    return (directory / ini).absolute(), (directory / pyproject).absolute()


def _refuse_twice(config: Sequence[str]) -> None:
    tomls = sum(Path(path).name == PYPROJECT for path in config)
    if tomls > 1 or len(config) - tomls > 1:
        raise UsageError(
            "'--config' names two files of one kind",
            hint="give one ini file and one pyproject.toml",
        )


def _nothing_found(directory: Path, ini: Path, pyproject: Path, *, explicit: bool) -> UsageError:
    if explicit:
        return NotSetUp(
            f"there is no configuration in '{ini}' or '{pyproject}'", hint="correct what follows -c"
        )
    above = next((p for p in directory.absolute().parents if (p / INI).is_file()), None)
    if above is not None:
        hint = f"change to the folder '{above}', which holds an alembic.ini"
    else:
        hint = "type: sqlmodel migrations init"
    return NotSetUp(f"no migrations are set up in '{directory.absolute()}'", hint=hint)


class _Sources(NamedTuple):
    """What the two files hold, before one section is chosen."""

    ini: Path | None
    pyproject: Path | None
    parser: configparser.ConfigParser
    alembic: Mapping[str, Any]
    ours: Mapping[str, Any]
    models: Sequence[str]

    @classmethod
    def read(cls, ini: Path, pyproject: Path) -> _Sources:
        tool = _read_toml(pyproject).get("tool", {}) if pyproject.is_file() else {}
        sqlmodel = tool.get("sqlmodel", {})
        ours = sqlmodel.get("migrations", {})
        _check_toml(ours, pyproject)
        return cls(
            ini=ini if ini.is_file() else None,
            pyproject=pyproject if pyproject.is_file() else None,
            parser=_read_ini(ini),
            alembic=tool.get("alembic", {}),
            ours=ours,
            models=_as_list(sqlmodel.get("models", ()), "[tool.sqlmodel] models"),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Every database of the project: the default one first, then in the order of the files."""
        sections = [
            s for s in self.parser.sections() if self.parser.has_option(s, "script_location")
        ]
        default = [DEFAULT_SECTION] if "script_location" in self.alembic else []
        return tuple(dict.fromkeys([*default, *sections, *self.ours.get("databases", {})]))

    def settings(self, name: str, directory: Path) -> Settings:
        root = (self.ini or self.pyproject or directory).parent
        table = self._table(name)
        location = _text(table.get("directory")) or self._option(name, "script_location")
        script_location = _folder(location or "migrations", root, directory)
        named = self._version_locations(name, table)
        versions = tuple(_folder(v, root, directory) for v in named)
        versions = versions or (script_location / "versions",)
        overrides = {
            "script_location": str(script_location),
            "path_separator": "newline",
            "version_locations": "\n".join(map(str, versions)),
            "prepend_sys_path": "\n".join(self._prepended(name, root, directory)),
        }
        return Settings(
            root=root,
            ini=self.ini,
            pyproject=self.pyproject,
            name=name,
            script_location=script_location,
            version_locations=versions,
            recursive=self._flag(name, "recursive_version_locations"),
            sourceless=self._flag(name, "sourceless"),
            names=self.names,
            overrides=overrides,
            **self._ours(name, table),
        )

    def _table(self, name: str) -> Mapping[str, Any]:
        """The part of [tool.sqlmodel.migrations] that speaks of this database."""
        if name == DEFAULT_SECTION:
            return {k: v for k, v in self.ours.items() if k not in _TABLES}
        found: Mapping[str, Any] = self.ours.get("databases", {}).get(name, {})
        return found

    def _ours(self, name: str, table: Mapping[str, Any]) -> dict[str, Any]:
        values = {**table, **_once(table, self._ini_keys(name), name)}
        models = values.get("models") or (self.models if name == DEFAULT_SECTION else ())
        texts = [key for key, (kind, _) in KEYS.items() if kind is str]
        scalars = [
            key for key, (kind, _) in KEYS.items() if kind in scalar.READERS and key in values
        ]
        return {
            "models": tuple(_as_list(models, "models")),
            "accept_drift": acceptance.parse(values.get("accept_drift")),
            "lint": lint_table.parse(self.ours.get(lint_table.KEY)),
            **{key: _text(values.get(key)) for key in texts},
            **{key: scalar.read(KEYS[key][0], key, values[key]) for key in scalars},
        }

    def _ini_keys(self, name: str) -> dict[str, Any]:
        """Our keys in the section of the ini file, by the names they have in pyproject.toml."""
        if not self.parser.has_section(name):
            return {}
        found: dict[str, Any] = {}
        for option in self.parser.options(name):
            if option.startswith("sqlmodel."):
                key = option.removeprefix("sqlmodel.")
                _check_key(key, [k for k in KEYS if k != "url"], f"{self.ini}, section [{name}]")
                found[key] = _get(self.parser, name, option)
        if self.parser.has_option(name, "sqlalchemy.url"):
            found["url"] = _get(self.parser, name, "sqlalchemy.url")
        return found

    def _option(self, name: str, option: str) -> str | None:
        """An option of Alembic, from the ini section or from [tool.alembic], as a string."""
        if self.parser.has_option(name, option):
            return _get(self.parser, name, option)
        value = self.alembic.get(option) if name == DEFAULT_SECTION else None
        return _expand_here(value, self.pyproject) if isinstance(value, str) else None

    def _flag(self, name: str, option: str) -> bool:
        if self.parser.has_option(name, option):
            return _get(self.parser, name, option) == "true"
        return name == DEFAULT_SECTION and self.alembic.get(option) is True

    def _version_locations(self, name: str, table: Mapping[str, Any]) -> list[str]:
        if table.get("version_locations"):
            return _as_list(table["version_locations"], "version_locations")
        if self.parser.has_option(name, "version_locations"):
            separator = self._option(name, "path_separator") or self._option(
                name, "version_path_separator"
            )
            return split_paths(_get(self.parser, name, "version_locations"), separator)
        value = self.alembic.get("version_locations", ()) if name == DEFAULT_SECTION else ()
        return [_expand_here(v, self.pyproject) for v in value]

    def _prepended(self, name: str, root: Path, directory: Path) -> list[str]:
        """Folders for `sys.path`, from the working folder as Alembic's are, and from `root`.

        They are absolute: Python remembers for the whole process what a relative one meant first.
        """
        if self.parser.has_option(name, "prepend_sys_path"):
            value = _get(self.parser, name, "prepend_sys_path")
            separator = self._option(name, "path_separator")
            paths = split_paths(value, separator, legacy=r", *|(?: +)|\:")
        else:
            value = self.alembic.get("prepend_sys_path", ())
            values = [value] if isinstance(value, str) else value
            paths = [_expand_here(v, self.pyproject) for v in values]
        starts = (directory, root)
        return list(dict.fromkeys(str(start / path) for start in starts for path in paths))


def _once(table: Mapping[str, Any], ini: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the ini's values; a setting that stands in both files is an error."""
    both = [key for key in ini if key in table]
    if both:
        key = both[0]
        spelled = _INI_SPELLING.get(key, f"sqlmodel.{key}")
        raise UsageError(
            f"'{key}' of the database '{name}' is set in pyproject.toml and in alembic.ini",
            hint=f"remove '{spelled}' from alembic.ini, or '{key}' from pyproject.toml",
        )
    return ini


def split_paths(value: str, separator: str | None, *, legacy: str = r", *|(?: +)") -> list[str]:
    """Split a list of folders as Alembic does; without a separator where `legacy` matches."""
    if separator is None:
        return [p for p in re.split(legacy, value.strip()) if p]
    characters = {"space": " ", "newline": "\n", "os": os.pathsep, ":": ":", ";": ";"}
    if separator not in characters:
        raise UsageError(
            f"'{separator}' is no path_separator",
            hint="use one of: os, space, newline, ':' or ';'",
        )
    return [p.strip() for p in value.split(characters[separator]) if p.strip()]


def _read_toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"'{path}' cannot be read: {error}", hint="correct the file") from error


def _read_ini(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser({"here": path.parent.as_posix().replace("%", "%%")})
    try:
        parser.read([path], encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as error:
        raise UsageError(f"'{path}' cannot be read: {error}", hint="correct the file") from error
    return parser


def _get(parser: configparser.ConfigParser, section: str, option: str) -> str:
    """An option's value; a `%` that is no interpolation (a password's) is taken as it is."""
    try:
        return parser.get(section, option)
    except configparser.InterpolationError:
        return parser.get(section, option, raw=True)


def _expand_here(value: str, pyproject: Path | None) -> str:
    here = pyproject.parent.as_posix() if pyproject else "."
    return value.replace("%(here)s", here).replace("%%", "%")


def _check_toml(ours: Mapping[str, Any], path: Path) -> None:
    where = f"{path}, [tool.sqlmodel.migrations]"
    for key, value in ours.items():
        if key not in _TABLES:
            _check_key(key, [*KEYS, *_TABLES], where)
            _check_type(key, value, where)
    for name, table in ours.get("databases", {}).items():
        for key, value in table.items():
            _check_key(key, [*KEYS, *DATABASE_KEYS], f"{where[:-1]}.databases.{name}]")
            _check_type(key, value, f"{where[:-1]}.databases.{name}]")


def _check_key(key: str, known: Sequence[str], where: str) -> None:
    if key not in known:
        raise UsageError(
            f"unknown setting '{key}' in {where}",
            hint=did_you_mean(key, known) or f"the settings are: {', '.join(known)}",
        )


def _check_type(key: str, value: Any, where: str) -> None:
    kind = {**KEYS, **DATABASE_KEYS}[key][0]
    if kind is Acceptance:
        acceptance.parse(value)
        return
    if kind in scalar.READERS:
        scalar.read(kind, key, value)
        return
    allowed = (list, str) if kind is list else (kind,)
    if not isinstance(value, allowed):
        wanted = "a list of strings" if kind is list else f"a {kind.__name__}"
        raise UsageError(f"setting '{key}' in {where} is not {wanted}")


def _as_list(value: Any, key: str) -> list[str]:
    """A list of words, from a TOML list or from an ini value with commas or line breaks."""
    if isinstance(value, str):
        return [word for word in re.split(r"[\s,]+", value) if word]
    if isinstance(value, list | tuple) and all(isinstance(v, str) for v in value):
        return list(value)
    raise UsageError(f"setting '{key}' is not a list of strings")


def _text(value: Any) -> str | None:
    return value or None


def _folder(location: str, root: Path, directory: Path) -> Path:
    """The absolute folder of a location; `package:folder` is looked for below `root` first."""
    package, colon, rest = location.partition(":")
    if colon and not Path(location).drive:
        return _package_folder(package, rest, root)
    here = root / location
    return here.absolute() if here.exists() else (directory / location).absolute()


def _package_folder(package: str, rest: str, root: Path) -> Path:
    relative = Path(*package.split(".")) / rest
    for base in (root, root / "src"):
        if (base / relative).exists():
            return (base / relative).absolute()
    from importlib import util

    spec = util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(
            f"the package '{package}' of 'script_location = {package}:{rest}' is missing"
        )
    return (Path(next(iter(spec.submodule_search_locations))) / rest).absolute()
