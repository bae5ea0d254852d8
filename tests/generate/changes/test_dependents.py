"""PostgreSQL: what stands on a column that gets another type is made again as it was."""

from __future__ import annotations

import pytest

from story import Story

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

MODELS = """
class Kind(enum.Enum):
    {labels} = range({count})


class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    age: int = Field({age})
    name: str = Field(max_length={length})
    kind: Kind
    twice: int | None = Field(sa_column=Column({twice}, Computed("age * {factor}", persisted=True)))
    thrice: int | None = Field(
        sa_column=Column(
            sa.BigInteger, Computed("age * 3", persisted=True), unique=True, comment="it's 3"
        )
    )

    __table_args__ = (
        CheckConstraint("thrice > id", name="ck_thrice"),
        Index("ix_thrice", "thrice", "name", postgresql_where=text("thrice > 5")),
    )
"""
BEFORE = MODELS.format(labels="good, bad", count=2, age="", length=20, twice="sa.Integer", factor=2)
AFTER = MODELS.format(
    labels="bad", count=1, age="sa_type=sa.BigInteger", length=50, twice="sa.BigInteger", factor=3
)
VIEWS = """
CREATE VIEW old AS SELECT id, age, name FROM hero WHERE age > 30 AND name <> '100%:x'
CREATE VIEW "Older s" WITH (security_barrier, check_option = local) AS SELECT id, age FROM old
CREATE MATERIALIZED VIEW counted AS SELECT kind, count(*) AS n FROM hero GROUP BY kind
CREATE UNIQUE INDEX ix_counted ON counted (kind)
CREATE MATERIALIZED VIEW empty AS SELECT twice FROM hero WITH NO DATA
CREATE VIEW both_ AS SELECT counted.n, "Older s".age FROM counted, "Older s"
COMMENT ON VIEW old IS 'it''s old'
COMMENT ON COLUMN old.age IS 'in years'
ALTER VIEW old ALTER COLUMN age SET DEFAULT 40
CREATE RULE quiet AS ON DELETE TO old DO INSTEAD NOTHING
GRANT SELECT, UPDATE ON old TO PUBLIC
GRANT SELECT (n) ON counted TO pg_monitor WITH GRANT OPTION
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'
CREATE TRIGGER inserted INSTEAD OF INSERT ON old FOR EACH ROW EXECUTE FUNCTION f()
CREATE TRIGGER aged BEFORE UPDATE OF age ON hero FOR EACH ROW EXECUTE FUNCTION f()
ALTER TABLE hero DISABLE TRIGGER aged
COMMENT ON TRIGGER aged ON hero IS 'x'
ALTER TABLE hero ENABLE ROW LEVEL SECURITY
CREATE POLICY own ON hero AS RESTRICTIVE FOR UPDATE USING (age > 1) WITH CHECK (age > 2)
ALTER POLICY own ON hero TO pg_monitor
"""
STANDING = """
SELECT c.relname, c.relkind::text, pg_get_viewdef(c.oid), c.reloptions::text, c.relacl::text,
  c.relispopulated, obj_description(c.oid), col_description(c.oid, 2),
  (SELECT string_agg(pg_get_indexdef(i.indexrelid), ';') FROM pg_index i WHERE i.indrelid = c.oid),
  (SELECT string_agg(pg_get_ruledef(r.oid), ';') FROM pg_rewrite r WHERE r.ev_class = c.oid),
  (SELECT string_agg(pg_get_expr(x.adbin, x.adrelid), ';') FROM pg_attrdef x
   WHERE x.adrelid = c.oid),
  (SELECT string_agg(a.attacl::text, ';') FROM pg_attribute a WHERE a.attrelid = c.oid)
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('v', 'm')
ORDER BY 1
"""
ON_TABLES = """
SELECT tgname::text, pg_get_triggerdef(oid), tgenabled::text, obj_description(oid)
FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT polname::text, polroles::regrole[]::text || polcmd::text || polpermissive::text,
  pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid) FROM pg_policy ORDER BY 1
"""


def begin_with_views(story: Story) -> None:
    """A history of which the second revision makes views by hand."""
    story.begin(BEFORE, "INSERT INTO hero (age, name, kind) VALUES (41, 'Loki', 'bad')")
    there = story.scripts()
    story.succeed("revision", "views", "--empty")
    (script,) = story.scripts() - there
    head = script.read_text().partition("def upgrade")[0]
    statements = (sql.replace(":", "\\:") for sql in VIEWS.strip().splitlines())
    upgrade = "".join(f"    op.execute({sql!r})\n" for sql in statements)
    back = "def downgrade() -> None:\n    pass\n"
    script.write_text(f"{head}def upgrade() -> None:\n{upgrade}\n\n{back}")
    story.succeed("upgrade")


def test_everything_on_a_column_comes_back(story: Story) -> None:
    begin_with_views(story)
    views, others = story.query(STANDING), story.query(ON_TABLES)

    script = story.revise(AFTER, "--accept", "kind.good")
    print(script)

    assert "View 'old' is dropped and made again." in script
    story.upgrade()
    assert [row[0] for row in story.query(STANDING)] == [row[0] for row in views]
    assert [row[3:] for row in story.query(STANDING)] == [row[3:] for row in views]
    assert story.query(ON_TABLES) == others
    assert story.query("SELECT n, age FROM both_") == [(1, 41)]
    story.downgrade()
    assert story.query(STANDING) == views
    assert story.query(ON_TABLES) == others
    story.upgrade()


def test_what_cannot_be_made_again_is_refused_by_its_name(story: Story) -> None:
    begin_with_views(story)
    there = story.scripts()
    story.succeed("revision", "function", "--empty")
    (script,) = story.scripts() - there
    reader = "CREATE FUNCTION reader() RETURNS SETOF old LANGUAGE sql AS 'SELECT * FROM old'"
    text = script.read_text().replace("    pass\n", f"    op.execute({reader!r})\n", 1)
    script.write_text(text)

    assert "cannot drop view old" in story.refused(AFTER, "--accept", "kind.good").stderr
    less = BEFORE.replace("    kind: Kind\n", "")
    said = story.refused(less, "--accept", "hero.kind").stderr
    assert "cannot drop column kind of table hero" in said
    assert "view counted depends on" in said
