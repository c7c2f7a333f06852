"""A minimal extension named citus, to test this project's own code for Citus.

It records which tables are distributed, but moves no rows, so it cannot show how a cluster behaves.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from conftest import execute

FILES = {
    "citus.control": "default_version = '1'\nschema = public\n",
    "citus--1.sql": """
        create table pg_dist_partition (logicalrelid regclass primary key, partmethod "char", repmodel "char");
        create function create_reference_table(table_name regclass) returns void
        begin atomic
            insert into pg_dist_partition values (table_name, 'n', 't')
            on conflict (logicalrelid) do update set repmodel = 't';
        end;
        create function create_distributed_table(table_name regclass, distribution_column text, colocate_with text)
        returns void begin atomic insert into pg_dist_partition values (table_name, 'h', 's'); end;
        create function truncate_local_data_after_distributing_table(function_arg_table_name regclass) returns void
        begin atomic select; end;
    """,
}


def create(url: str) -> None:
    """Creates the extension in a database of the tests' server."""
    with tempfile.TemporaryDirectory() as folder:
        extension = Path(folder, "extension")
        extension.mkdir()
        for name, content in FILES.items():
            (extension / name).write_text(content)
        Path(folder).chmod(0o755)  # the server may run as a user of its own
        execute(url, f"set extension_control_path = '{folder}:$system'; create extension citus")
