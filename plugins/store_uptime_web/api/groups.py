"""Groups of stores beside each other, and the stores of one of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from store_uptime.delivery.rendering import json_object
from store_uptime.delivery.tables import AVAILABILITY
from store_uptime.history.availability import Availability, Question, find_availability
from store_uptime.history.groups import Group, GroupsAnswer, find_groups
from store_uptime.history.questions import Choice, reading
from store_uptime.percentages import hundredths, percent_text
from store_uptime_web import cursors, queries
from store_uptime_web.api import answers
from store_uptime_web.api.answers import From, Until
from store_uptime_web.api.reports import Cursor, Limit
from store_uptime_web.schemas.common import Text
from store_uptime_web.schemas.groups import GroupsPage, MembersPage
from store_uptime_web.security import READ

router = APIRouter(tags=["availability"], prefix="/groups", responses=answers.DOCUMENTED)

OfKind = Annotated[Text, Query(min_length=1, max_length=1024, description="timezone, or a kind of group.")]
Search = Annotated[Text | None, Query(max_length=1024, description="Part of the name; A to Z in any case.")]
Order = Literal["asc", "desc"]
GroupSort = Literal[
    "scope", "stores", "uptime_percent", "mean_percent", "tenth_percentile_percent", "meeting_percent", "down", "change"
]
MemberSort = Literal["scope", "uptime_percent", "open", "down", "unknown", "outages", "remaining"]


@router.get("", summary="Groups of stores", response_model=GroupsPage, dependencies=[READ])
def list_groups(
    from_: From,
    until: Until,
    kind: OfKind,
    search: Search = None,
    sort: GroupSort = "scope",
    order: Order = "asc",
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Response:
    """The groups of a kind: together, store by store, and against the period before up to the same open time.

    409 before the first settlement.
    """
    with answers.answering():
        found = groups_of(kind, from_, until)
    rows = [group for group in found.rows if answers.contains(group.figures.scope, search)]
    page = cursors.part(answers.in_order(rows, GROUP_KEYS[sort], is_descending=order == "desc"), limit, cursor)
    return answers.page_response(
        found.settlement,
        "groups",
        [group_json(group) for group in page.rows],
        page.next,
        previous=page.previous,
        total=len(found.rows),
        matching=len(rows),
        before={"from_date": found.before[0].isoformat(), "until_date": found.before[1].isoformat()},
    )


@router.get("/members", summary="The stores of a group", response_model=MembersPage, dependencies=[READ])
def list_members(
    from_: From,
    until: Until,
    kind: OfKind,
    name: Annotated[Text, Query(min_length=1, max_length=1024)],
    search: Search = None,
    sort: MemberSort = "scope",
    order: Order = "asc",
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Response:
    """The rows of `/availability` by store for one group, sorted; those without a value come last in either order.

    409 before the first settlement.
    """
    with answers.answering(), reading(queries.engine()) as connection:
        found = find_availability(connection, Question(from_, until, choice=Choice(kind=kind, name=name)))
    rows = [row for row in found.rows if answers.contains(row.scope, search)]
    page = cursors.part(answers.in_order(rows, MEMBER_KEYS[sort], is_descending=order == "desc"), limit, cursor)
    return answers.page_response(
        found.settlement,
        "members",
        [json_object(AVAILABILITY, row) for row in page.rows],
        page.next,
        previous=page.previous,
        total=len(found.rows),
        matching=len(rows),
    )


def groups_of(kind: str, from_date: date, until_date: date) -> GroupsAnswer:
    """The groups of a kind; what a settlement says never changes, so pages of one list are worked out once."""
    return groups_settled(answers.newest_settlement_id(), kind, from_date, until_date)


@lru_cache(maxsize=32)
def groups_settled(_settlement_id: int, kind: str, from_date: date, until_date: date) -> GroupsAnswer:
    """The same for a settlement, as long as it is the newest."""
    with reading(queries.engine()) as connection:
        return find_groups(connection, kind, from_date, until_date)


GROUP_KEYS: dict[GroupSort, Callable[[Group], Any]] = {
    "scope": lambda group: group.figures.scope.encode(),
    "stores": lambda group: group.figures.stores,
    "uptime_percent": lambda group: group.uptime,
    "mean_percent": lambda group: group.mean,
    "tenth_percentile_percent": lambda group: group.tenth_percentile,
    "meeting_percent": lambda group: group.share_meeting_target,
    "down": lambda group: group.figures.down_us,
    "change": lambda group: group.change,
}
MEMBER_KEYS: dict[MemberSort, Callable[[Availability], Any]] = {
    "scope": lambda row: row.scope.encode(),
    "uptime_percent": lambda row: row.uptime,
    "open": lambda row: row.open_us,
    "down": lambda row: row.down_us,
    "unknown": lambda row: row.unknown_us,
    "outages": lambda row: row.outages,
    "remaining": lambda row: row.remaining_us,
}


def group_json(group: Group) -> dict[str, Any]:
    """A row of the list."""
    change = group.change
    return json_object(AVAILABILITY, group.figures) | {
        "mean_percent": as_percent(group.mean),
        "tenth_percentile_percent": as_percent(group.tenth_percentile),
        "stores_with_target": group.stores_with_target,
        "stores_meeting_target": group.stores_meeting_target,
        "meeting_percent": as_percent(group.share_meeting_target),
        "downtime_percent": as_percent(group.share_of_downtime),
        "before_percent": as_percent(group.before),
        "change": None if change is None else hundredths(change.numerator * 100, change.denominator),
    }


def as_percent(share: Fraction | None) -> str | None:
    """A part of 1 in percent; None for none."""
    return None if share is None else percent_text(share.numerator, share.denominator)
