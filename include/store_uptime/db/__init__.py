"""PostgreSQL: connections, statements, migrations, the embedded server, and Citus."""
