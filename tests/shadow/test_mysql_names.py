"""Names of databases in statements that run on a scratch database of MariaDB or MySQL."""

from __future__ import annotations

import pytest

from databases import Database
from heroes import MODELS
from project import Project
from sqlmodel_migrations.shadow.scratch.mysql_names import Names


@pytest.fixture
def names() -> Names:
    return Names("scratch", "prod", ["prod", "other", "Mixed", "mysql", "information_schema"])


@pytest.mark.parametrize(
    ("sql", "sent"),
    [
        ("CREATE TABLE other.hero (id INT)", "CREATE TABLE `scratch_001`.hero (id INT)"),
        ("DROP TABLE `other`.`hero`", "DROP TABLE `scratch_001`.`hero`"),
        ("DELETE FROM PROD . hero", "DELETE FROM `scratch` . hero"),
        ("SELECT * FROM mixed.a, hero.b", "SELECT * FROM `scratch_002`.a, hero.b"),
        ("SELECT other FROM hero", "SELECT other FROM hero"),
        ("SELECT hero.other FROM hero", "SELECT hero.other FROM hero"),
        ("SELECT 'other.x', \"other.y\" -- other.z\n", None),
        ("SELECT 'it''s', 'a\\'b other.x' # other.y", None),
        (
            "/* other.x */ SELECT 1 /*! + other.f() */",
            "/* other.x */ SELECT 1 /*! + `scratch_001`.f() */",
        ),
        ("SELECT 1 % 2, other.a.b", "SELECT 1 % 2, `scratch_001`.a.b"),
        ("USE other", "USE `scratch_001`"),
        ("DROP DATABASE IF EXISTS other", "DROP DATABASE IF EXISTS `scratch_001`"),
        ("CREATE SCHEMA new", "CREATE SCHEMA `scratch_003`"),
        ("SHOW FULL TABLES FROM `other`", "SHOW FULL TABLES FROM `scratch_001`"),
        ("SELECT 1; SHOW TABLES FROM other", "SELECT 1; SHOW TABLES FROM `scratch_001`"),
        ("SELECT mysql.user.host FROM mysql.user", None),
        (
            "SELECT 1 FROM information_schema.tables WHERE table_schema = 'other'",
            "SELECT 1 FROM information_schema.tables WHERE table_schema = 'scratch_001'",
        ),
    ],
)
def test_sent(names: Names, sql: str, sent: str | None) -> None:
    assert names.sent(sql) == (sql if sent is None else sent)


def test_list_shows_the_scratch_databases_only(names: Names) -> None:
    assert names.sent("SHOW schemas") == "SELECT 'prod' AS `Database`"
    names.sent("CREATE DATABASE IF NOT EXISTS other")
    assert names.sent("show databases") == (
        "SELECT 'prod' AS `Database` UNION SELECT 'other' AS `Database`"
    )
    names.sent("DROP DATABASE other")
    assert names.sent("SHOW DATABASES") == "SELECT 'prod' AS `Database`"


def test_parameters_name_databases_in_the_catalog_only(names: Names) -> None:
    assert names.parameters("SELECT * FROM information_schema.tables", ("other", 1)) == (
        "scratch_001", 1,
    )  # fmt: skip
    assert names.parameters("INSERT INTO hero VALUES (%s)", ("other",)) == ("other",)


def test_read_back(names: Names) -> None:
    assert names.read("REFERENCES `scratch_001`.`hero`, `scratch`.x") == (
        "REFERENCES `other`.`hero`, `prod`.x"
    )
    assert names.read(b"scratch_002") == b"Mixed"
    assert names.read(None) is None


RUTHLESS = """
    from alembic import op

    revision = "a1"
    down_revision = None

    def upgrade():
        op.execute("DELETE FROM {name}.precious")
        op.execute("CREATE TABLE {name}.mine (id INT PRIMARY KEY)")
        op.execute("DROP TABLE IF EXISTS `{name}`.precious")

    def downgrade():
        pass
    """


@pytest.mark.parametrize("is_own", [True, False])
def test_replay_leaves_the_databases_of_the_server_alone(
    project: Project, mariadb: Database, monkeypatch: pytest.MonkeyPatch, is_own: bool
) -> None:
    other = mariadb.name if is_own else f"{mariadb.name}_other"
    mariadb.run(
        f"CREATE DATABASE IF NOT EXISTS {other}",
        f"CREATE TABLE {other}.precious (id INT PRIMARY KEY)",
        f"INSERT INTO {other}.precious VALUES (1)",
    )
    monkeypatch.setenv("DATABASE_URL", mariadb.url)
    try:
        project.write({"models.py": MODELS})
        assert project.cli("init").code == 0
        project.write({"migrations/versions/a1.py": RUTHLESS.format(name=other)})
        project.cli("check")
        project.cli("revision")
        assert mariadb.query(f"SELECT * FROM {other}.precious") == [(1,)]
        listed = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{other}'"
        assert mariadb.query(listed) == [("precious",)]
        left = mariadb.query("SHOW DATABASES LIKE 'sqlmodel_shadow%'")
        assert not any("precious" in str(row) for row in left)
    finally:
        if not is_own:
            mariadb.run(f"DROP DATABASE {other}")
