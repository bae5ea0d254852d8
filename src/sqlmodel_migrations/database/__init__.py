"""The database server: what it is, what it can, and what its errors mean."""
