"""Lint: what the pending revisions will do to a live database, measured on a scratch one."""
