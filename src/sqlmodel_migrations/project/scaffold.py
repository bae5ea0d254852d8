"""The scaffold: the files that `sqlmodel migrations init` writes, and that a project starts from.

They are Alembic's: a project made here works under the plain `alembic` command.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.project import configuration, settings, template
from sqlmodel_migrations.project.changeset import Changeset
from sqlmodel_migrations.project.configuration import Contents
from sqlmodel_migrations.project.settings import DEFAULT_SECTION, Settings
from sqlmodel_migrations.project.source import Found, find

DIRECTORY = "migrations"
_WIDTH = 88
_TARGET = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*(:[^\W\d]\w*(\.[^\W\d]\w*)*)?")

_MODELS_NAMED = (
    "# The modules whose tables are migrated. MetaData objects work as well:"
    " target_metadata = SQLModel.metadata"
)
_MODELS_IN_PYPROJECT = (
    "# The modules whose tables are migrated are named in pyproject.toml, as models; a list here\n"
    "# goes before it. MetaData objects work as well: target_metadata = SQLModel.metadata"
)
_MODELS_MISSING = (
    '# Name the modules whose tables are migrated here: target_metadata = ["app.models"]\n'
    "# MetaData objects work as well: target_metadata = SQLModel.metadata"
)


@dataclass(frozen=True)
class Scaffold:
    """What `init` made, or found to be there `already`.

    `config` is the configuration file; `models` are the modules that it or env.py names, `found`
    what reading the source told (None if it was not read); `notes` are for people.
    """

    directory: Path
    config: Path
    models: tuple[str, ...] = ()
    found: Found | None = None
    already: bool = False
    notes: tuple[str, ...] = ()


def init(
    root: Path,
    directory: str | Path | None = None,
    *,
    models: Sequence[str] = (),
    url: str | None = None,
    pyproject: bool = False,
    package: bool = True,
    name: str = DEFAULT_SECTION,
    config_file: str | None = None,
    environment_has_url: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Scaffold:
    """Write env.py, its folder and the configuration; all or nothing, `say` tells each line.

    `directory` (default `migrations`, of a named database `migrations_<name>`) and `config_file`
    start from `root`. Without `models` they are found by reading the source. Where the project
    exists already nothing is written.

    Raises `UsageError`: the folder is not empty or cannot be written, or a configuration that
    exists says something else.
    """
    root = root.absolute()
    config = [config_file] if config_file else []
    existing = _existing(root, config, name)
    if existing and existing.env_py.is_file():
        return _already(existing)
    folder = Path(os.path.normpath(root / (directory or _default_directory(name))))
    ini, toml = settings.config_files(root, config)
    scope = configuration.Scope(name, folder, ini, toml, pyproject or ini.name == toml.name)
    _check_existing(existing, folder, pyproject=pyproject)
    _check_folder(folder)
    contents, found = _contents(root, scope, models, url, environment_has_url)
    changes = _changes(scope, contents, existing, package=package)
    changes.apply()
    for line in changes.lines:
        say(line)
    notes = _notes(contents, found)
    file = _file(existing) if existing else scope.file
    return Scaffold(folder, file, contents.models, found, notes=notes)


def _existing(root: Path, config: Sequence[str], name: str) -> Settings | None:
    try:
        return settings.find(root, config=config, name=name)
    except settings.NotSetUp:
        return None


def _already(existing: Settings) -> Scaffold:
    return Scaffold(existing.script_location, _file(existing), existing.models, already=True)


def _file(existing: Settings) -> Path:
    """The file that configures a database."""
    if existing.ini and configuration.names(existing.ini, existing.name):
        return existing.ini
    return existing.pyproject or existing.root / settings.PYPROJECT


def _default_directory(name: str) -> str:
    return DIRECTORY if name == DEFAULT_SECTION else f"{DIRECTORY}_{name}"


# -- what is checked -------------------------------------------------------------------------------


def _check_existing(existing: Settings | None, folder: Path, *, pyproject: bool) -> None:
    """Refuse to configure twice what is configured, its env.py being away."""
    if existing is None:
        return
    said = f"'{_file(existing)}' says that env.py is in '{existing.script_location}'"
    if pyproject:
        raise UsageError(
            f"{said}, where it is missing",
            hint="bring that folder back, or remove the setting `script_location`",
        )
    if existing.script_location.resolve() != folder.resolve():
        raise UsageError(
            f"{said}, where it is missing",
            hint=f"type: sqlmodel migrations init {_relative(existing.script_location)}",
        )


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"'{folder}' is a file", hint="name another folder")
    if folder.is_dir() and any(entry.name != "__pycache__" for entry in folder.iterdir()):
        raise UsageError(
            f"the folder '{folder}' exists and is not empty; nothing was written",
            hint="name another folder: sqlmodel migrations init other_folder",
        )
    above = next(parent for parent in folder.parents if parent.exists())
    if not os.access(above, os.W_OK):
        raise UsageError(
            f"the folder '{above}' is read-only; nothing was written",
            hint="make it writable, or change to another folder",
        )


def _check_models(models: Sequence[str]) -> tuple[str, ...]:
    for model in models:
        if not _TARGET.fullmatch(model):
            dotted = model.removesuffix(".py").replace(os.sep, ".").replace("/", ".").strip(".")
            likely = dotted if _TARGET.fullmatch(dotted) else "app.models"
            raise UsageError(f"'{model}' is no name of a module", hint=f"type: --models {likely}")
    return tuple(dict.fromkeys(models))


# -- what is written -------------------------------------------------------------------------------


def _contents(
    root: Path,
    scope: configuration.Scope,
    models: Sequence[str],
    url: str | None,
    environment_has_url: bool,
) -> tuple[Contents, Found | None]:
    """What the configuration will say, and what was found in the source."""
    named = configuration.models(scope)
    found = None if models or named else find(root)
    chosen = _check_models(models) or named or _found_for(scope.name, found)
    in_pyproject = scope.in_pyproject and not named
    contents = Contents(
        models=chosen,
        url=configuration.url(scope, url, environment_has_url=environment_has_url),
        in_env_py=bool(models and named) or not (named or in_pyproject),
        in_pyproject=in_pyproject,
    )
    return contents, found


def _found_for(name: str, found: Found | None) -> tuple[str, ...]:
    """The modules found, of a named database only those that carry its name."""
    targets = found.targets if found else ()
    if name == DEFAULT_SECTION:
        return targets
    return tuple(target for target in targets if name in target.split("."))


def _changes(
    scope: configuration.Scope, contents: Contents, existing: Settings | None, *, package: bool
) -> Changeset:
    changes = Changeset()
    folder = scope.directory
    changes.folder(folder)
    changes.folder(folder / "versions")
    changes.file(folder / "script.py.mako", template.read("script.py.mako"))
    changes.file(folder / "env.py", _env_py(contents))
    changes.file(folder / "README", _readme(scope))
    if existing:
        changes.lines.append(f"File {_file(existing)} already exists, skipping")
    else:
        configuration.write(scope, contents, changes)
    if package:
        changes.file(folder / "__init__.py", "", verb="Adding")
        changes.file(folder / "versions" / "__init__.py", "", verb="Adding")
    return changes


def _env_py(contents: Contents) -> str:
    named = _MODELS_NAMED if contents.in_env_py else _MODELS_IN_PYPROJECT
    comment = named if contents.models else _MODELS_MISSING
    targets = _list(contents.models if contents.in_env_py else ())
    return template.render("env.py", comment=comment, targets=targets)


def _list(names: Sequence[str]) -> str:
    """The list as Python source, one name a line where it is long."""
    quoted = [json.dumps(name, ensure_ascii=False) for name in names]
    line = f"[{', '.join(quoted)}]"
    if len(f"target_metadata = {line}") <= _WIDTH:
        return line
    return "[\n" + "".join(f"    {name},\n" for name in quoted) + "]"


def _readme(scope: configuration.Scope) -> str:
    option = "" if scope.name == DEFAULT_SECTION else f" -n {scope.name}"
    plain = f": `alembic{option} upgrade head` works as well"
    is_ours_alone = scope.in_pyproject and scope.name != DEFAULT_SECTION
    alembic = "" if is_ours_alone else plain
    return template.render("README", command=f"sqlmodel migrations{option}", alembic=alembic)


def _notes(contents: Contents, found: Found | None) -> tuple[str, ...]:
    notes = [_found_note(contents, found)] if found else []
    if contents.url.note:
        notes.append(contents.url.note)
    if found and found.unreadable:
        files = ", ".join(f"'{path}'" for path in found.unreadable)
        notes.append(f"Not read, because of syntax errors: {files}.")
    return tuple(notes)


def _found_note(contents: Contents, found: Found) -> str:
    if contents.models:
        return f"Found {found.summary()}."
    if found.tables:
        return f"Found {found.summary()}: name those of this database in env.py."
    return "Found no tables: name the modules with your models in env.py."


def _relative(path: Path) -> str:
    try:
        return os.path.relpath(path)
    except ValueError:
        return str(path)
