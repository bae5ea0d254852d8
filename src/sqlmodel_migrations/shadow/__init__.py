"""A scratch database, and history replayed on it."""
