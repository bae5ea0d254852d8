"""kinds of accounts: an enum, then a value more that is used at once"""

import sqlalchemy as sa
from alembic import op

revision = "r09"
down_revision = "r08"


def upgrade():
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    kind = sa.Enum("current", "savings", name="kind", create_constraint=True)
    if is_postgresql:
        kind.create(op.get_bind())
    with op.batch_alter_table("account") as batch:
        batch.add_column(sa.Column("kind", kind, nullable=False, server_default="current"))
    if is_postgresql:
        with op.get_context().autocommit_block():
            op.execute("ALTER TYPE kind ADD VALUE 'trust'")
    else:
        wider = sa.Enum("current", "savings", "trust", name="kind", create_constraint=True)
        with op.batch_alter_table("account") as batch:
            batch.alter_column(
                "kind",
                existing_type=kind,
                type_=wider,
                existing_nullable=False,
                existing_server_default="current",
            )
    op.execute("UPDATE account SET kind = 'trust' WHERE id % 3 = 0")
