"""What `init` writes: a project that Alembic reads, all of it or nothing."""

from __future__ import annotations

import ast
import io
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.project import scaffold, settings

HERO = """
from sqlmodel import Field, SQLModel

class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with `app/models.py`, which is the current folder."""
    monkeypatch.delenv("ALEMBIC_CONFIG", raising=False)
    folder = tmp_path / "project"
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "models.py").write_text(HERO)
    monkeypatch.chdir(folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def active_lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def test_lines_of_the_tutorial(root: Path) -> None:
    lines: list[str] = []
    made = scaffold.init(root, say=lines.append)

    assert lines == [
        f"Creating directory '{root}/migrations' ...  done",
        f"Creating directory '{root}/migrations/versions' ...  done",
        f"Generating {root}/migrations/script.py.mako ...  done",
        f"Generating {root}/migrations/env.py ...  done",
        f"Generating {root}/migrations/README ...  done",
        f"Generating {root}/alembic.ini ...  done",
        f"Adding '{root}/migrations/__init__.py' ...  done",
        f"Adding '{root}/migrations/versions/__init__.py' ...  done",
    ]
    assert made.directory == root / "migrations"
    assert made.config == root / "alembic.ini"
    assert made.models == ("app.models",)
    assert made.notes == ("Found 1 table in app.models.",)
    assert not made.already


def test_every_line_names_what_exists(root: Path) -> None:
    lines: list[str] = []
    scaffold.init(root, say=lines.append)

    for line in lines:
        found = re.search(r"(/.*?)'? \.\.\.", line)
        assert found is not None
        assert Path(found[1]).exists()


def test_env_py(root: Path) -> None:
    scaffold.init(root)

    assert (root / "migrations" / "env.py").read_text() == (
        "from sqlmodel_migrations import environment\n"
        "\n"
        "# The modules whose tables are migrated. MetaData objects work as well:"
        " target_metadata = SQLModel.metadata\n"
        'target_metadata = ["app.models"]\n'
        "\n"
        "environment.run(target_metadata)\n"
    )


def test_env_py_with_many_models(root: Path) -> None:
    names = [f"application.feature_{n}.models" for n in range(5)]
    scaffold.init(root, models=names)

    text = (root / "migrations" / "env.py").read_text()
    assignment = ast.parse(text).body[1]
    assert isinstance(assignment, ast.Assign)
    assert ast.literal_eval(assignment.value) == names
    assert '    "application.feature_0.models",\n' in text


def test_no_models(root: Path) -> None:
    (root / "app" / "models.py").unlink()
    made = scaffold.init(root)

    text = (root / "migrations" / "env.py").read_text()
    assert "\ntarget_metadata = []\n" in text
    assert 'target_metadata = ["app.models"]' in text
    assert made.models == ()
    assert made.notes == ("Found no tables: name the modules with your models in env.py.",)


def test_file_with_a_syntax_error_is_named(root: Path) -> None:
    (root / "broken.py").write_text("import sqlmodel\nclass (")

    assert f"'{root}/broken.py'" in scaffold.init(root).notes[-1]


@pytest.mark.parametrize("model", ["app/models.py", "app\nmodels", "1app", 'app"', ""])
def test_models_that_are_no_module_name(root: Path, model: str) -> None:
    with pytest.raises(UsageError, match="is no name of a module") as caught:
        scaffold.init(root, models=[model])

    assert caught.value.hint == "type: --models app.models"
    assert not (root / "migrations").exists()


def test_second_init_changes_nothing(root: Path) -> None:
    scaffold.init(root)
    before = contents(root)
    lines: list[str] = []
    again = scaffold.init(root, "elsewhere", models=["other"], say=lines.append)

    assert again.already
    assert again.directory == root / "migrations"
    assert again.config == root / "alembic.ini"
    assert lines == []
    assert contents(root) == before


def test_alembic_project_is_there_already(root: Path) -> None:
    command.init(Config(root / "alembic.ini", stdout=io.StringIO()), "alembic")

    assert scaffold.init(root).already
    assert not (root / "migrations").exists()


def test_without_package(root: Path) -> None:
    scaffold.init(root, package=False)

    assert not list((root / "migrations").rglob("__init__.py"))


# -- the database's URL ----------------------------------------------------------------------------


def test_default_url(root: Path) -> None:
    scaffold.init(root)

    assert "sqlalchemy.url = sqlite:///database.db" in active_lines(root / "alembic.ini")


def test_no_url_where_the_environment_has_one(root: Path) -> None:
    scaffold.init(root, environment_has_url=True)

    assert settings.find(root).url is None
    assert "DATABASE_URL" in (root / "alembic.ini").read_text()


@pytest.mark.parametrize("pyproject", [False, True])
@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///other%20name.db",
        "postgresql+psycopg://anna@localhost/shop",
        "postgresql://anna:${PASSWORD}@localhost/shop",
        "app.database:engine",
        "sqlite:///C:/data@home.db",
        "${DATABASE}",
    ],
)
def test_given_url(root: Path, url: str, pyproject: bool) -> None:
    scaffold.init(root, url=url, pyproject=pyproject)

    assert settings.find(root).url == url


