"""The written script: whether it can be run.

Neighbours: `plain_types` and `sql_text` render its parts, `format` lays it out.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from types import CodeType, ModuleType

from sqlmodel_migrations.errors import MigrationsError

_MODULE = "sqlmodel_migrations_script"


def importable(path: Path) -> None:
    """Import a script in isolation.

    Raises MigrationsError with file and line when it does not compile, does not import, or has
    no revision, upgrade or downgrade.
    """
    module = _executed(_compiled(path), path)
    for name in ("revision", "upgrade", "downgrade"):
        if getattr(module, name, None) is None:
            raise MigrationsError(
                f"'{path}' cannot be run: it defines no '{name}'",
                hint="compare script.py.mako with that of `sqlmodel migrations init`",
            )


def _compiled(path: Path) -> CodeType:
    try:
        return compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise _broken(path, error.lineno, f"does not compile: {error.msg}") from error
    except ValueError as error:  # a null byte
        raise _broken(path, None, f"does not compile: {error}") from error


def _executed(code: CodeType, path: Path) -> ModuleType:
    module = ModuleType(_MODULE)
    module.__file__ = str(path)
    # Dataclasses look their module up by its name while they are made.
    sys.modules[_MODULE] = module
    try:
        exec(code, module.__dict__)
    except ModuleNotFoundError as error:
        raise _broken(path, _line(error, path), f"needs the module '{error.name}'") from error
    except (Exception, SystemExit) as error:
        what = f"does not import: {type(error).__name__}: {error}"
        raise _broken(path, _line(error, path), what) from error
    finally:
        sys.modules.pop(_MODULE, None)
    return module


def _line(error: BaseException, path: Path) -> int | None:
    """Return the script's line that was executed when the error came up."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno for f in reversed(frames) if f.filename == str(path)), None)


def _broken(path: Path, line: int | None, what: str) -> MigrationsError:
    place = f"'{path}', line {line}" if line else f"'{path}'"
    return MigrationsError(f"{place}: {what}", hint="correct the script before it is run")
