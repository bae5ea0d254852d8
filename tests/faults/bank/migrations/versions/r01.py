"""accounts"""

import sqlalchemy as sa
from alembic import op

revision = "r01"
down_revision = None


def upgrade():
    op.create_table(
        "account",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("owner", sa.String(40), nullable=False),
        sa.Column("balance", sa.Integer, nullable=False),
        sa.Column("note", sa.String(40)),
    )
    op.create_index("ix_account_owner", "account", ["owner"])
