"""Changes of type: values are converted in a known way, and what may not fit is refused."""

from __future__ import annotations

import pytest

from story import Story

BEFORE = """
class Item(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(max_length=20)
    amount: int = Field(default=5, sa_column_kwargs={"server_default": text("5")})
    ratio: float
    flag: bool
    born: date
    note: str = Field(max_length=50, index=True)
    price: Decimal = Field(max_digits=8, decimal_places=2)


class Part(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    item_id: int = Field(foreign_key="item.id")
"""
AFTER = """
class Item(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True, sa_type=sa.BigInteger)
    number: int
    amount: int = Field(
        default=5, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": text("5")}
    )
    ratio: int
    flag: int
    born: datetime = Field(sa_type=DateTime)
    note: str = Field(sa_type=sa.Text)
    price: Decimal = Field(max_digits=12, decimal_places=4)


class Part(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    item_id: int = Field(foreign_key="item.id", sa_type=sa.BigInteger)
"""
# MariaDB indexes no text without a length.
AFTER_MARIADB = AFTER.replace(
    "note: str = Field(sa_type=sa.Text)", "note: str = Field(max_length=90, index=True)"
)
ROWS = (
    "INSERT INTO item (id, number, amount, ratio, flag, born, note, price)"
    " VALUES (1, '42', 7, 3.0, true, '1980-05-01', 'first', 9.25)",
    "INSERT INTO part (id, item_id) VALUES (1, 1)",
)


def test_safe_changes_keep_every_value(story: Story) -> None:
    story.begin(BEFORE, *ROWS)
    story.revise(AFTER_MARIADB if story.database.kind == "mariadb" else AFTER)

    story.upgrade()

    query = "SELECT number, amount, ratio, flag, note, price FROM item"
    number, amount, ratio, flag, note, price = story.query(query)[0]
    assert (number, amount, ratio, flag, note) == (42, 7, 3, 1, "first")
    assert float(str(price)) == 9.25
    assert str(story.query("SELECT born FROM item")[0][0]).startswith("1980-05-01")
    story.database.run(
        "INSERT INTO item (id, number, ratio, flag, born, note, price)"
        " VALUES (2, 1, 1, 0, '1990-01-01 00:00:00', 'second', 1)"
    )
    assert story.query("SELECT amount FROM item WHERE note = 'second'") == [(5,)]

    story.downgrade()

    row = "SELECT number, amount, ratio, note FROM item WHERE id = 1"
    assert story.query(row) == [("42", 7, 3.0, "first")]
    assert story.query("SELECT item_id FROM part") == [(1,)]
    story.upgrade()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_sequence_of_a_key_follows_its_type(story: Story) -> None:
    story.begin(BEFORE, *ROWS)
    story.revise(AFTER)
    query = "SELECT data_type::text FROM pg_sequences WHERE sequencename = 'item_id_seq'"
    assert story.query(query) == [("integer",)]
    story.upgrade()
    assert story.query(query) == [("bigint",)]
    story.downgrade()
    assert story.query(query) == [("integer",)]


TEXTS = """
class Item(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    number: {}
    name: {}
"""
WIDE = TEXTS.format("str = Field(max_length=30)", "str = Field(max_length=30)")
NARROW = TEXTS.format("int", "str = Field(max_length=5)")


@pytest.mark.parametrize(
    ("number", "name", "reason"),
    [
        ("seven", "short", "'number'"),
        ("99999999999", "short", "'number'"),
        ("7", "longer than that", "'name'"),
    ],
)
@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_values_that_do_not_fit_are_refused_and_stay(
    story: Story, number: str, name: str, reason: str
) -> None:
    story.begin(WIDE)
    story.revise(NARROW)
    story.database.run(f"INSERT INTO item (id, number, name) VALUES (1, '{number}', '{name}')")

    ran = story.project.cli("upgrade")

    assert ran.code == 5
    assert f"1 rows of 'item' have a value in {reason} that does not fit" in ran.stderr
    assert story.query("SELECT number, name FROM item") == [(number, name)]
    story.database.run("UPDATE item SET number = ' 7', name = 'short'")
    story.upgrade()
    assert story.query("SELECT number, name FROM item") == [(7, "short")]


