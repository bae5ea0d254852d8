"""Revisions run on one connection, inside the user's own env.py."""
