"""an archive: rows that move from one table to another"""

import sqlalchemy as sa
from alembic import op

revision = "r11"
down_revision = "r10"


def upgrade():
    op.create_table(
        "archive",
        sa.Column("account_id", sa.Integer, nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
    )
    op.execute(
        "INSERT INTO archive (account_id, amount)"
        " SELECT account_id, amount FROM transfer WHERE amount < 0"
    )
    op.execute("DELETE FROM transfer WHERE amount < 0")
    op.create_index("ix_archive_account_id", "archive", ["account_id"])
