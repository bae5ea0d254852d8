"""A crowd: thousands of rows in every table, made by the server with one statement a table.

`sample` knows what rows must satisfy and makes a few that do; here they become many.
"""

from sqlmodel_migrations.shadow.crowd.rows import fill
from sqlmodel_migrations.shadow.crowd.spoiler import spoil

__all__ = ["fill", "spoil"]
