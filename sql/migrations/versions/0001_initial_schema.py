"""The first schema: core, report and quality tables, roles and rights.

Revision ID: 0001
Revises:

Per-store tables carry ``store_key`` in every key, so that they can be distributed by it; the small tables
all stores share (``core.file``, ``core.acceptance``, ``report.report``, ``report.zone_segment``, ``quality.*``)
can be reference tables. See docs/decisions/0002-polls-are-an-append-only-log.md for why ``core.poll`` has
the file and the part in its key.
"""

from alembic import op

from store_uptime.db.migrations import run_script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_script(op.get_bind(), "0001.sql")


def downgrade() -> None:
    run_script(op.get_bind(), "0001_down.sql")
