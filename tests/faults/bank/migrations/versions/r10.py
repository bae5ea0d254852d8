"""wider, renamed and dropped columns"""

import sqlalchemy as sa
from alembic import op

revision = "r10"
down_revision = "r09"


def upgrade():
    with op.batch_alter_table("account") as batch:
        batch.alter_column(
            "balance", existing_type=sa.Integer, type_=sa.BigInteger, existing_nullable=False
        )
        batch.alter_column(
            "interest",
            new_column_name="earned",
            existing_type=sa.Integer,
            existing_server_default="0",
        )
        batch.drop_column("note")
    op.execute("UPDATE account SET earned = earned + 5")
