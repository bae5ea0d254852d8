from sqlmodel_migrations import environment

# The modules whose tables are migrated are named in pyproject.toml, as models; a list here
# goes before it. MetaData objects work as well: target_metadata = SQLModel.metadata
target_metadata = []

environment.run(target_metadata)
