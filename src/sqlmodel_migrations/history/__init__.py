"""The history of a project: revision files read, not run, and the graph that they make.

Imports neither SQLAlchemy nor Alembic, so that a command that only asks is answered at once.
"""
