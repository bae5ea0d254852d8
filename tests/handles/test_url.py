"""Issue row "Database URL": where it is looked for, in which order, and how it is spelled."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from sqlalchemy import make_url

from databases import Database, Server, unique_name
from heroes import MODELS
from project import Project
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.project import address, settings, url

SIZED = MODELS.replace("name: str", "name: str = Field(max_length=50)")


@pytest.fixture
def hero(project: Project) -> Project:
    """A project with one model and one revision; its ini file names `written.db`."""
    project.write({"models.py": SIZED})
    assert project.cli("init", "--url", "sqlite:///written.db").code == 0
    project.revision(kind="sqlite")
    return project


def databases(project: Project) -> list[str]:
    return sorted(path.name for path in project.path.glob("*.db"))


def test_configuration(hero: Project) -> None:
    assert hero.cli("upgrade").code == 0
    assert databases(hero) == ["written.db"]


def test_environment_goes_before_the_configuration(hero: Project) -> None:
    assert hero.cli("upgrade", env={"DATABASE_URL": "sqlite:///environment.db"}).code == 0
    assert databases(hero) == ["environment.db"]


def test_dotenv_goes_before_the_configuration(hero: Project) -> None:
    hero.write({".env": "DATABASE_URL=sqlite:///dotenv.db\n"})
    assert hero.cli("upgrade").code == 0
    assert databases(hero) == ["dotenv.db"]


def test_environment_goes_before_dotenv(hero: Project) -> None:
    hero.write({".env": "DATABASE_URL=sqlite:///dotenv.db\n"})
    assert hero.cli("upgrade", env={"DATABASE_URL": "sqlite:///environment.db"}).code == 0
    assert databases(hero) == ["environment.db"]


def test_option_goes_before_all(hero: Project) -> None:
    hero.write({".env": "DATABASE_URL=sqlite:///dotenv.db\n"})
    environment = {"DATABASE_URL": "sqlite:///environment.db"}
    assert hero.cli("upgrade", "--url", "sqlite:///option.db", env=environment).code == 0
    assert databases(hero) == ["option.db"]


def test_plain_alembic_reads_the_same(hero: Project) -> None:
    hero.write({".env": "DATABASE_URL=sqlite:///dotenv.db\n"})
    ran = hero.cli.alembic("upgrade", "head")
    assert ran.code == 0, ran.output
    assert databases(hero) == ["dotenv.db"]
    environment = {"DATABASE_URL": "sqlite:///environment.db"}
    assert hero.cli.alembic("upgrade", "head", env=environment).code == 0
    assert databases(hero) == ["dotenv.db", "environment.db"]


def set_url(project: Project, value: str) -> None:
    ini = project.read("alembic.ini")
    project.write({"alembic.ini": ini.replace("sqlite:///written.db", value)})


@pytest.mark.parametrize("program", ["sqlmodel", "alembic"])
def test_variable_in_the_configuration(hero: Project, program: str) -> None:
    set_url(hero, "sqlite:///${STAGE}_${PART}.db")
    hero.write({".env": "PART=heroes\n"})
    run = hero.cli if program == "sqlmodel" else hero.cli.alembic
    ran = run("upgrade", "head", env={"STAGE": "test"})
    assert ran.code == 0, ran.output
    assert databases(hero) == ["test_heroes.db"]


def test_variable_that_is_not_set_is_named(hero: Project) -> None:
    set_url(hero, "sqlite:///${STAGE}.db")
    ran = hero.cli("upgrade")
    assert ran.code == 2
    assert "error: the database URL uses '${STAGE}', which is not set" in ran.stderr
    assert "hint: set STAGE in the environment or in .env" in ran.stderr
    assert databases(hero) == []


OBJECTS = {
    "str": "engine = 'sqlite:///object.db'",
    "url": "from sqlalchemy import make_url\nengine = make_url('sqlite:///object.db')",
    "engine": "from sqlalchemy import create_engine\nengine = create_engine('sqlite:///object.db')",
    "async_engine": (
        "from sqlalchemy.ext.asyncio import create_async_engine\n"
        "engine = create_async_engine('sqlite+aiosqlite:///object.db')"
    ),
    "callable": "def engine(): return 'sqlite:///object.db'",
    "callable_of_an_engine": (
        "from sqlalchemy import create_engine\n"
        "def engine(): return create_engine('sqlite:///object.db')"
    ),
    "attribute": (
        "class Settings:\n    url = 'sqlite:///object.db'\nsettings = Settings()\n"
        "engine = settings.url"
    ),
}


@pytest.mark.parametrize("kind", OBJECTS)
def test_object_of_the_application(hero: Project, kind: str) -> None:
    hero.write({"app/__init__.py": "", "app/database.py": OBJECTS[kind] + "\n"})
    set_url(hero, "app.database:engine")
    ran = hero.cli("upgrade")
    assert ran.code == 0, ran.output
    assert databases(hero) == ["object.db"]
    assert hero.cli.alembic("current").stdout.endswith("(head)\n")


def test_object_without_a_url(hero: Project) -> None:
    hero.write({"app/database.py": "engine = 42\n"})
    set_url(hero, "app.database:engine")
    ran = hero.cli("upgrade")
    assert ran.code == 2
    assert "'app.database:engine' is a int, which has no database URL" in ran.stderr


def test_object_under_pyproject(project: Project) -> None:
    project.write({
        "models.py": SIZED,
        "app/database.py": OBJECTS["str"],
        "pyproject.toml": '[tool.sqlmodel.migrations]\nurl = "app.database:engine"\n',
    })  # fmt: skip
    for command in (["init", "--pyproject"], ["revision"], ["upgrade"]):
        ran = project.cli(*command)
        assert ran.code == 0, ran.output
    assert databases(project) == ["object.db"]


def test_section_reads_its_own_variable(hero: Project) -> None:
    assert hero.cli("init", "-n", "analytics", "--models", "models").code == 0
    ran = hero.cli("revision", "-n", "analytics", env={"ANALYTICS_DATABASE_URL": "sqlite://"})
    assert ran.code == 0, ran.output
    environment = {
        "DATABASE_URL": "sqlite:///wrong.db",
        "ANALYTICS_DATABASE_URL": "sqlite:///analytics.db",
    }
    ran = hero.cli("upgrade", "-n", "analytics", env=environment)
    assert ran.code == 0, ran.output
    assert databases(hero) == ["analytics.db"]


def test_init_without_any_url_writes_one(project: Project) -> None:
    project.write({"models.py": SIZED})
    project.cli("init")
    assert "\nsqlalchemy.url = sqlite:///database.db\n" in project.read("alembic.ini")


def test_init_with_a_variable_writes_none(project: Project) -> None:
    project.write({"models.py": SIZED})
    project.cli("init", env={"DATABASE_URL": "postgresql://me:secret@localhost/x"})
    assert "\nsqlalchemy.url" not in project.read("alembic.ini")
    assert not any("secret" in project.read(name) for name in project.files())


@pytest.mark.parametrize("options", [(), ("--pyproject",)])
def test_password_is_never_written(project: Project, options: tuple[str, ...]) -> None:
    project.write({"models.py": SIZED})
    ran = project.cli("init", "--url", "postgresql://me:secret@localhost/x", *options)
    assert ran.code == 0
    assert "DATABASE_URL" in ran.stderr
    assert not any("secret" in project.read(name) for name in project.files())
    assert "secret" not in ran.output


def test_missing_url_is_an_error_and_no_new_file(project: Project) -> None:
    project.write({"models.py": SIZED})
    project.cli("init", env={"DATABASE_URL": "sqlite:///x.db"})
    before = project.files()
    for command in ("upgrade", "revision", "current", "check"):
        ran = project.cli(command)
        assert ran.code == 2, ran.output
        assert "the database 'alembic' has no URL" in ran.stderr
        assert "hint: set DATABASE_URL, or give --url" in ran.stderr
    assert project.files() == before


@pytest.mark.parametrize("command", ["current", "check", "status", "history", "downgrade"])
def test_reading_makes_no_file(hero: Project, command: str) -> None:
    before = hero.files()
    hero.cli(command)
    assert hero.files() == before


PASSWORDS = [
    "p%40s",
    "100%",
    "a@b",
    "a:b",
    "a/b?c#d",
    "pässwörd",
    "%(here)s",
    "a b",
    "$x${y",
    "'\"",
]


@pytest.mark.parametrize("password", PASSWORDS)
def test_password_arrives_intact(password: str) -> None:
    given = f"postgresql+psycopg://me:{quote(password, safe='')}@localhost/x"
    assert url.parse(given).password == password


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("doubled", [True, False])
def test_password_in_the_ini_arrives_intact(project: Project, password: str, doubled: bool) -> None:
    given = f"postgresql+psycopg://me:{quote(password, safe='')}@localhost/x"
    text = given.replace("%", "%%") if doubled else given
    project.write({"alembic.ini": f"[alembic]\nscript_location = m\nsqlalchemy.url = {text}\n"})
    assert url.resolve(settings.find(project.path)).password == password


@pytest.mark.parametrize("password", PASSWORDS)
def test_password_in_dotenv_arrives_intact(project: Project, password: str) -> None:
    given = f"postgresql+psycopg://me:{quote(password, safe='')}@localhost/x"
    project.write(
        {"alembic.ini": "[alembic]\nscript_location = m\n", ".env": f"DATABASE_URL={given}\n"}
    )
    assert url.resolve(settings.find(project.path)).password == password


@pytest.mark.parametrize("password", [*PASSWORDS[1:], "p%4"])
def test_password_in_a_variable_may_hold_any_character(project: Project, password: str) -> None:
    text = "postgresql+psycopg://me:${PASSWORD}@${HOST}/x?a=b@c"
    expanded = address.expand(text, {"PASSWORD": password, "HOST": "db.internal:5433"})
    found = url.parse(expanded)
    assert (found.password, found.host, found.port) == (password, "db.internal", 5433)


def test_whole_url_in_a_variable(project: Project) -> None:
    whole = "postgresql+psycopg://me:a%40b@localhost/x"
    assert address.expand("${MY_URL}", {"MY_URL": whole}) == whole
    spelled = address.expand("postgresql://me:${P}@localhost/x", {"P": "a%40b"})
    assert url.parse(spelled).password == "a@b"


@pytest.fixture(params=["pa%ss", "a@b:c/d", "pässwörd ✓", "100%(x)s"])
def with_password(
    request: pytest.FixtureRequest, _mariadb_server: Server, mariadb: Database
) -> Iterator[str]:
    """The URL of a MariaDB user who has a hard password and may do everything."""
    user = unique_name()[-30:]
    _mariadb_server.execute(f"CREATE USER {user}@'%' IDENTIFIED BY '{request.param}'")
    _mariadb_server.execute(f"CREATE USER {user}@localhost IDENTIFIED BY '{request.param}'")
    for host in ("'%'", "localhost"):
        _mariadb_server.execute(f"GRANT ALL ON *.* TO {user}@{host}")
    try:
        given = make_url(mariadb.url).set(username=user, password=request.param)
        yield given.render_as_string(hide_password=False)
    finally:
        _mariadb_server.execute(f"DROP USER {user}@'%', {user}@localhost")


def test_hard_password_on_a_server(project: Project, with_password: str) -> None:
    password = make_url(with_password).password
    assert isinstance(password, str)
    project.write({"models.py": SIZED})
    environment = {"DATABASE_URL": with_password}
    for command in ("init", "revision", "upgrade", "current", "status", "check"):
        ran = project.cli(command, env=environment)
        assert ran.code == 0, ran.output
        assert password not in ran.output
        assert quote(password) not in ran.output
    ran = project.cli.alembic("current", env=environment)
    assert "(head)" in ran.stdout, ran.output
    ran = project.cli("downgrade", "base", "--yes", "--url", with_password)
    assert ran.code == 0, ran.output
    assert not any(password in project.read(name) for name in project.files())


ASYNC = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "mariadb": "mysql+asyncmy",
}


def with_driver(database: Database, drivername: str) -> str:
    return make_url(database.url).set(drivername=drivername).render_as_string(hide_password=False)


def test_async_url(project: Project, database: Database) -> None:
    project.write({"models.py": SIZED})
    environment = {"DATABASE_URL": with_driver(database, ASYNC[database.kind])}
    for command in ("init", "revision", "upgrade", "current", "status", "check"):
        ran = project.cli(command, env=environment)
        assert ran.code == 0, ran.output
    for words in (["current"], ["check"], ["downgrade", "base"]):
        ran = project.cli.alembic(*words, env=environment)
        assert ran.code == 0, ran.output
    assert database.query("SELECT * FROM alembic_version") == []


@pytest.mark.parametrize(
    ("scheme", "database"),
    [
        ("postgres", "postgresql"),
        ("postgresql", "postgresql"),
        ("mysql", "mariadb"),
        ("mariadb", "mariadb"),
    ],
    indirect=["database"],
)
def test_url_without_a_driver_chooses_an_installed_one(
    project: Project, scheme: str, database: Database
) -> None:
    bare = scheme + database.url[database.url.index("://") :]
    project.write({"models.py": SIZED})
    for command in ("init", "revision", "upgrade", "check"):
        ran = project.cli(command, env={"DATABASE_URL": bare})
        assert ran.code == 0, ran.output
    assert database.query("SELECT * FROM hero") == []


def test_driver_that_is_named_stays() -> None:
    assert url.parse("postgresql+pg8000://localhost/x").drivername == "postgresql+pg8000"
    assert url.parse("sqlite:///x.db").drivername == "sqlite"


FOREIGN = """
    from alembic import context
    from sqlalchemy import create_engine

    with create_engine("sqlite:///own.db").connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
    """


def test_foreign_env_py_gets_an_explicit_url_only(hero: Project) -> None:
    hero.write({"migrations/env.py": FOREIGN})
    assert hero.cli("upgrade", env={"DATABASE_URL": "sqlite:///environment.db"}).code == 0
    assert databases(hero) == ["own.db"]
    assert hero.cli("upgrade", "--url", "sqlite:///explicit.db").code == 0
    assert databases(hero) == ["explicit.db", "own.db"]
    assert hero.cli("current", "--url", "sqlite:///new.db").code == 0
    assert hero.cli("check", "--url", "sqlite:///new.db").code == 2
    assert databases(hero) == ["explicit.db", "own.db"]


def test_url_that_cannot_be_parsed_shows_no_password() -> None:
    with pytest.raises(UsageError) as raised:
        url.parse("postgresql//me:secret@localhost")
    assert "secret" not in f"{raised.value} {raised.value.hint}"
