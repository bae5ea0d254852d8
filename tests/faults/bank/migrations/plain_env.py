"""An env.py as Alembic's generic template has it, sabotaged: what its place is taken by."""

import os

import saboteur
from alembic import context
from sqlalchemy import create_engine, pool

saboteur.begin()
engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
