"""The kinds of input: which file names and which columns each one has."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

RULES = 2  # counts up when names or headers are understood otherwise than before: all files are looked at again then
COMPRESSIONS = (".gz", ".zst")
# What people keep tables in that is not read; a file of this sort with the name of an input was meant to be one.
OTHER_FORMATS = (".xlsx", ".xlsm", ".xls", ".ods", ".zip", ".bz2", ".xz", ".7z")
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
# What browsers and file managers add: x (1).csv, x(1).csv, x.csv (1).gz, x - Copy (2).csv, x copy 2.csv, Copy of x.csv.
COPY_MARKS = re.compile(r"(?: ?\(\d+\)| - copy| copy(?: \d+)?)+$", re.ASCII)
COPY_OF = re.compile(r"^(?:copy (?:\(\d+\) )?of )+", re.ASCII)
# BigQuery numbers the shards of an export: zones-000000000000.csv, zones-000000000001.csv.
SHARD = re.compile(r"(?P<export>(?:.*\D)?)(?P<number>\d{12})", re.ASCII)
# What says which group a row is about.
GROUP = ("kind", "name")


@dataclass(frozen=True)
class Kind:
    """One of the inputs: accepted file names, without `.csv`, and accepted spellings of each column.

    Blanks, dashes and underscores in names are all the same, and a final s may be missing. A name that ends with `*`
    goes on as it likes. Columns that are `optional` may be missing. A row of a kind that `is_scoped` is about a store
    (`store_id`) or a group (`kind` and `name`): the columns of one of them are enough. A kind that `may_be_empty` says
    with a header alone that there is nothing any more.
    """

    name: str
    names: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    optional: tuple[str, ...] = ()
    is_scoped: bool = False
    may_be_empty: bool = False

    def separator_of(self, header: str) -> str | None:
        """What separates the columns of the kind in a header line; None if one of them is missing."""
        for separator in SEPARATORS:
            if self.has_columns(_folded(header.split(separator))):
                return separator
        return None

    def has_columns(self, names: Iterable[str]) -> bool:
        """Whether each column of the kind is among `names`, which are in lower case."""
        found = set(names)
        there = {column for column, spellings in self.columns.items() if found & set(spellings)}
        return not self.missing(there)

    def missing(self, columns: Collection[str]) -> list[str]:
        """The columns that a file lacks if it has these of the kind."""
        missing = [column for column in self.columns if column not in columns and column not in self.optional]
        if self.is_scoped:
            group = [column for column in GROUP if column not in columns]
            missing += ["store_id"] if len(group) == len(GROUP) and "store_id" not in columns else []
            missing += group if len(group) < len(GROUP) else []
        return missing


STORE_STATUS = Kind(
    "store_status",
    ("store_status*",),
    {"store_id": ("store_id",), "status": ("status",), "timestamp_utc": ("timestamp_utc",)},
)
BUSINESS_HOURS = Kind(
    "business_hours",
    ("business_hours", "store_business_hours", "store_hours", "menu_hours", "hours"),
    {
        "store_id": ("store_id",),
        "day": ("dayofweek", "day_of_week", "day"),
        "start_time_local": ("start_time_local",),
        "end_time_local": ("end_time_local",),
    },
)
STORE_TIMEZONES = Kind(
    "store_timezones",
    ("store_timezones", "timezones"),
    {"store_id": ("store_id",), "timezone_str": ("timezone_str",)},
)
SCOPE: dict[str, tuple[str, ...]] = {"store_id": ("store_id",), "kind": ("kind",), "name": ("name",)}
SPECIAL_HOURS = Kind(
    "special_hours",
    ("special_hours", "special_hours*"),
    SCOPE
    | {
        "date": ("date",),
        "start_time_local": ("start_time_local",),
        "end_time_local": ("end_time_local",),
        "reason": ("reason",),
    },
    optional=(*SCOPE, "reason"),
    is_scoped=True,
    may_be_empty=True,
)
PLANNED_DOWNTIME = Kind(
    "planned_downtime",
    ("planned_downtime*",),
    SCOPE | {"starts_at": ("starts_at",), "ends_at": ("ends_at",), "reason": ("reason",)},
    optional=(*SCOPE, "reason"),
    is_scoped=True,
    may_be_empty=True,
)
TARGETS = Kind(
    "targets",
    ("targets", "targets*"),
    SCOPE | {"target_percent": ("target_percent",), "valid_from": ("valid_from",)},
    optional=(*SCOPE, "valid_from"),
    is_scoped=True,
    may_be_empty=True,
)
STORE_GROUPS = Kind("store_groups", ("store_groups", "store_groups*"), dict(SCOPE), may_be_empty=True)
# A header fits the first of them, which matters where it has the columns of several.
KINDS = (
    STORE_TIMEZONES,
    SPECIAL_HOURS,
    BUSINESS_HOURS,
    STORE_STATUS,
    PLANNED_DOWNTIME,
    TARGETS,
    STORE_GROUPS,
)
OPTIONAL_KINDS = (STORE_GROUPS, SPECIAL_HOURS, PLANNED_DOWNTIME, TARGETS)
# BigQuery's name for whatever is exported: the header says what it is.
EXPORTS = "bq_results*"


def kind_by_name(name: str) -> Kind | None:
    """The kind whose names a CSV file has, plain or compressed, also as a shard, or as a copy beside the file."""
    stem = _stem(name, ".csv")
    return None if stem is None else next((kind for kind in KINDS if _is_named(stem, kind.names)), None)


def is_export(name: str) -> bool:
    """Whether a CSV file is an export of BigQuery, as its name says."""
    stem = _stem(name, ".csv")
    return stem is not None and _is_named(stem, (EXPORTS,))


def is_in_other_format(name: str) -> bool:
    """Whether a file has the name of an input, but is a spreadsheet or an archive, which nobody reads."""
    stems = [_stem(name.lower().replace(".csv.", "."), suffix) for suffix in OTHER_FORMATS]
    return any(_is_named(stem, kind.names) for stem in stems if stem is not None for kind in KINDS)


def is_visible(name: str) -> bool:
    """Whether a name is not of a hidden file, nor of those that macOS and Office leave beside others."""
    return not name.startswith((".", "~$"))


def input_names(names: Iterable[str]) -> list[str]:
    """Those of the names in a folder that are names of input files, sorted."""
    return sorted(name for name in names if is_visible(name) and (is_export(name) or kind_by_name(name)))


def kind_by_header(line: str) -> Kind | None:
    """The kind that a header line fits, if any."""
    return next((kind for kind in KINDS if kind.separator_of(line)), None)


def shard_of(name: str) -> tuple[str, int] | None:
    """The export that a file is a shard of, and the shard's number; None for other files."""
    found = SHARD.fullmatch(without_suffixes(name))
    return (found["export"], int(found["number"])) if found else None


def without_suffixes(name: str) -> str:
    """A file's name in lower case, without `.csv` and what stands for a compression."""
    return _without_compression(name).removesuffix(".csv")


def _stem(name: str, suffix: str) -> str | None:
    """A file's name without `suffix`, a compression, and what marks a copy or a shard; None with another suffix."""
    plain = COPY_MARKS.sub("", _without_compression(name))
    if not plain.endswith(suffix):
        return None
    plain = COPY_OF.sub("", COPY_MARKS.sub("", plain.removesuffix(suffix)))
    shard = SHARD.fullmatch(plain)
    return shard["export"] if shard else plain


def _is_named(stem: str, names: tuple[str, ...]) -> bool:
    plain = _plain(stem)
    return any(
        plain.startswith(_plain(name[:-1])) if name.endswith("*") else plain.removesuffix("s") == _plain(name[:-1])
        for name in names
    )


def _plain(text: str) -> str:
    return re.sub("[ _-]", "", text)


def _without_compression(name: str) -> str:
    lowered = name.lower()
    for compression in COMPRESSIONS:
        lowered = lowered.removesuffix(compression)
    return lowered


def _folded(fields: list[str]) -> list[str]:
    return [field.strip().strip('\ufeff"').strip().lower() for field in fields]
