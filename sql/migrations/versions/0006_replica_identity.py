"""What identifies a row of quality.expectation_result, whose key has columns that may be null.

Citus moves shards, and copies shared tables to new nodes, by logical replication, which wants to know.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0006.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0006_down.sql")
