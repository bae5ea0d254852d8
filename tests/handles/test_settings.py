"""Issue row "Settings": one table, one place each, unknown ones named with the nearest."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from heroes import MODELS
from project import Project
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.project import settings
from sqlmodel_migrations.project.acceptance import Acceptance
from sqlmodel_migrations.project.scalar import Transaction

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
ROW = re.compile(r"(?m)^\| `(\w+)` \| `([^`]*)` \| `([^`]*)` \| (.*?) \| (.*) \|$")
ALL = {**settings.KEYS, **settings.DATABASE_KEYS}
ACCEPTED = "[{difference = 'a', reason = 'b', until = 2030-01-31}]"
IN_PYPROJECT = {
    list: '["a", "b"]',
    str: '"a"',
    Acceptance: ACCEPTED,
    float: '"500ms"',
    int: "3",
    bool: "true",
    Transaction: '"all"',
}
IN_INI = {
    list: "a, b",
    str: "a",
    Acceptance: "2030-01-31 | b | a",
    float: "500ms",
    int: "3",
    bool: "true",
    Transaction: "all",
}
READ = {float: 0.5, int: 3, bool: True, Transaction: Transaction.ALL}


def test_the_table_is_complete() -> None:
    meanings = {row[0]: row[4] for row in ROW.findall(PAGE)}
    assert meanings == {key: meaning for key, (_, meaning) in ALL.items()}


@pytest.mark.parametrize("row", ROW.findall(PAGE), ids=lambda row: row[0])
def test_each_is_read_from_the_place_in_pyproject(project: Project, row: tuple[str, ...]) -> None:
    key, place = row[0], row[1].replace("NAME", "analytics")
    header, name = place.split()
    assert name == key
    value = IN_PYPROJECT[ALL[key][0]]
    migrations = '[tool.alembic]\nscript_location = "migrations"\n'
    project.write({"pyproject.toml": f"{migrations}{header}\n{name} = {value}\n"})
    section = "analytics" if "analytics" in header else "alembic"
    found = settings.find(project.path, name=section)
    assert_read(found, key, project.path)


@pytest.mark.parametrize("row", ROW.findall(PAGE), ids=lambda row: row[0])
def test_each_is_read_from_the_place_in_the_ini(project: Project, row: tuple[str, ...]) -> None:
    key, option = row[0], row[2]
    value = IN_INI[ALL[key][0]]
    location = "" if option == "script_location" else "script_location = migrations\n"
    project.write({"alembic.ini": f"[alembic]\n{location}{option} = {value}\n"})
    assert_read(settings.find(project.path), key, project.path)


def assert_read(found: settings.Settings, key: str, root: Path) -> None:
    expected = {
        "directory": ("script_location", root / "a"),
        "version_locations": ("version_locations", (root / "a", root / "b")),
        "models": ("models", ("a", "b")),
        "accept_drift": ("accept_drift", (Acceptance("a", "b", date(2030, 1, 31)),)),
    }
    name, value = expected.get(key, (key, READ.get(ALL[key][0], "a")))
    assert getattr(found, name) == value


def test_defaults(project: Project) -> None:
    project.write({"alembic.ini": "[alembic]\nscript_location = migrations\n"})
    found = settings.find(project.path)
    assert found.script_location == project.path / "migrations"
    assert found.version_locations == (project.path / "migrations" / "versions",)
    assert found.models == ()
    assert found.accept_drift == ()
    others = [key for key in settings.KEYS if key not in ("models", "accept_drift")]
    assert [getattr(found, key) for key in others] == [None] * len(others)


PYPROJECT = '[tool.alembic]\nscript_location = "migrations"\n'


@pytest.mark.parametrize(
    ("files", "said", "hint"),
    [
        (
            {"pyproject.toml": f"{PYPROJECT}[tool.sqlmodel.migrations]\nversion_tabel = 'x'\n"},
            "unknown setting 'version_tabel'",
            "did you mean 'version_table'?",
        ),
        (
            {"pyproject.toml": f"{PYPROJECT}[tool.sqlmodel.migrations.databases.a]\nmodel = 'x'\n"},
            "unknown setting 'model'",
            "did you mean 'models'?",
        ),
        (
            {"alembic.ini": "[alembic]\nscript_location = m\nsqlmodel.shadow-url = x\n"},
            "unknown setting 'shadow-url'",
            "did you mean 'shadow_url'?",
        ),
        (
            {"pyproject.toml": f"{PYPROJECT}[tool.sqlmodel.migrations]\nqwertz = 1\n"},
            "unknown setting 'qwertz'",
            "the settings are: models, url, version_table",
        ),
    ],
)
def test_unknown_setting(project: Project, files: dict[str, str], said: str, hint: str) -> None:
    project.write(files)
    for command in ("upgrade", "heads", "init", "revision"):
        ran = project.cli(command)
        assert ran.code == 2, ran.output
        assert said in ran.stderr
        assert hint in ran.stderr


def test_setting_of_a_wrong_type(project: Project) -> None:
    project.write({"pyproject.toml": f"{PYPROJECT}[tool.sqlmodel.migrations]\nurl = 3\n"})
    with pytest.raises(UsageError, match=r"setting 'url' in .* is not a str"):
        settings.find(project.path)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("lock_timeout = '5 sec'", "setting 'lock_timeout': '5 sec' is no duration"),
        ("wait = true", "setting 'wait': 'True' is no duration"),
        ("lock_retries = -1", "setting 'lock_retries': '-1' is no count"),
        ("lock_retries = true", "setting 'lock_retries': 'True' is no count"),
        ("backup = 'yes'", "setting 'backup': 'yes' is neither true nor false"),
        ("transaction = 'one'", "setting 'transaction': 'one' is unknown"),
    ],
)
def test_value_that_cannot_be_read(project: Project, written: str, said: str) -> None:
    project.write({"pyproject.toml": f"{PYPROJECT}[tool.sqlmodel.migrations]\n{written}\n"})
    with pytest.raises(UsageError) as raised:
        settings.find(project.path)
    assert raised.value.message == said
    ini = f"[alembic]\nscript_location = m\nsqlmodel.{written}".replace("'", "").lower()
    project.write({"pyproject.toml": "", "alembic.ini": f"{ini}\n"})
    with pytest.raises(UsageError) as raised:
        settings.find(project.path)
    assert raised.value.message.lower() == said.lower()


def test_setting_in_both_places(project: Project) -> None:
    project.write({
        "alembic.ini": "[alembic]\nscript_location = m\nsqlalchemy.url = sqlite:///a.db\n",
        "pyproject.toml": "[tool.sqlmodel.migrations]\nurl = 'sqlite:///b.db'\n",
    })  # fmt: skip
    with pytest.raises(UsageError, match=r"is set in pyproject.toml and in alembic.ini") as raised:
        settings.find(project.path)
    assert (
        raised.value.hint
        == "remove 'sqlalchemy.url' from alembic.ini, or 'url' from pyproject.toml"
    )


def test_neither_sqlalchemy_nor_alembic_is_imported_to_read_them(project: Project) -> None:
    source = (
        "import sys; from sqlmodel_migrations.project import settings; "
        "assert not {'alembic', 'sqlalchemy'} & set(sys.modules)"
    )
    assert project.cli.subprocess("python", "-c", source).code == 0


def test_version_table(project: Project) -> None:
    project.write({"models.py": MODELS})
    project.cli("init")
    ini = project.read("alembic.ini")
    project.write(
        {"alembic.ini": ini.replace("[alembic]\n", "[alembic]\nsqlmodel.version_table = v\n")}
    )
    for command in (["revision"], ["upgrade"], ["check", "--database"], ["check"]):
        assert project.cli(*command).code == 0
    ran = project.cli.alembic("current")
    assert "(head)" in ran.stdout
