"""What is measured: a revision for each rule that has a fix on PostgreSQL."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """One revision by the rule that finds it: what its `upgrade` and `downgrade` do."""

    rule: str
    up: str
    down: str


CASES = (
    Case(
        "create-index-blocking",
        'op.create_index("ix_account_name", "account", ["name"])',
        'op.drop_index("ix_account_name")',
    ),
    Case(
        "add-foreign-key-validating",
        'op.create_foreign_key("fk_account_org", "account", "org", ["org_id"], ["id"])',
        'op.drop_constraint("fk_account_org", "account", type_="foreignkey")',
    ),
    Case(
        "add-check-validating",
        """op.create_check_constraint("is_named", "account", "name ~ '^name [0-9]+$'")""",
        'op.drop_constraint("is_named", "account", type_="check")',
    ),
    Case(
        "set-not-null-scan",
        'op.alter_column("account", "name", existing_type=sa.Text(), nullable=False)',
        'op.alter_column("account", "name", existing_type=sa.Text(), nullable=True)',
    ),
    Case(
        "add-unique-blocking",
        'op.create_unique_constraint("uq_account_code", "account", ["code"])',
        'op.drop_constraint("uq_account_code", "account", type_="unique")',
    ),
    Case(
        "volatile-default",
        'op.add_column("account", sa.Column("token", sa.Uuid(), nullable=False,'
        " server_default=sa.func.gen_random_uuid()))",
        'op.drop_column("account", "token")',
    ),
    Case("backfill-in-transaction", 'op.execute("UPDATE account SET qty = 1")', "pass"),
)