@pytest.mark.parametrize("pyproject", [False, True])
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://anna:s3cret@localhost/shop",
        "postgresql://anna:s3c/r@s3cret@localhost/shop",
        "postgresql://anna:${X}s3cret@localhost/shop",
        "postgresql://localhost/shop?user=anna&password=s3cret",
        "mssql+pyodbc:///?odbc_connect=PWD%3Ds3cret",
    ],
)
def test_password_is_never_written(root: Path, url: str, pyproject: bool) -> None:
    made = scaffold.init(root, url=url, pyproject=pyproject)

    assert settings.find(root).url == "${DATABASE_URL}"
    assert not [name for name, text in contents(root).items() if b"s3c" in text]
    assert "put it into DATABASE_URL" in made.notes[-1]
    assert "s3c" not in made.notes[-1]


def test_url_with_a_line_break(root: Path) -> None:
    with pytest.raises(UsageError, match="line break"):
        scaffold.init(root, url="sqlite:///a\n[post_write_hooks]\nhooks = x")
    assert list(root.iterdir()) == [root / "app"]


def test_percent_in_a_url_is_read_back_by_alembic(root: Path) -> None:
    scaffold.init(root, url="sqlite:///other%20name.db")

    config = Config(root / "alembic.ini")
    assert config.get_main_option("sqlalchemy.url") == "sqlite:///other%20name.db"


# -- folders ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("pyproject", [False, True])
@pytest.mark.parametrize("folder", ["db/migrations", "100%", "with space", "../outside", "größe"])
def test_folder_is_read_back(root: Path, folder: str, pyproject: bool) -> None:
    scaffold.init(root, folder, pyproject=pyproject)

    found = settings.find(root).script_location
    assert found.resolve() == (root / folder).resolve()
    toml = root / "pyproject.toml" if pyproject else None
    config = Config(None if toml else root / "alembic.ini", toml_file=toml)
    assert Path(ScriptDirectory.from_config(config).dir).resolve() == (root / folder).resolve()


def test_absolute_folder(root: Path, tmp_path: Path) -> None:
    scaffold.init(root, root / "inside")

    assert "script_location = %(here)s/inside" in active_lines(root / "alembic.ini")


def test_empty_folder_is_used(root: Path) -> None:
    (root / "migrations").mkdir()
    lines: list[str] = []
    scaffold.init(root, say=lines.append)

    assert lines[0] == f"Creating directory '{root}/migrations/versions' ...  done"


def test_folder_that_is_not_empty(root: Path) -> None:
    with pytest.raises(UsageError, match="is not empty; nothing was written") as caught:
        scaffold.init(root, "app")

    assert caught.value.hint
    assert contents(root) == {"app/models.py": HERO.encode()}


def test_folder_that_is_a_file(root: Path) -> None:
    (root / "migrations").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        scaffold.init(root)


def test_folder_in_a_file(root: Path) -> None:
    (root / "file").write_text("")
    with pytest.raises(UsageError, match="nothing was changed"):
        scaffold.init(root, "file/migrations")
    assert not (root / "alembic.ini").exists()


@pytest.fixture
def read_only(root: Path) -> Iterator[Path]:
    root.chmod(0o555)
    if os.access(root, os.W_OK):
        pytest.skip("this user may write everywhere")
    yield root
    root.chmod(0o755)


def test_read_only_folder(read_only: Path) -> None:
    with pytest.raises(UsageError, match="is read-only; nothing was written"):
        scaffold.init(read_only)


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a right on Windows")
def test_failure_takes_everything_back(root: Path) -> None:
    (root / "alembic.ini").symlink_to(root / "nowhere" / "alembic.ini")
    lines: list[str] = []
    with pytest.raises(UsageError, match="cannot be written"):
        scaffold.init(root, "deep/migrations", say=lines.append)

    assert lines == []
    assert sorted(p.name for p in root.iterdir()) == ["alembic.ini", "app"]


