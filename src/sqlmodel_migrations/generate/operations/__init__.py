"""Operations that Alembic has not; each renders itself as plain `op` calls."""
