"""Alembic's entry: migrates on the connection it is given (see sql.migrate), in that connection's transaction."""

from alembic import context

from sql.models import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, transactional_ddl=False
)
context.run_migrations()
