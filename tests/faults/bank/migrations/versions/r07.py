"""a backfill: ten rows at a time, each time committed, until none is left"""

import sqlalchemy as sa
from alembic import op

revision = "r07"
down_revision = "r06"


def upgrade():
    op.add_column("account", sa.Column("code", sa.String(40)))
    connection = op.get_bind()
    missing = sa.text("SELECT id, owner FROM account WHERE code IS NULL ORDER BY id LIMIT 10")
    fill = sa.text("UPDATE account SET code = :code WHERE id = :id")
    with op.get_context().autocommit_block():
        while rows := connection.execute(missing).all():
            connection.execute(fill, [{"id": id, "code": owner.upper()} for id, owner in rows])
    with op.batch_alter_table("account") as batch:
        batch.alter_column("code", existing_type=sa.String(40), nullable=False)
