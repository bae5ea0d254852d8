CREATE SCHEMA aux
;;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s:fine %')
;;
COMMENT ON TYPE mood IS 'moods'
;;
CREATE TYPE aux.level AS ENUM ('lo', 'hi')
;;
CREATE DOMAIN email AS text DEFAULT 'a@b' NOT NULL CONSTRAINT has_at CHECK (VALUE ~ '@')
;;
COMMENT ON DOMAIN email IS 'mail'
;;
CREATE TYPE pair AS (a integer, b text)
;;
CREATE SEQUENCE counter AS bigint START 100 INCREMENT 5 CACHE 3 CYCLE MAXVALUE 100000
;;
CREATE FUNCTION plus(a int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT a + 1 $$
;;
COMMENT ON FUNCTION plus(int) IS 'adds'
;;
CREATE TABLE team (id serial PRIMARY KEY, name text UNIQUE, n bigint DEFAULT nextval('counter'),
    mail email, p pair, m mood[] DEFAULT '{ok}', size int CHECK (plus(size) > 0))
;;
COMMENT ON TABLE team IS 'the teams: %s'
;;
COMMENT ON COLUMN team.name IS 'its name'
;;
CREATE TABLE hero (id bigint GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT 2) PRIMARY KEY,
    name varchar(50) COLLATE "C" NOT NULL, kind mood NOT NULL DEFAULT 'ok', lvl aux.level, born
    timestamptz DEFAULT now(), price numeric(10,2), data jsonb DEFAULT '{}', tags text[], double
    int GENERATED ALWAYS AS (2 * 3) STORED, team_id int, CONSTRAINT fk FOREIGN KEY (team_id)
    REFERENCES team (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, during tsrange,
    EXCLUDE USING gist (during WITH &&), u uuid DEFAULT gen_random_uuid())
;;
CREATE UNIQUE INDEX part ON hero (name) INCLUDE (born) WHERE kind <> 'sad'
;;
CREATE INDEX expr ON hero (lower(name) text_pattern_ops, id DESC NULLS LAST)
;;
CREATE INDEX gin_data ON hero USING gin (data jsonb_path_ops) WITH (fastupdate = off)
;;
CREATE TABLE plain (id int PRIMARY KEY, team_id int REFERENCES team, note text)
;;
CREATE INDEX ON plain (note)
;;
CREATE TABLE aux.thing (id int PRIMARY KEY, team_id int REFERENCES public.team)
;;
CREATE TABLE event (id bigint, at date NOT NULL, hero_id bigint REFERENCES hero (id), PRIMARY
    KEY (id, at)) PARTITION BY RANGE (at)
;;
CREATE INDEX ON event (hero_id)
;;
CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
;;
CREATE TABLE event_rest PARTITION OF event DEFAULT
;;
CREATE TABLE base (id int, x int)
;;
CREATE TABLE child (y int) INHERITS (base)
;;
CREATE UNLOGGED TABLE cache (k text PRIMARY KEY, v bytea) WITH (fillfactor = 70)
;;
ALTER TABLE cache ALTER COLUMN v SET STORAGE EXTERNAL
;;
ALTER TABLE cache ALTER COLUMN k SET STATISTICS 500
;;
CREATE TABLE secured (id int PRIMARY KEY)
;;
ALTER TABLE secured ENABLE ROW LEVEL SECURITY
;;
CREATE POLICY pol ON secured USING (id > 0)
;;
CREATE TABLE a (id int PRIMARY KEY, b_id int)
;;
CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a)
;;
ALTER TABLE a ADD CONSTRAINT a_b FOREIGN KEY (b_id) REFERENCES b NOT VALID
;;
CREATE TABLE "Odd Name" ("a b" int PRIMARY KEY, "select" text DEFAULT 'x:y', "it's" serial)
;;
CREATE SEQUENCE strange
;;
CREATE TABLE owns (id int DEFAULT nextval('strange') PRIMARY KEY)
;;
ALTER SEQUENCE strange OWNED BY owns.id
;;
CREATE VIEW v2 AS SELECT id, name FROM hero WHERE name <> '%:x'
;;
CREATE VIEW v1 WITH (security_barrier = true) AS SELECT * FROM v2
;;
COMMENT ON VIEW v1 IS 'a view'
;;
CREATE MATERIALIZED VIEW mv AS SELECT name, count(*) AS n FROM v1 GROUP BY name
;;
CREATE UNIQUE INDEX mv_name ON mv (name)
;;
CREATE FUNCTION first_hero() RETURNS hero LANGUAGE sql AS $$ SELECT * FROM hero LIMIT 1 $$
;;
CREATE VIEW v3 AS SELECT (first_hero()).name AS name
;;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- a comment: with %
    NEW.name := 'x''y';
    RETURN NEW;
END
$$
;;
CREATE TRIGGER touch_hero BEFORE UPDATE ON hero FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM
    NEW.name) EXECUTE FUNCTION touch()
;;
CREATE TRIGGER off_hero BEFORE INSERT ON hero FOR EACH ROW EXECUTE FUNCTION touch()
;;
ALTER TABLE hero DISABLE TRIGGER off_hero
;;
CREATE TRIGGER parted AFTER INSERT ON event FOR EACH ROW EXECUTE FUNCTION touch()
;;
CREATE PROCEDURE proc(a int) LANGUAGE sql AS $$ INSERT INTO plain (id) VALUES (a) $$
;;
CREATE AGGREGATE agg (int) (sfunc = int4pl, stype = int)
;;
CREATE RULE r AS ON DELETE TO plain DO INSTEAD NOTHING
