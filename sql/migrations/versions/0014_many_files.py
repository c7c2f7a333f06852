"""What is known of the files of data folders; a report rests on its position in the log of acceptances.

Revision ID: 0014
Revises: 0013
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0014.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0014_down.sql")
