"""the first accounts"""

import sqlalchemy as sa
from alembic import op

revision = "r02"
down_revision = "r01"

OWNERS = ("Ada", "Bob", "Cleo", "Dan", "Eve", "Flo", "Gus", "Hal", "Ida", "Jim")


def upgrade():
    account = sa.table("account", *map(sa.column, ("id", "owner", "balance")))
    names = [f"{owner} {number}" for number in range(1, 4) for owner in OWNERS]
    rows = [{"id": id, "owner": name, "balance": 7 * id} for id, name in enumerate(names, 1)]
    op.bulk_insert(account, rows)