VISIT = """
class Visit(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    came: datetime = Field(sa_type=DateTime(timezone={}))
"""


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_times_that_get_a_zone_say_which(story: Story) -> None:
    """Not moved by the server's own zone, and asked where nobody says."""
    name = story.database.name
    story.database.run(f"ALTER DATABASE {name} SET TimeZone = 'America/New_York'")
    story.begin(
        VISIT.format(False), "INSERT INTO visit (id, came) VALUES (1, '2026-07-01 12:00:00')"
    )

    ran = story.refused(VISIT.format(True))
    assert ran.code == 3
    flag = "visit.came=came AT TIME ZONE 'UTC'"
    assert f'--using "{flag}"' in ran.stderr

    story.revise(VISIT.format(True), "--using", flag)
    story.upgrade()
    query = "SELECT (came AT TIME ZONE 'UTC')::text FROM visit"
    assert story.query(query) == [("2026-07-01 12:00:00",)]
    story.downgrade()
    assert story.query("SELECT came::text FROM visit") == [("2026-07-01 12:00:00",)]


UNKNOWN = """
class Item(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    started: {}
"""


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_conversion_that_nobody_knows_is_asked_for(story: Story) -> None:
    story.begin(
        UNKNOWN.format("datetime = Field(sa_type=DateTime)"),
        "INSERT INTO item (id, started) VALUES (1, '1980-05-01 00:00:00')",
    )
    ran = story.refused(UNKNOWN.format("int"))
    assert ran.code == 3
    assert "--using" in ran.stderr

    flags = ("--using", "item.started=extract(year from started)")
    down = ("--using-down", "item.started=make_timestamp(started, 1, 1, 0, 0, 0)")
    story.revise(UNKNOWN.format("int"), *flags, *down)
    story.upgrade()
    assert story.query("SELECT started FROM item") == [(1980,)]
    story.downgrade()
    assert story.query("SELECT started::text FROM item") == [("1980-01-01 00:00:00",)]


KEYED = """
class Team(SQLModel, table=True):
    code: {0} = Field({1}primary_key=True)


class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    team_code: {0} = Field({1}foreign_key="team.code")
"""


def test_a_key_and_what_refers_to_it_become_another_kind(story: Story) -> None:
    code = "0a0a0a0a-1111-4222-8333-444444444444"
    rows = f"INSERT INTO team VALUES ('{code}')", f"INSERT INTO hero VALUES (1, '{code}')"
    story.begin(KEYED.format("str", "max_length=36, "), *rows)
    story.revise(KEYED.format("uuid.UUID", ""))
    story.upgrade()
    join = "SELECT count(*) FROM hero JOIN team ON code = team_code"
    assert story.query(join) == [(1,)]
    story.downgrade()
    assert story.query("SELECT team_code FROM hero") == [(code,)]
    story.upgrade()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_default_is_one_of_the_new_type(story: Story) -> None:
    """As create_all writes it, not as a value of the old type that is cast each time."""
    item = """
class Item(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    born: date = Field(sa_column=Column(sa.{born}, server_default="2020-01-01", nullable=False))
    price: Decimal = Field(sa_column=Column(sa.{price}, server_default="1.5", nullable=False))
    marks: Any = Field(
        sa_column=Column(sa.ARRAY(sa.{mark}), server_default="{{}}", nullable=False)
    )
"""
    before = item.format(born="Date", price="Float", mark="Integer")
    after = item.format(born="DateTime", price="Numeric(8, 2)", mark="BigInteger")
    query = (
        "SELECT column_default FROM information_schema.columns"
        " WHERE table_name = 'item' AND column_name <> 'id' ORDER BY ordinal_position"
    )
    story.begin("from typing import Any\n" + before)
    was = story.query(query)

    story.revise("from typing import Any\n" + after)
    story.upgrade()

    now = [("'2020-01-01 00:00:00'::timestamp without time zone",), ("1.5",)]
    assert story.query(query) == [*now, ("'{}'::bigint[]",)]
    story.downgrade()
    assert story.query(query) == was
