"""Alembic environment: runs migrations on the connection that `store_uptime.db.migrations.migrate` hands over."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table="store_uptime_version", version_table_schema="public")
with context.begin_transaction():
    context.run_migrations()
