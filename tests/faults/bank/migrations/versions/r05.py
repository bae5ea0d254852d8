"""interest: changes that must not be made twice, with DDL between them"""

import sqlalchemy as sa
from alembic import op

revision = "r05"
down_revision = "r04"


def upgrade():
    op.execute("UPDATE account SET balance = balance + 10")
    op.add_column("account", sa.Column("interest", sa.Integer, server_default="0"))
    op.execute("UPDATE account SET interest = interest + balance")
    op.execute("UPDATE account SET balance = balance * 2 WHERE branch_id IS NULL")
    op.create_index("ix_account_interest", "account", ["interest"])
    op.execute("UPDATE account SET interest = interest + 1")
