"""An env.py of ours, sabotaged."""

import saboteur

from sqlmodel_migrations import environment

saboteur.begin()
environment.run()
