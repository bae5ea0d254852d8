"""Batches of Alembic on real SQLite files: what is changed, and that nothing else is lost."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.operations.batch import BatchOperationsImpl
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import IntegrityError, OperationalError

from sqlite_file import SQLiteFile, rebuilds
from sqlmodel_migrations.errors import ChangeRefused
from sqlmodel_migrations.run.sqlite import batch as sqlite_batch

HEROES = """
CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE hero (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice
    name VARCHAR(20) COLLATE NOCASE NOT NULL,
    age INTEGER CHECK (age >= 0),
    older INTEGER GENERATED ALWAYS AS (age + 1) VIRTUAL,
    oldest INTEGER AS (age + 2) STORED,
    team_id INTEGER REFERENCES team (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
    chief INTEGER REFERENCES hero (id),
    CHECK (length(name) > 1),
    CONSTRAINT uq_hero UNIQUE (name, team_id)
);
CREATE TABLE power (
    id INTEGER PRIMARY KEY,
    hero_id INTEGER NOT NULL REFERENCES hero (id) ON DELETE CASCADE
);
CREATE TABLE log (text TEXT);
INSERT INTO team VALUES (1, 'Avengers');
INSERT INTO hero (id, name, age, team_id, chief)
    VALUES (1, 'Ann', 30, 1, NULL), (2, 'Bob', 7, NULL, 1), (9, 'Eve', NULL, NULL, 2);
DELETE FROM hero WHERE id = 9;
INSERT INTO power VALUES (1, 1), (2, 2), (3, 2);
CREATE INDEX ix_age ON hero (age DESC) WHERE age > 3;
CREATE UNIQUE INDEX ix_lower ON hero (lower(name), chief);
CREATE TRIGGER own AFTER UPDATE ON hero BEGIN INSERT INTO log VALUES (new.name); END;
CREATE TRIGGER other AFTER INSERT ON power
    BEGIN UPDATE hero SET age = age + 1 WHERE id = new.hero_id; END;
CREATE VIEW adult AS SELECT id, name FROM hero WHERE age > 17;
"""


@pytest.fixture
def heroes(tmp_path: Path) -> SQLiteFile:
    return SQLiteFile(tmp_path / "heroes.db", HEROES)


def make_name_longer(op: Operations) -> None:
    with op.batch_alter_table("hero") as batch:
        batch.alter_column("name", type_=sa.String(50))


def test_one_rebuild_keeps_everything(heroes: SQLiteFile) -> None:
    before, rows = heroes.schema(), heroes.query("SELECT rowid, * FROM hero")
    assert rebuilds(heroes.migrate(make_name_longer)) == 1
    after = heroes.schema()
    assert after.pop("hero") == before.pop("hero").replace("TABLE hero", 'TABLE "hero"').replace(
        "VARCHAR(20)", "VARCHAR(50)"
    )
    assert after == before
    assert heroes.query("SELECT rowid, * FROM hero") == rows
    assert len(heroes.query("SELECT * FROM power")) == 3


def test_the_highest_key_is_not_given_again(heroes: SQLiteFile) -> None:
    heroes.migrate(make_name_longer)
    heroes.run("INSERT INTO hero (name) VALUES ('Zoe')")
    assert heroes.query("SELECT id FROM hero WHERE name = 'Zoe'") == [(10,)]


def test_the_highest_key_of_an_empty_table_is_kept(heroes: SQLiteFile) -> None:
    heroes.run("DELETE FROM hero")
    heroes.migrate(make_name_longer)
    assert heroes.query("SELECT * FROM sqlite_sequence") == [("hero", 9)]


def test_triggers_and_views_work_afterwards(heroes: SQLiteFile) -> None:
    heroes.migrate(make_name_longer)
    heroes.run("INSERT INTO power VALUES (4, 2)")
    assert heroes.query("SELECT age, older, oldest FROM hero WHERE id = 2") == [(8, 9, 10)]
    assert heroes.query("SELECT count(*) FROM log WHERE text = 'Bob'") == [(1,)]
    assert heroes.query("SELECT name FROM adult") == [("Ann",)]


def test_constraints_hold_afterwards(heroes: SQLiteFile) -> None:
    heroes.migrate(make_name_longer)
    for statement in (
        "INSERT INTO hero (name) VALUES ('x')",
        "INSERT INTO hero (name, age) VALUES ('xx', -1)",
        "INSERT INTO hero (name, team_id) VALUES ('ANN', 1)",
        "INSERT INTO hero (name, chief) VALUES ('xx', 77)",
        "INSERT INTO power VALUES (9, 77)",
    ):
        with pytest.raises(Exception, match="constraint failed"):
            heroes.run(statement)
    heroes.run("DELETE FROM hero WHERE id = 2")
    assert heroes.query("SELECT id FROM power") == [(1,)]


def test_nothing_stays_patched(heroes: SQLiteFile) -> None:
    original = BatchOperationsImpl.flush
    heroes.migrate(make_name_longer)
    assert BatchOperationsImpl.flush is original
    with contextlib.suppress(ZeroDivisionError), sqlite_batch.installed():
        assert BatchOperationsImpl.flush is not original
        _ = 1 / 0
    assert BatchOperationsImpl.flush is original


def break_down(op: Operations) -> None:
    make_name_longer(op)
    with op.batch_alter_table("hero") as batch:
        batch.alter_column("team_id", nullable=False)


@pytest.mark.parametrize(
    ("revision", "error", "text"),
    [
        (break_down, ChangeRefused, "rows of 'hero' do not fit"),
        (
            lambda op: op.batch_alter_table("hero").__enter__().execute("x"),
            OperationalError,
            "syntax error",
        ),
    ],
)
def test_a_failing_revision_leaves_no_trace_and_runs_again(
    heroes: SQLiteFile, revision: Callable[[Operations], None], error: type[Exception], text: str
) -> None:
    before = heroes.everything()
    with pytest.raises(error, match=text):
        heroes.migrate(revision)
    assert heroes.everything() == before
    heroes.migrate(make_name_longer)
    assert "VARCHAR(50)" in heroes.schema()["hero"]


def batch(table: str, **options: object) -> Callable[[Callable[..., object]], Callable[..., None]]:
    """Make a revision of one batch."""

    def decorate(change: Callable[..., object]) -> Callable[..., None]:
        def revision(op: Operations) -> None:
            with op.batch_alter_table(table, **options) as batch_op:  # type: ignore[arg-type]
                change(batch_op)

        return revision

    return decorate


def test_a_failing_rebuild_leaves_what_the_revision_did_before_it(heroes: SQLiteFile) -> None:
    """A revision may catch the error of a batch and go on."""

    def revision(op: Operations) -> None:
        op.execute("UPDATE hero SET age = 8 WHERE id = 2")
        with pytest.raises(ChangeRefused):
            batch("hero")(lambda b: b.alter_column("team_id", nullable=False))(op)

    schema = heroes.schema()
    heroes.migrate(revision)
    assert heroes.schema() == schema
    assert heroes.query("SELECT age FROM hero") == [(30,), (8,)]


def test_not_null_with_nulls_is_refused_with_their_number(heroes: SQLiteFile) -> None:
    before = heroes.everything()
    with pytest.raises(ChangeRefused, match=r"NOT NULL constraint failed: hero\.team_id") as error:
        heroes.migrate(batch("hero")(lambda b: b.alter_column("team_id", nullable=False)))
    assert error.value.details == ("1 row has no value in 'team_id'",)
    assert heroes.everything() == before


NATIVE = {
    "add": lambda b: b.add_column(sa.Column("x", sa.Integer, server_default="5", nullable=False)),
    "rename": lambda b: b.alter_column("name", new_column_name="full name"),
    "drop": lambda b: b.drop_column("team_id"),
    "index": lambda b: b.create_index("ix_new", ["age"]),
}


@pytest.mark.parametrize("name", ["add", "rename", "index"])
def test_sqlite_alters_what_it_can(heroes: SQLiteFile, name: str) -> None:
    assert rebuilds(heroes.migrate(batch("hero")(NATIVE[name]))) == 0
    assert heroes.query("SELECT * FROM hero")[0][1] == "Ann"


def test_recreate_always_rebuilds(heroes: SQLiteFile) -> None:
    assert rebuilds(heroes.migrate(batch("hero", recreate="always")(NATIVE["add"]))) == 1
    assert rebuilds(heroes.migrate(batch("hero", recreate="always")(lambda b: None))) == 1


def test_recreate_never_is_alembics_own_alter(heroes: SQLiteFile) -> None:
    assert rebuilds(heroes.migrate(batch("hero", recreate="never")(NATIVE["rename"]))) == 0
    assert "full name" in heroes.schema()["hero"]


def test_a_renamed_column_is_renamed_everywhere(heroes: SQLiteFile) -> None:
    heroes.migrate(batch("hero")(lambda b: b.alter_column("age", new_column_name="Années")))
    for name in ("hero", "ix_age", "other", "adult"):
        assert " age" not in heroes.schema()[name]
        assert "Années" in heroes.schema()[name]
    heroes.run("INSERT INTO power VALUES (4, 2)")
    assert heroes.query('SELECT "Années" FROM hero WHERE id = 2') == [(8,)]


def test_the_order_is_kept_where_alter_and_rebuild_mix(heroes: SQLiteFile) -> None:
    @batch("hero")
    def revision(b: Operations) -> None:
        b.alter_column("age", new_column_name="years", nullable=False, server_default="0")
        b.drop_column("team_id")
        b.add_column(sa.Column("age", sa.String(5), server_default="new"))
        b.create_index("ix_years", ["years"])
        b.create_index("ix_new_age", ["age"])

    heroes.run("DELETE FROM power")
    assert rebuilds(heroes.migrate(revision)) == 1
    assert heroes.query("SELECT id, name, years, age, older FROM hero") == [
        (1, "Ann", 30, "new", 31),
        (2, "Bob", 7, "new", 8),
    ]
    assert "uq_hero" not in heroes.schema()["hero"]
    assert heroes.schema()["ix_years"] == "CREATE INDEX ix_years ON hero (years)"


@pytest.mark.parametrize("recreate", ["auto", "always"])
def test_columns_swap_their_names(heroes: SQLiteFile, recreate: str) -> None:
    @batch("power", recreate=recreate)
    def revision(b: Operations) -> None:
        b.alter_column("id", new_column_name="hero_id")
        b.alter_column("hero_id", new_column_name="id")

    heroes.migrate(revision, checked=False)
    assert heroes.query("SELECT hero_id, id FROM power") == [(1, 1), (2, 2), (3, 2)]
    assert "REFERENCES" in heroes.schema()["power"].split('"id" INTEGER NOT NULL')[1]


def test_a_chain_of_renames_and_a_dropped_name_that_is_taken(tmp_path: Path) -> None:
    file = SQLiteFile(
        tmp_path / "chain.db",
        "CREATE TABLE t (a, b, c, d, CHECK (d > 0)); INSERT INTO t VALUES (1, 2, 3, 4)",
    )

    @batch("t")
    def revision(b: Operations) -> None:
        b.alter_column("a", new_column_name="b")
        b.alter_column("b", new_column_name="c")
        b.alter_column("c", new_column_name="d")
        b.drop_column("d")

    file.migrate(revision)
    assert file.query("SELECT b, c, d FROM t") == [(1, 2, 3)]
    assert [row[1] for row in file.query("PRAGMA table_info(t)")] == ["b", "c", "d"]


def test_a_column_is_renamed_twice_and_a_new_one_once(heroes: SQLiteFile) -> None:
    @batch("hero")
    def revision(b: Operations) -> None:
        b.alter_column("age", new_column_name="years")
        b.alter_column("years", new_column_name="summers", type_=sa.BigInteger())
        b.alter_column("years", server_default="1")
        b.add_column(sa.Column("age", sa.String(5)))
        b.alter_column("age", new_column_name="era", nullable=False, server_default="new")
        b.drop_column("team_id")

    heroes.migrate(revision)
    assert heroes.query("SELECT summers, era FROM hero") == [(30, "new"), (7, "new")]
    assert '"summers" BIGINT' in heroes.schema()["hero"]
    assert "DEFAULT '1'" in heroes.schema()["hero"]


def test_a_default_may_be_for_the_rows_of_now_only(heroes: SQLiteFile) -> None:
    @batch("hero")
    def revision(b: Operations) -> None:
        b.add_column(sa.Column("level", sa.Integer, nullable=False, server_default="3"))
        b.alter_column("level", server_default=None)

    heroes.migrate(revision)
    assert heroes.query("SELECT level FROM hero") == [(3,), (3,)]
    assert "level INTEGER NOT NULL" in heroes.schema()["hero"]


def test_a_column_that_is_renamed_and_dropped_leaves_its_name(tmp_path: Path) -> None:
    file = SQLiteFile(tmp_path / "a.db", "CREATE TABLE t (a, b, c); INSERT INTO t VALUES (1, 2, 3)")

    @batch("t")
    def revision(b: Operations) -> None:
        b.alter_column("a", new_column_name="z")
        b.drop_column("a")
        b.alter_column("c", new_column_name="z", type_=sa.Integer())

    file.migrate(revision)
    assert file.query("SELECT b, z FROM t") == [(2, 3)]


def test_hidden_rowids_are_kept(tmp_path: Path) -> None:
    file = SQLiteFile(
        tmp_path / "a.db",
        "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3);DELETE FROM t WHERE a = 2",
    )
    file.migrate(batch("t")(lambda b: b.alter_column("a", type_=sa.Text())))
    assert file.query("SELECT rowid, a FROM t") == [(1, "1"), (3, "3")]


@pytest.mark.parametrize("before", [0, 1])
def test_the_legacy_pragma_is_put_back(heroes: SQLiteFile, before: int) -> None:
    seen = []

    def revision(op: Operations) -> None:
        connection = op.get_bind()
        connection.exec_driver_sql(f"PRAGMA legacy_alter_table={before}")
        make_name_longer(op)
        batch("hero")(NATIVE["rename"])(op)
        seen.append(connection.exec_driver_sql("PRAGMA legacy_alter_table").scalar())

    heroes.migrate(revision)
    assert seen == [before]
    assert "full name" in heroes.schema()["adult"]


@pytest.mark.parametrize("rename", [True, False])
def test_an_index_on_an_unknown_column_is_refused(heroes: SQLiteFile, rename: bool) -> None:
    """SQLite would take `"Nobody"` for a string, and make the index."""

    @batch("hero")
    def revision(b: Operations) -> None:
        if rename:
            b.alter_column("age", new_column_name="years")
        b.create_index("ix_new", ["Nobody"])

    with pytest.raises(ChangeRefused, match="no column 'Nobody'"):
        heroes.migrate(revision)
    assert "ix_new" not in heroes.schema()


def test_an_index_by_the_old_name_that_needs_quotes(tmp_path: Path) -> None:
    file = SQLiteFile(tmp_path / "a.db", 'CREATE TABLE t ("Age" INT)')

    @batch("t")
    def revision(b: Operations) -> None:
        b.alter_column("Age", new_column_name="Years")
        b.create_index("ix", ["Age"])

    assert rebuilds(file.migrate(revision)) == 0
    assert file.query("SELECT name FROM pragma_index_info('ix')") == [("Years",)]


def test_a_constraint_of_the_same_name_takes_its_place(heroes: SQLiteFile) -> None:
    heroes.migrate(batch("hero")(lambda b: b.create_unique_constraint("uq_hero", ["name"])))
    assert heroes.schema()["hero"].count("uq_hero") == 1
    assert "uq_hero UNIQUE (name)" in heroes.schema()["hero"]


def test_the_old_name_means_the_renamed_column(heroes: SQLiteFile) -> None:
    """As in Alembic, where a batch refers to a column by the name that it had at first."""

    @batch("hero")
    def revision(b: Operations) -> None:
        b.alter_column("age", new_column_name="years")
        b.alter_column("age", type_=sa.BigInteger())
        b.create_unique_constraint("uq_age", ["age", "name"])
        b.create_check_constraint("ck_age", "age < 1000")
        b.create_index("ix_age_name", ["age", "name"])

    heroes.migrate(revision)
    text = heroes.schema()["hero"]
    assert '"years" BIGINT' in text
    assert 'uq_age UNIQUE ("years", name)' in text
    assert 'ck_age CHECK ("years" < 1000)' in text
    assert '("years", name)' in heroes.schema()["ix_age_name"]


DROPS = {
    "unnamed foreign key": (
        lambda b: b.drop_constraint("fk_hero_team_id_team", type_="foreignkey"),
        {"fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s"},
        "REFERENCES team",
    ),
    "named unique": (lambda b: b.drop_constraint("uq_hero", type_="unique"), None, "uq_hero"),
    "primary key by another name": (
        lambda b: b.drop_constraint("pk_hero", type_="primary"),
        None,
        "PRIMARY KEY",
    ),
    "unnamed key of a column": (
        lambda b: b.drop_constraint("fk_chief", type_="foreignkey"),
        {"fk": "fk_%(column_0_name)s"},
        "REFERENCES hero",
    ),
}


@pytest.mark.parametrize("name", DROPS)
def test_constraints_are_dropped_by_name_or_naming_convention(
    heroes: SQLiteFile, name: str
) -> None:
    change, convention, text = DROPS[name]
    rows = heroes.query("SELECT * FROM hero")
    heroes.migrate(batch("hero", naming_convention=convention)(change), checked=False)
    assert text not in heroes.schema()["hero"]
    assert heroes.query("SELECT * FROM hero") == rows


def test_a_naming_convention_names_the_others_too(heroes: SQLiteFile) -> None:
    heroes.migrate(
        batch("power", naming_convention={"fk": "fk_%(column_0_name)s"}, recreate="always")(
            lambda b: None
        )
    )
    assert (
        'CONSTRAINT "fk_hero_id" FOREIGN KEY(hero_id) REFERENCES hero (id) ON DELETE'
        in (heroes.schema()["power"])
    )


def test_an_unknown_constraint_is_refused_with_the_known_ones(heroes: SQLiteFile) -> None:
    with pytest.raises(ChangeRefused, match="'hero' has no constraint 'uq_x'") as error:
        heroes.migrate(batch("hero")(lambda b: b.drop_constraint("uq_x", type_="unique")))
    assert error.value.hint == "its named constraints are 'uq_hero'"


def test_constraints_are_added(heroes: SQLiteFile) -> None:
    @batch("hero")
    def revision(b: Operations) -> None:
        b.create_foreign_key("fk_new", "team", ["age"], ["id"], ondelete="CASCADE")
        b.create_check_constraint("ck_new", "age <> 13")
        b.create_unique_constraint("uq_new", ["name"])
        b.create_primary_key("pk_new", ["id"])

    heroes.run("UPDATE hero SET age = NULL; DROP TABLE power")
    with pytest.raises(OperationalError, match="AUTOINCREMENT"):
        # Not ours to refuse, and nothing is left of it.
        heroes.migrate(batch("hero")(lambda b: b.alter_column("id", type_=sa.BigInteger())))
    heroes.migrate(revision)
    keys = {(row[3], row[2]) for row in heroes.query("PRAGMA foreign_key_list(hero)")}
    assert keys == {("age", "team"), ("team_id", "team"), ("chief", "hero")}
    text = heroes.schema()["hero"]
    for name in ("fk_new", "ck_new", "uq_new", "pk_new"):
        assert text.count(f"CONSTRAINT {name} ") == 1
    assert text.count("PRIMARY KEY") == 1


def test_a_unique_constraint_on_duplicates_is_refused(heroes: SQLiteFile) -> None:
    heroes.run("UPDATE hero SET age = 5")
    before = heroes.everything()
    with pytest.raises(ChangeRefused, match=r"UNIQUE constraint failed: hero\.age"):
        heroes.migrate(batch("hero")(lambda b: b.create_unique_constraint("u", ["age"])))
    assert heroes.everything() == before


def test_orphans_are_refused_with_table_parent_and_count(heroes: SQLiteFile) -> None:
    heroes.run("UPDATE hero SET age = 77 WHERE id = 2")
    before = heroes.everything()
    with pytest.raises(ChangeRefused, match="2 rows of 'hero' would refer to a row of 'team'"):
        heroes.migrate(batch("hero")(lambda b: b.create_foreign_key("f", "team", ["age"], ["id"])))
    assert heroes.everything() == before


def test_rows_lost_to_a_conflict_clause_are_counted(tmp_path: Path) -> None:
    file = SQLiteFile(tmp_path / "a.db", "CREATE TABLE t (a); INSERT INTO t VALUES (1), (1), (2)")
    unique = sa.UniqueConstraint("a", sqlite_on_conflict="IGNORE")
    with pytest.raises(ChangeRefused, match="of 3 rows of 't' only 2"):
        file.migrate(batch("t", table_args=(unique,), recreate="always")(lambda b: None))
    assert file.query("SELECT a FROM t") == [(1,), (1,), (2,)]


@pytest.mark.parametrize(
    ("type_", "value", "count"),
    [(sa.Integer(), "'two'", 1), (sa.Integer(), "2.5", 1), (sa.Float(), "'x'", 1)],
)
def test_values_that_do_not_convert_are_refused(
    tmp_path: Path, type_: sa.types.TypeEngine[object], value: str, count: int
) -> None:
    file = SQLiteFile(
        tmp_path / "a.db", f"CREATE TABLE t (a VARCHAR); INSERT INTO t VALUES ('1'), ({value})"
    )
    with pytest.raises(ChangeRefused, match=rf"{count} of the values of 't\.a' cannot become"):
        file.migrate(batch("t")(lambda b: b.alter_column("a", type_=type_)))
    assert file.query("SELECT typeof(a) FROM t") == [("text",), ("text",)]


def test_values_convert_without_a_cast_that_loses_them(tmp_path: Path) -> None:
    """Alembic's CAST makes 2020 of a date, since SQLite's DATETIME is a number."""
    file = SQLiteFile(
        tmp_path / "a.db",
        "CREATE TABLE t (a VARCHAR, b VARCHAR, c INTEGER);"
        "INSERT INTO t VALUES ('12', '2020-01-02', 3)",
    )

    @batch("t")
    def revision(b: Operations) -> None:
        b.alter_column("a", type_=sa.Integer())
        b.alter_column("b", type_=sa.DateTime())
        b.alter_column("c", type_=sa.String(5))

    file.migrate(revision)
    assert file.query("SELECT * FROM t") == [(12, "2020-01-02", "3")]


def test_a_conversion_may_be_given(tmp_path: Path) -> None:
    file = SQLiteFile(tmp_path / "a.db", "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('7 kg')")
    revision = batch("t")(
        lambda b: b.alter_column("a", type_=sa.Integer(), sqlite_using="CAST(a AS INTEGER)")
    )
    file.migrate(revision)
    assert file.query("SELECT a FROM t") == [(7,)]


# What a batch says beside its operations


def test_copy_from_is_the_new_structure(heroes: SQLiteFile) -> None:
    table = sa.Table(
        "power",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("hero_id", sa.Integer, sa.ForeignKey("hero.id"), nullable=False, index=True),
    )
    revision = batch("power", copy_from=table)(
        lambda b: b.alter_column("hero_id", new_column_name="who", nullable=True)
    )
    heroes.migrate(revision)
    assert "CASCADE" not in heroes.schema()["power"]
    assert heroes.query("SELECT id, who FROM power") == [(1, 1), (2, 2), (3, 2)]
    assert heroes.query("PRAGMA index_info(ix_power_hero_id)") == [(0, 1, "who")]
    assert "who" in str(heroes.query("PRAGMA foreign_key_list(power)"))


def test_copy_from_with_a_column_that_is_not_there(heroes: SQLiteFile) -> None:
    table = sa.Table("power", sa.MetaData(), sa.Column("nope", sa.Integer))
    with pytest.raises(ChangeRefused, match="'nope'"):
        heroes.migrate(batch("power", copy_from=table, recreate="always")(lambda b: None))


def test_table_args_and_kwargs(tmp_path: Path) -> None:
    file = SQLiteFile(
        tmp_path / "a.db",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT NOT NULL, CHECK (a > 0), CHECK (id > 0));"
        "INSERT INTO t VALUES (1, 1)",
    )
    args = (
        sa.CheckConstraint("a > -5"),
        sa.CheckConstraint("id > 0"),
        sa.UniqueConstraint("a", name="uq"),
        sa.ForeignKeyConstraint(["a"], ["t.id"], name="fk"),
        sa.Index("ix", "a"),
    )
    kwargs = {"sqlite_autoincrement": True, "sqlite_strict": True}
    revision = batch("t", table_args=args, table_kwargs=kwargs)(
        lambda b: b.alter_column("a", nullable=True)
    )
    file.migrate(revision)
    assert file.schema()["t"] == (
        'CREATE TABLE "t" (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT,'
        " CHECK (a > -5), CHECK (id > 0), CONSTRAINT uq UNIQUE (a),"
        " CONSTRAINT fk FOREIGN KEY(a) REFERENCES t (id)) STRICT"
    )
    assert file.query("SELECT * FROM t") == [(1, 1)]


def test_columns_are_placed(heroes: SQLiteFile) -> None:
    @batch("team", recreate="always")
    def revision(b: Operations) -> None:
        b.add_column(sa.Column("x", sa.Integer), insert_before="name")
        b.add_column(sa.Column("y", sa.Integer), insert_after="id")
        b.add_column(sa.Column("z", sa.Integer), insert_after="name")

    heroes.migrate(revision)
    names = [row[1] for row in heroes.query("PRAGMA table_info(team)")]
    assert names == ["id", "y", "x", "name", "z"]


@pytest.mark.parametrize(
    "partial", [[("name", "id")], [("age", "name"), ("name", "id")], [("chief", "older", "id")]]
)
def test_partial_reordering_is_alembics(tmp_path: Path, partial: list[tuple[str, ...]]) -> None:
    """The same columns in the same order as Alembic's own rebuild of a plain table."""
    script = "CREATE TABLE hero (id INT, name INT, age INT, older INT, chief INT)"
    ours, theirs = SQLiteFile(tmp_path / "o.db", script), SQLiteFile(tmp_path / "t.db", script)
    revision = batch("hero", partial_reordering=partial, recreate="always")(lambda b: None)
    ours.migrate(revision)
    with theirs.engine().begin() as connection:
        revision(Operations(MigrationContext.configure(connection)))
    query = "SELECT name FROM pragma_table_info('hero')"
    assert ours.query(query) == theirs.query(query)


def test_reflect_args_say_a_type_and_its_check(tmp_path: Path) -> None:
    file = SQLiteFile(
        tmp_path / "a.db", "CREATE TABLE t (flag BOOLEAN, b TEXT, CHECK (flag IN (0, 1)))"
    )
    column = sa.Column("flag", sa.Boolean(create_constraint=True))
    revision = batch("t", reflect_args=[column])(
        lambda b: b.alter_column("flag", type_=sa.Integer())
    )
    file.migrate(revision)
    assert file.schema()["t"] == 'CREATE TABLE "t" (flag INTEGER, b TEXT)'


def test_the_check_of_an_enum_goes_and_comes_with_it(tmp_path: Path) -> None:
    file = SQLiteFile(
        tmp_path / "a.db", "CREATE TABLE t (k VARCHAR(1), CONSTRAINT ck CHECK (k IN ('a', 'b')))"
    )
    old = sa.Enum("a", "b", name="ck", create_constraint=True)
    new = sa.Enum("a", "b", "ccc", name="ck", create_constraint=True)
    file.migrate(batch("t")(lambda b: b.alter_column("k", existing_type=old, type_=new)))
    assert file.schema()["t"] == (
        "CREATE TABLE \"t\" (k VARCHAR(3), CONSTRAINT ck CHECK (k IN ('a', 'b', 'ccc')))"
    )


# Kinds of tables and names


KINDS = {
    "strict": ("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c ANY) STRICT", "STRICT"),
    "without rowid": ("CREATE TABLE t (a TEXT PRIMARY KEY, b TEXT) WITHOUT ROWID", "WITHOUT ROWID"),
    "both": (
        "CREATE TABLE t (a TEXT PRIMARY KEY, b TEXT) STRICT, WITHOUT ROWID",
        "STRICT, WITHOUT",
    ),
    "as select": ("CREATE TABLE t AS SELECT 1 AS a, 'x' AS b, 2.5 AS c", ""),
    "columns without types": ("CREATE TABLE t (a, b)", ""),
    "composite key": ("CREATE TABLE t (a, b TEXT, PRIMARY KEY (a DESC, b))", "DESC"),
    "typed in single quotes": ("CREATE TABLE 't' ('a' INT, 'b' TEXT)", ""),
    "rowid as a column": ("CREATE TABLE t (rowid TEXT, a, b)", ""),
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_tables(tmp_path: Path, kind: str) -> None:
    create, kept = KINDS[kind]
    file = SQLiteFile(tmp_path / "a.db", f"{create}; INSERT INTO t (a, b) VALUES (7, 'y')")
    rows = file.query("SELECT * FROM t")
    file.migrate(batch("t")(lambda b: b.alter_column("b", nullable=False)))
    assert file.query("SELECT * FROM t") == rows
    assert kept in file.schema()["t"]
    assert "NOT NULL" in file.schema()["t"]


@pytest.mark.parametrize(
    "name", ["Hero", "select", "two words", 'wei"rd', "100%", "a:b", "日本", "a'b", "x.y", "[z]"]
)
def test_names(tmp_path: Path, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    file = SQLiteFile(
        tmp_path / "a.db",
        f"CREATE TABLE {quoted} (id INTEGER PRIMARY KEY AUTOINCREMENT, {quoted} TEXT, z INT,"
        f" g AS ({quoted} || 'x'), CHECK ({quoted} <> ''), FOREIGN KEY (z) REFERENCES {quoted});"
        f"CREATE INDEX {quoted[:-1]}i\" ON {quoted} ({quoted} DESC) WHERE {quoted} > '';"
        f'CREATE TRIGGER {quoted[:-1]}t" AFTER INSERT ON {quoted} BEGIN SELECT new.{quoted}; END;'
        f"INSERT INTO {quoted} (id, {quoted}, z) VALUES (1, 'v', 1)",
    )

    @batch(name)
    def revision(b: Operations) -> None:
        b.alter_column(name, type_=sa.String(9), nullable=False, server_default="it's 5% :x")
        b.add_column(sa.Column(name + "2", sa.Integer))
        b.create_unique_constraint("uq " + name, [name, name + "2"])
        b.create_index("ix " + name, [name])

    others = {n: text for n, text in file.schema().items() if n != name}
    file.migrate(revision)
    assert file.query(f"SELECT id, {quoted}, z, g FROM {quoted}") == [(1, "v", 1, "vx")]
    assert {n: t for n, t in file.schema().items() if n in others} == others
    file.run(f"INSERT INTO {quoted} (z) VALUES (1)")
    assert file.query(f"SELECT {quoted} FROM {quoted} WHERE id = 2") == [("it's 5% :x",)]


@pytest.mark.parametrize("name", ["words", "words_content"])
def test_virtual_tables_and_those_behind_them_are_refused(tmp_path: Path, name: str) -> None:
    file = SQLiteFile(tmp_path / "a.db", "CREATE VIRTUAL TABLE words USING fts5(a)")
    with pytest.raises(ChangeRefused, match=f"'{name}'"):
        file.migrate(batch(name)(lambda b: b.alter_column("c0", type_=sa.Integer())))


def test_a_missing_table_is_refused(heroes: SQLiteFile) -> None:
    with pytest.raises(ChangeRefused, match="no table 'nobody'"):
        heroes.migrate(batch("nobody")(lambda b: b.alter_column("x", nullable=True)))


# What would break something is refused


@pytest.mark.parametrize(
    ("table", "column", "text"),
    [
        ("hero", "age", "AS"),
        ("hero", "chief", "ix_lower"),
        ("team", "name", "view"),
    ],
)
def test_a_column_that_others_need_is_not_dropped(
    heroes: SQLiteFile, table: str, column: str, text: str
) -> None:
    heroes.run("CREATE VIEW teams AS SELECT name FROM team")
    before = heroes.everything()
    with pytest.raises(ChangeRefused, match=text):
        heroes.migrate(batch(table)(lambda b: b.drop_column(column)))
    assert heroes.everything() == before


def test_a_column_that_a_trigger_needs_is_not_dropped(heroes: SQLiteFile) -> None:
    heroes.run(
        "CREATE TRIGGER late AFTER UPDATE ON team BEGIN INSERT INTO log VALUES (new.name); END"
    )
    with pytest.raises(ChangeRefused, match=r"error in trigger late.*new\.name"):
        heroes.migrate(batch("team")(lambda b: b.drop_column("name")))
    assert "name" in heroes.schema()["team"]


def test_a_parent_column_that_children_need_is_not_dropped(tmp_path: Path) -> None:
    file = SQLiteFile(
        tmp_path / "a.db",
        "CREATE TABLE p (id INTEGER PRIMARY KEY, code TEXT UNIQUE);"
        "CREATE TABLE c (code TEXT REFERENCES p (code));",
    )
    with pytest.raises(ChangeRefused, match=r"'c' to 'p'.*foreign key mismatch"):
        file.migrate(batch("p")(lambda b: b.drop_column("code")))
    assert "code" in file.schema()["p"]


def test_an_index_goes_with_its_only_column(heroes: SQLiteFile) -> None:
    heroes.run("CREATE INDEX ix_name ON team (lower(name))")
    assert rebuilds(heroes.migrate(batch("team")(lambda b: b.drop_column("name")))) == 1
    assert "ix_name" not in heroes.schema()


def test_a_view_that_was_broken_before_is_nobodys_business(heroes: SQLiteFile) -> None:
    heroes.run("CREATE VIEW broken AS SELECT missing FROM nowhere")
    heroes.migrate(make_name_longer)
    heroes.migrate(batch("team")(lambda b: b.alter_column("name", new_column_name="title")))
    assert heroes.query("SELECT title FROM team") == [("Avengers",)]


def test_a_column_that_a_trigger_uses_is_not_renamed_beside_a_broken_view(
    heroes: SQLiteFile,
) -> None:
    heroes.run("CREATE VIEW broken AS SELECT missing FROM nowhere")
    before = heroes.everything()
    with pytest.raises(ChangeRefused, match=r"'hero\.age'.*broken") as error:
        heroes.migrate(batch("hero")(lambda b: b.alter_column("age", new_column_name="years")))
    assert error.value.hint is not None
    assert "adult" in error.value.hint
    assert heroes.everything() == before


def test_foreign_keys_that_are_on_are_refused_where_there_are_children(heroes: SQLiteFile) -> None:
    engine = heroes.engine()
    with (
        engine.connect() as connection,
        sqlite_batch.installed(),
        pytest.raises(ChangeRefused, match="rows of 'power'"),
    ):
        make_name_longer(Operations(MigrationContext.configure(connection)))
    engine.dispose()
    assert len(heroes.query("SELECT * FROM power")) == 3


def test_generated_columns_come_and_go(heroes: SQLiteFile) -> None:
    @batch("hero")
    def revision(b: Operations) -> None:
        b.alter_column("older", server_default=None)
        b.alter_column("oldest", server_default=sa.Computed("age * 2", persisted=False))
        b.add_column(sa.Column("extra", sa.Integer, sa.Computed("age + 9", persisted=True)))

    assert rebuilds(heroes.migrate(revision)) == 1
    assert heroes.query("SELECT age, older, oldest, extra FROM hero") == [
        (30, 31, 60, 39),
        (7, 8, 14, 16),
    ]
    assert [(r[1], r[6]) for r in heroes.query("PRAGMA table_xinfo(hero)") if r[6]] == [
        ("oldest", 2),
        ("extra", 3),
    ]


def test_an_attached_database(tmp_path: Path) -> None:
    file = SQLiteFile(tmp_path / "main.db", "CREATE TABLE t (a)")
    other = SQLiteFile(
        tmp_path / "other.db",
        "CREATE TABLE t (a INT, b INT); CREATE INDEX ix ON t (a); INSERT INTO t VALUES (1, 2);"
        "CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM t WHERE a < 0; END",
    )

    def revision(op: Operations) -> None:
        op.execute(f"ATTACH '{other.path}' AS aux")
        with op.batch_alter_table("t", schema="aux") as b:
            b.alter_column("a", new_column_name="z", nullable=False)

    file.migrate(revision)
    assert other.query("SELECT z FROM t") == [(1,)]
    assert other.schema()["ix"] == 'CREATE INDEX "ix" ON t ("z")' or "z" in other.schema()["ix"]
    assert "tr" in other.schema()
    assert file.schema() == {"t": "CREATE TABLE t (a)"}


def test_bare_operations_that_sqlite_lacks_stay_alembics(heroes: SQLiteFile) -> None:
    with pytest.raises(NotImplementedError, match="No support for ALTER of constraints"):
        heroes.migrate(lambda op: op.create_unique_constraint("u", "hero", ["age"]))


def test_a_user_may_catch_what_sqlite_refuses(heroes: SQLiteFile) -> None:
    """An error inside a revision leaves the transaction as it was: both sides can go on."""

    def revision(op: Operations) -> None:
        with pytest.raises(IntegrityError):
            op.execute("INSERT INTO hero (name) VALUES ('x')")
        make_name_longer(op)

    heroes.migrate(revision)
    assert "VARCHAR(50)" in heroes.schema()["hero"]
