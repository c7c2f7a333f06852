"""What retention needs: a moving lower end of the months of polls, and files whose rows were let go.

Revision ID: 0002
Revises: 0001

``core.poll_early`` takes the place of ``core.poll_before_2000``: it ends where the first kept month begins, and holds
of the polls before it those that the weeks after it rest on. See docs/decisions/0005-polls-go-by-month.md.
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0002.sql")


def downgrade() -> None:
    raise NotImplementedError("polls that were let go cannot come back: restore a backup")
