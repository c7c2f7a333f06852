"""The Params of the report DAG: the fields of the trigger form, and bounds for every way to trigger a DAG run."""

from __future__ import annotations

from airflow.sdk import Param

from store_uptime.contract import MAX_SHARDS, MAX_STORE_IDS, NO_DATA_CHOICES


def report_params() -> dict[str, Param]:
    """New Params of the report DAG: a DAG run in this process changes their values, so they are not shared."""
    return {
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="As of",
            description="The instant to look back from, with its zone. Empty: the newest poll.",
        ),
        "max_gap": Param(
            None,
            type=["null", "string"],
            pattern=r"^(?=.)(\d+d)?(\d+h)?(\d+m)?(\d+(\.\d+)?s)?$|^P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$",
            maxLength=32,
            title="Max gap",
            description="How long a poll counts, such as 2h, 90m or PT2H. Empty: until the next poll.",
        ),
        "no_data": Param(
            "unknown",
            type="string",
            enum=list(NO_DATA_CHOICES),
            values_display={"unknown": "Unknown: neither uptime nor downtime", "down": "Down: downtime"},
            title="Time without data",
            description="What open time that no poll covers counts as.",
        ),
        "store_ids": Param(
            None,
            type=["null", "array"],
            items={"type": "string", "minLength": 1},
            minItems=1,
            maxItems=MAX_STORE_IDS,
            title="Stores",
            description="Ids of the stores to report on, one a line. Empty: all.",
        ),
        "shards": Param(
            1,
            type="integer",
            minimum=1,
            maximum=MAX_SHARDS,
            title="Shards",
            description="How many mapped tasks compute the report in parallel. The result is the same.",
        ),
    } | {
        f"{name}_valid_from": Param(
            None,
            type=["null", "string"],
            format="date",
            title=f"{name.capitalize()} valid from",
            description=f"From which date on the {name} in the data folder hold, in what is computed for past dates. "
            "Empty: from the date on which they are accepted.",
        )
        for name in ("hours", "zones")
    }
