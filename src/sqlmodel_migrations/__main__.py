"""`python -m sqlmodel_migrations`: the commands, where no console script is installed."""

from __future__ import annotations

import sys

from sqlmodel_migrations.cli import main_migrations

if __name__ == "__main__":
    sys.exit(main_migrations())
