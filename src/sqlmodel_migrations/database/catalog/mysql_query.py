"""The queries by which `mysql` reads information_schema; one for each kind of object.

In the place of `SCHEMA` comes the database read, NULL for the connection's own: with a constant
there the servers open that database's tables only. MySQL gives the columns of information_schema
in capitals, so each has a name of its own here.
"""

from __future__ import annotations

SCHEMA = ":schema"
_SCHEMA = f"coalesce({SCHEMA}, DATABASE())"

TABLES = f"""
SELECT DATABASE() AS home, t.TABLE_SCHEMA AS of_schema, t.TABLE_NAME AS name,
       t.TABLE_TYPE AS kind, t.ENGINE AS engine, @@default_storage_engine AS usual_engine,
       t.TABLE_COLLATION AS collation, s.DEFAULT_COLLATION_NAME AS usual_collation,
       t.CREATE_OPTIONS AS options, t.TABLE_COMMENT AS comment, v.VIEW_DEFINITION AS query,
       v.CHECK_OPTION AS checked, v.SECURITY_TYPE AS security, {{algorithm}} AS algorithm
FROM information_schema.TABLES AS t
JOIN information_schema.SCHEMATA AS s ON s.SCHEMA_NAME = t.TABLE_SCHEMA
LEFT JOIN information_schema.VIEWS AS v
  ON v.TABLE_SCHEMA = {_SCHEMA} AND v.TABLE_NAME = t.TABLE_NAME
WHERE t.TABLE_SCHEMA = {_SCHEMA} AND s.SCHEMA_NAME = {_SCHEMA}
ORDER BY t.TABLE_NAME
"""

COLUMNS = f"""
SELECT TABLE_NAME AS of_table, COLUMN_NAME AS name, COLUMN_TYPE AS type, DATA_TYPE AS plain_type,
       IS_NULLABLE AS is_nullable, COLUMN_DEFAULT AS expression, EXTRA AS extra,
       GENERATION_EXPRESSION AS computed, COLLATION_NAME AS collation, COLUMN_COMMENT AS comment
FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {_SCHEMA}
ORDER BY TABLE_NAME, ORDINAL_POSITION
"""

# {expression}: MySQL's indexed expressions; {hidden}: 'YES' for an index that is not used.
INDEXES = f"""
SELECT TABLE_NAME AS of_table, INDEX_NAME AS name, NON_UNIQUE AS is_plain,
       COLUMN_NAME AS column_name, {{expression}} AS expression, SUB_PART AS length,
       COLLATION AS direction, INDEX_TYPE AS type, INDEX_COMMENT AS comment, {{hidden}} AS hidden
FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = {_SCHEMA}
ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX
"""

FOREIGN_KEYS = f"""
SELECT k.TABLE_NAME AS of_table, k.CONSTRAINT_NAME AS name, k.COLUMN_NAME AS column_name,
       k.REFERENCED_TABLE_SCHEMA AS target_schema, k.REFERENCED_TABLE_NAME AS target,
       k.REFERENCED_COLUMN_NAME AS target_column, r.UPDATE_RULE AS on_update,
       r.DELETE_RULE AS on_delete
FROM information_schema.KEY_COLUMN_USAGE AS k
JOIN information_schema.REFERENTIAL_CONSTRAINTS AS r
  ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME
 AND r.TABLE_NAME = k.TABLE_NAME
WHERE k.TABLE_SCHEMA = {_SCHEMA} AND r.CONSTRAINT_SCHEMA = {_SCHEMA}
  AND k.REFERENCED_TABLE_NAME IS NOT NULL
ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION
"""

MARIADB_CHECKS = f"""
SELECT TABLE_NAME AS of_table, CONSTRAINT_NAME AS name, CHECK_CLAUSE AS clause,
       LEVEL = 'Column' AS is_inline, 'YES' AS is_enforced
FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = {_SCHEMA}
ORDER BY TABLE_NAME, LEVEL, CONSTRAINT_NAME
"""

MYSQL_CHECKS = f"""
SELECT t.TABLE_NAME AS of_table, c.CONSTRAINT_NAME AS name, c.CHECK_CLAUSE AS clause,
       0 AS is_inline, t.ENFORCED AS is_enforced
FROM information_schema.CHECK_CONSTRAINTS AS c
JOIN information_schema.TABLE_CONSTRAINTS AS t
  ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME
WHERE c.CONSTRAINT_SCHEMA = {_SCHEMA} AND t.TABLE_SCHEMA = {_SCHEMA}
  AND t.CONSTRAINT_TYPE = 'CHECK'
ORDER BY t.TABLE_NAME, c.CONSTRAINT_NAME
"""

TRIGGERS = f"""
SELECT EVENT_OBJECT_TABLE AS of_table, TRIGGER_NAME AS name, ACTION_TIMING AS timing,
       EVENT_MANIPULATION AS event, ACTION_ORDER AS position, ACTION_STATEMENT AS body
FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = {_SCHEMA}
ORDER BY EVENT_OBJECT_TABLE, TRIGGER_NAME
"""

PARTITIONS = f"""
SELECT TABLE_NAME AS of_table, PARTITION_NAME AS name, SUBPARTITION_NAME AS part_name,
       PARTITION_METHOD AS method, PARTITION_EXPRESSION AS expression,
       SUBPARTITION_METHOD AS part_method, SUBPARTITION_EXPRESSION AS part_expression,
       PARTITION_DESCRIPTION AS bound
FROM information_schema.PARTITIONS
WHERE TABLE_SCHEMA = {_SCHEMA} AND PARTITION_NAME IS NOT NULL
ORDER BY TABLE_NAME, PARTITION_ORDINAL_POSITION, SUBPARTITION_ORDINAL_POSITION
"""


def sequences(quoted: list[tuple[str, str]]) -> str:
    """Return one query of MariaDB's sequences, by (literal of the name, quoted name)."""
    columns = "start_value, increment, minimum_value, maximum_value, cache_size, cycle_option"
    return " UNION ALL ".join(
        f"SELECT {literal} AS name, {columns} FROM {name}" for literal, name in quoted
    )
