"""Functions that read tables are PL/pgSQL: Citus refuses SQL functions with parameters that read distributed tables.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0004.sql")


def downgrade() -> None:
    raise NotImplementedError("migration 0002 has no way back either: restore a backup")
