"""an index made while others write, which PostgreSQL does outside a transaction only"""

from alembic import op

revision = "r08"
down_revision = "r07"


def upgrade():
    if op.get_bind().dialect.name != "postgresql":
        op.create_index("ix_account_code", "account", ["code"])
        return
    with op.get_context().autocommit_block():
        op.create_index("ix_account_code", "account", ["code"], postgresql_concurrently=True)
