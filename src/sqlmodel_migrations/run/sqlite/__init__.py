"""Changes of SQLite tables: what SQLite alters itself, and one rebuild for all the rest."""
