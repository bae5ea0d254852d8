"""What is dropped comes back as it was: columns of each type, and tables that have them."""

from __future__ import annotations

import pytest

from story import Story

HERO = """
class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
"""
COLUMNS = """
    name: str = Field(max_length=50)
    motto: str | None = Field(default=None, sa_type=sa.Text)
    secret: uuid.UUID
    is_open: bool = Field(sa_column_kwargs={"server_default": sa.true()})
    born: date
    wakes: datetime_.time | None
    made: datetime = Field(sa_type=sa.DateTime)
    seen: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    lasts: datetime_.timedelta | None
    price: Decimal = Field(max_digits=8, decimal_places=2)
    speed: float
    double: float = Field(sa_type=sa.Double)
    count: int = Field(sa_type=sa.BigInteger)
    small: int = Field(sa_type=sa.SmallInteger)
    photo: bytes | None
    digest: bytes | None = Field(default=None, sa_type=sa.LargeBinary(20))
    kind: Kind
    mood: Kind | None = Field(default=None, sa_type=sa.Enum(Kind, native_enum=False))
    note: dict = Field(sa_type=sa.JSON, sa_column_kwargs={"comment": 'say "it"'})
    tags: list | None = Field(default=None, sa_type=sa.JSON)
    letter: str = Field(sa_type=sa.CHAR(1))
    twice: int = Field(sa_column=Column(sa.Integer, sa.Computed("small * 2", persisted=True)))
"""
KIND = """
import datetime as datetime_

class Kind(enum.Enum):
    GOOD = "good"
    BAD = "bad"
"""
TEAM = HERO.replace("Hero", "Team")


def test_columns_of_each_type(story: Story) -> None:
    story.begin(KIND + HERO + COLUMNS)
    story.revise(KIND + HERO)
    story.upgrade()
    story.downgrade()


def test_a_table_with_columns_of_each_type(story: Story) -> None:
    story.begin(KIND + HERO + TEAM + COLUMNS)
    story.revise(KIND + HERO)
    story.upgrade()
    story.downgrade()


def test_computed_columns_with_what_they_read(story: Story) -> None:
    """Alembic has them in whatever order: six pairs are hardly right by chance."""
    pairs = "".join(
        f"    {name}: int\n"
        f'    twice_{name}: int = Field(sa_column=Column(sa.Integer, sa.Computed("{name} * 2")))\n'
        for name in "abcdef"
    )
    story.begin(HERO + pairs)
    story.revise(HERO)
    story.upgrade()
    story.downgrade()
    story.database.run("INSERT INTO hero (id, a, b, c, d, e, f) VALUES (1, 1, 2, 3, 4, 5, 6)")
    assert story.query("SELECT twice_f FROM hero") == [(12,)]


EVENT = """
class Event(SQLModel, table=True):
    {}
    id: int = Field(primary_key=True, sa_column_kwargs={{"autoincrement": False}})
    name: str = Field(index=True)
    team_id: int | None = Field(default=None, foreign_key="team.id")
"""
PARTITIONED = EVENT.format('__table_args__ = {"postgresql_partition_by": "RANGE (id)"}')
PLAIN = EVENT.format("")
# SQLAlchemy has a class for it, and reflects none: as for the types of an extension.
UNKNOWN = PLAIN + "    path: str = Field(sa_column=Column(postgresql.JSONPATH, nullable=False))\n"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("before", "after"), [(PARTITIONED, ""), (UNKNOWN, ""), (UNKNOWN, PLAIN)])
def test_what_no_operation_describes(story: Story, before: str, after: str) -> None:
    story.begin(TEAM + before)
    story.revise(TEAM + after)
    story.upgrade()
    story.downgrade()