def test_folder_was_deleted_and_the_configuration_was_not(root: Path) -> None:
    scaffold.init(root, "db")
    for path in sorted((root / "db").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    ini = (root / "alembic.ini").read_bytes()

    with pytest.raises(UsageError, match="where it is missing") as caught:
        scaffold.init(root)
    assert caught.value.hint == "type: sqlmodel migrations init db"
    lines: list[str] = []
    scaffold.init(root, "db", say=lines.append)

    assert f"File {root}/alembic.ini already exists, skipping" in lines
    assert (root / "alembic.ini").read_bytes() == ini
    assert (root / "db" / "env.py").exists()


def test_other_configuration_file(root: Path) -> None:
    (root / "config").mkdir()
    made = scaffold.init(root, config_file="config/db.ini")

    assert made.config == root / "config" / "db.ini"
    found = settings.find(root, config=["config/db.ini"])
    assert found.script_location.resolve() == root / "migrations"
    assert scaffold.init(root, config_file="config/db.ini").already


def test_ini_with_a_section_that_lacks_script_location(root: Path) -> None:
    (root / "alembic.ini").write_text("[alembic]\ntimezone = UTC\n")
    with pytest.raises(UsageError, match="has no script_location; nothing was written"):
        scaffold.init(root)
    assert not (root / "migrations").exists()


def test_ini_that_cannot_be_read(root: Path) -> None:
    (root / "alembic.ini").write_text("no section\n")
    with pytest.raises(UsageError, match="cannot be read"):
        scaffold.init(root)


# -- pyproject.toml --------------------------------------------------------------------------------


def tool(root: Path) -> dict[str, dict[str, object]]:
    parsed: dict[str, dict[str, dict[str, object]]] = tomllib.loads(
        (root / "pyproject.toml").read_bytes().decode()
    )
    return parsed["tool"]


@pytest.mark.parametrize(
    "before", [b"", b'[project]\nname = "x"', b'[project]\r\nname = "\xc3\xa9"  # kept\r\n']
)
def test_pyproject_is_appended_to(root: Path, before: bytes) -> None:
    (root / "pyproject.toml").write_bytes(before)
    lines: list[str] = []
    scaffold.init(root, pyproject=True, say=lines.append)

    after = (root / "pyproject.toml").read_bytes()
    assert after.startswith(before)
    assert b"\r\n" in before or b"\r" not in after
    assert f"Appending to existing {root}/pyproject.toml ...  done" in lines
    assert tool(root)["alembic"]["script_location"] == "%(here)s/migrations"
    assert tool(root)["sqlmodel"]["migrations"] == {
        "models": ["app.models"],
        "url": "sqlite:///database.db",
    }
    assert not (root / "alembic.ini").exists()


def test_pyproject_is_made(root: Path) -> None:
    lines: list[str] = []
    scaffold.init(root, pyproject=True, say=lines.append)

    assert f"Generating {root}/pyproject.toml ...  done" in lines
    assert settings.find(root).models == ("app.models",)


def test_models_stand_in_one_place(root: Path) -> None:
    scaffold.init(root, pyproject=True)

    text = (root / "migrations" / "env.py").read_text()
    assert "\ntarget_metadata = []\n" in text
    assert "pyproject.toml" in text


def test_models_of_pyproject_are_honoured(root: Path) -> None:
    (root / "pyproject.toml").write_text('[tool.sqlmodel]\nmodels = "shop.tables"\n')
    made = scaffold.init(root)

    assert made.models == ("shop.tables",)
    assert made.found is None
    assert "pyproject.toml" in (root / "migrations" / "env.py").read_text()
    assert settings.find(root).models == ("shop.tables",)


def test_models_given_go_before_those_of_pyproject(root: Path) -> None:
    (root / "pyproject.toml").write_text('[tool.sqlmodel.migrations]\nmodels = ["shop"]\n')
    scaffold.init(root, pyproject=True, models=["app.models"])

    assert 'target_metadata = ["app.models"]' in (root / "migrations" / "env.py").read_text()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_table_of_ours_that_exists_is_completed(root: Path, newline: str) -> None:
    before = '[tool.sqlmodel.migrations]\nversion_table = "v"\n\n[tool.x]\na = 1\n'
    (root / "pyproject.toml").write_bytes(before.replace("\n", newline).encode())
    scaffold.init(root, pyproject=True)

    assert tool(root)["x"] == {"a": 1}
    assert settings.find(root).version_table == "v"
    assert settings.find(root).url == "sqlite:///database.db"
    text = (root / "pyproject.toml").read_bytes().decode()
    assert text.count("\n") == text.count(newline)


def test_tool_alembic_exists(root: Path) -> None:
    text = '[tool.alembic]\nscript_location = "away"\n'
    (root / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError, match="where it is missing"):
        scaffold.init(root, pyproject=True)
    (root / "pyproject.toml").write_text("[tool.alembic]\ntimezone = 'UTC'\n")
    with pytest.raises(UsageError, match=r"\[tool.alembic\] already"):
        scaffold.init(root, pyproject=True)
    assert not (root / "migrations").exists()


def test_pyproject_that_cannot_be_read_or_extended(root: Path) -> None:
    (root / "pyproject.toml").write_text("[tool\n")
    with pytest.raises(UsageError, match="cannot be read"):
        scaffold.init(root, pyproject=True)
    (root / "pyproject.toml").write_text("tool = {sqlmodel = {}}\n")
    with pytest.raises(UsageError, match="cannot be extended"):
        scaffold.init(root, pyproject=True)
    assert not (root / "migrations").exists()


# -- several databases -----------------------------------------------------------------------------


def test_named_database_in_the_ini(root: Path) -> None:
    scaffold.init(root)
    before = (root / "alembic.ini").read_bytes()
    (root / "analytics").mkdir()
    (root / "analytics" / "models.py").write_text(HERO)
    made = scaffold.init(root, name="analytics")

    found = settings.find(root, name="analytics")
    assert made.directory == found.script_location == root / "migrations_analytics"
    assert made.models == ("analytics.models",)
    assert found.url is None
    assert (root / "alembic.ini").read_bytes().startswith(before)
    assert "ANALYTICS_DATABASE_URL" in (root / "alembic.ini").read_text()
    assert settings.find(root).script_location == root / "migrations"
    assert scaffold.init(root, name="analytics").already
    config = Config(root / "alembic.ini", ini_section="analytics")
    assert ScriptDirectory.from_config(config).dir == str(root / "migrations_analytics")


def test_named_database_does_not_take_the_models_of_the_first(root: Path) -> None:
    made = scaffold.init(root, name="analytics")

    assert made.models == ()
    assert made.notes == ("Found 1 table in app.models: name those of this database in env.py.",)


def test_named_database_in_pyproject(root: Path) -> None:
    scaffold.init(root, pyproject=True)
    before = (root / "pyproject.toml").read_bytes()
    made = scaffold.init(root, name="analytics", models=["stats"], url="sqlite:///stats.db")

    assert made.config == root / "pyproject.toml"
    assert (root / "pyproject.toml").read_bytes().startswith(before)
    found = settings.find(root, name="analytics")
    assert found.script_location == root / "migrations_analytics"
    assert (found.models, found.url) == (("stats",), "sqlite:///stats.db")
    assert scaffold.init(root, name="analytics").already


# -- script.py.mako --------------------------------------------------------------------------------


def test_plain_alembic_writes_a_script(root: Path) -> None:
    scaffold.init(root)
    command.revision(Config(root / "alembic.ini"), "first", rev_id="a1")

    [path] = (root / "migrations" / "versions").glob("a1_first.py")
    text = path.read_text()
    compile(text, path, "exec")
    doc = ast.get_docstring(ast.parse(text))
    assert doc is not None
    assert re.fullmatch(r"first\n\nRevision ID: a1\nRevises:\nCreate Date: [-\d:. ]+", doc)
    assert "down_revision: str | Sequence[str] | None = None\n" in text
    assert re.findall(r"^(?:from|import) .*", text, re.M) == [
        "from collections.abc import Sequence",
        "from alembic import op",
        "import sqlalchemy as sa",
    ]
    assert not re.search(r"[ \t]$", text, re.M)


def test_only_one_line_of_the_ini_is_file_template(root: Path) -> None:
    """Un-commenting every such line leaves a file that Alembic can read."""
    scaffold.init(root)
    ini = root / "alembic.ini"
    ini.write_text(ini.read_text().replace("# file_template", "file_template"))
    command.revision(Config(ini), "first", rev_id="a1")

    [path] = (root / "migrations" / "versions").glob("*_first.py")
    assert re.fullmatch(r"\d{4}_\d\d_\d\d_\d{4}-a1_first.py", path.name)
