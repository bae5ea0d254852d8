"""a branch for each letter that an owner begins with: Python reads, and writes what it read"""

import sqlalchemy as sa
from alembic import op

revision = "r04"
down_revision = "r03"


def upgrade():
    connection = op.get_bind()
    owners = connection.execute(sa.text("SELECT owner FROM account ORDER BY id")).scalars().all()
    for letter in sorted({owner[0] for owner in owners})[:4]:
        op.execute(f"INSERT INTO branch (id, name) VALUES ({ord(letter)}, '{letter}')")
    branches = connection.execute(sa.text("SELECT id, name FROM branch ORDER BY id")).all()
    for branch, letter in branches:
        op.execute(f"UPDATE account SET branch_id = {branch} WHERE owner LIKE '{letter}%'")
