"""Which names and headers are those of an input."""

from __future__ import annotations

import pytest

from store_uptime.ingest.kinds import (
    input_names,
    is_export,
    is_in_other_format,
    kind_by_header,
    kind_by_name,
    shard_of,
)

NAMES = {
    "store_status": [
        *(
            "store_status.csv",
            "store status.csv",
            "store_status_2023-01-25.csv",
            "Store-Status.CSV",
            "store_statuses.csv",
        ),
        *("store_status.csv.gz", "store_status (1).csv", "store_status.csv (1).zst", "store_status-000000000001.csv"),
    ],
    "business_hours": [
        *("business_hours.csv", "store_business_hours.csv", "menu_hours.csv", "Menu hours.csv", "hours.csv"),
        *("business_hour.csv", "Business Hours.csv", "business-hours.CSV", "store hours.csv", "menu_hour.csv"),
        *("business_hours(1).csv", "business_hours (2).csv", "business_hours - Copy.csv", "business_hours copy 2.csv"),
        *(
            "Copy of business_hours.csv",
            "Copy (2) of hours.csv",
            "business_hours (1) (1).csv",
            "hours - Copy (3).csv.gz",
        ),
        *("business_hours-000000000000.csv", "business_hours.csv (1).gz", "hours(1).csv.zst"),
    ],
    "store_timezones": [
        *(
            "store_timezones.csv",
            "store_timezone.csv",
            "timezones.csv",
            "timezone.csv",
            "time zones.csv",
            "Time_Zone.csv",
        ),
        *("timezones_000000000000.csv.gz", "store-time-zones (1).csv"),
    ],
    "store_groups": [
        *("store_groups.csv", "Store Group.csv", "store-groups 2023.csv.gz", "store_groups_000000000000.csv"),
        "store_groups (1).csv",
    ],
    "special_hours": ["special_hours.csv", "Special Hours.csv", "special_hour.csv", "special-hours_xmas.CSV.zst"],
    "planned_downtime": ["planned_downtime.csv", "planned downtimes.csv", "Planned-Downtime-May.csv"],
    "targets": ["targets.csv", "target.csv", "targets_2023.csv", "Copy of targets.csv"],
    None: [
        *("target_audience.csv", "special.csv", "downtime.csv", "groups.csv", "my_targets.csv"),
        *("business_hours_new.csv", "hours2.csv", "my hours.csv", "opening.csv", "hours.txt", "hours", "hours.csv.bak"),
        *("bq-results-20230125.csv", "status.csv", "timezones.csv.zip", "Kopie von hours.csv", "hours .csv.csv"),
    ],
}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in NAMES.items() for name in names])
def test_a_name_is_of_a_kind(kind: str | None, name: str) -> None:
    found = kind_by_name(name)
    assert (found and found.name) == kind


def test_exports_of_bigquery() -> None:
    assert all(map(is_export, ["bq-results-20230125-000000000000.csv.gz", "bq-results-1.csv", "BQ-results-2 (1).csv"]))
    assert not any(map(is_export, ["bq.csv", "bq-results-1.json"]))
    assert shard_of("bq-results-20230125-000000000012.csv.gz") == ("bq-results-20230125-", 12)
    assert shard_of("000000000000.csv") == ("", 0)
    assert shard_of("zones-00000000000.csv") is None


def test_other_formats() -> None:
    others = ["hours.xlsx", "store_status_1.XLS", "timezones.csv.zip", "Menu hours (1).ods", "business_hours.csv.bz2"]
    assert all(map(is_in_other_format, others))
    assert not any(map(is_in_other_format, ["hours.csv", "report.xlsx", "hours.csv.bak", "hours.csv.gz"]))


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("store_id,status,timestamp_utc", "store_status"),
        (' Store_ID ; "STATUS" ;timestamp_utc;note\r', "store_status"),
        ("\ufeffstore_id\ttimezone_str", "store_timezones"),
        ("day,store_id,end_time_local,start_time_local", "business_hours"),
        ("store_id,dayOfWeek,start_time_local,end_time_local", "business_hours"),
        ("store_id,start_time_local,end_time_local", None),
        ("store_id,name,kind", "store_groups"),
        ("store_id,date,day,start_time_local,end_time_local", "special_hours"),
        ("kind,name,date,start_time_local,end_time_local", "special_hours"),
        ("store_id,kind,date,start_time_local,end_time_local", None),
        ("date,start_time_local,end_time_local", None),
        ("store_id,kind,name,starts_at,ends_at", "planned_downtime"),
        ("name;kind;starts_at;ends_at", "planned_downtime"),
        ("store_id,target_percent", "targets"),
        ("kind,target_percent", None),
        ("store_id|timezone_str", None),
        ("", None),
    ],
)
def test_a_header_is_of_a_kind(line: str, kind: str | None) -> None:
    found = kind_by_header(line)
    assert (found and found.name) == kind


def test_the_input_of_a_folder_by_its_names() -> None:
    inputs = ["Store_Status.csv", "bq-results-20230125.csv", "hours.csv.gz"]
    assert input_names([*reversed(inputs), ".hours.csv", "~$hours.csv", "notes.csv", "hours.xlsx"]) == inputs
