"""Alembic's entrance. The connection, in a transaction that only migrates, comes from nb2prod.store.migrate."""

from alembic import context

from nb2prod.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
