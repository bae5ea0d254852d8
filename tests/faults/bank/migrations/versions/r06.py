"""a book of transfers, without anything that would refuse a row that is there already"""

import sqlalchemy as sa
from alembic import op

revision = "r06"
down_revision = "r05"


def upgrade():
    op.create_table(
        "transfer",
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
    )
    op.execute("INSERT INTO transfer (account_id, amount) SELECT id, balance FROM account")
    op.execute("INSERT INTO transfer (account_id, amount) SELECT id, -1 FROM account WHERE id < 9")
