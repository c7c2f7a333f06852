"""What identifies a row of quality.expectation_result, whose key has columns that may be null.

Citus moves shards, and copies shared tables to new nodes, by logical replication, which wants to know.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table quality.expectation_result replica identity full")


def downgrade() -> None:
    op.execute("alter table quality.expectation_result replica identity default")
