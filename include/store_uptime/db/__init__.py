"""PostgreSQL: connections, statements, migrations, and whether tables are spread over a Citus cluster."""
