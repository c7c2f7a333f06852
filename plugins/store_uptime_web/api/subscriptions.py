"""Subscriptions: which template is sent to whom and when, a preview, a test, and the log of deliveries."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from sqlalchemy import RowMapping

from store_uptime.db.statements import statement
from store_uptime.delivery import deliveries, recipients, subscriptions
from store_uptime.history.questions import reading
from store_uptime_web import airflow_client, queries
from store_uptime_web.api import bodies, changes
from store_uptime_web.api.reports import Cursor, Limit
from store_uptime_web.schemas.delivery import (
    DeliveryPage,
    Preview,
    Subscription,
    SubscriptionChange,
    SubscriptionRequest,
    Subscriptions,
)
from store_uptime_web.security import READ, Reader, Triggerer

router = APIRouter(tags=["subscriptions"])

SubscriptionId = Annotated[int, Path(ge=1, le=changes.LARGEST_ID)]


async def new_subscription(request: Request, _: Triggerer) -> SubscriptionRequest:
    """The body."""
    return await bodies.read(request, SubscriptionRequest)


async def changed_subscription(request: Request, _: Triggerer) -> SubscriptionChange:
    """The body."""
    return await bodies.read(request, SubscriptionChange)


@router.get("/subscriptions", summary="Subscriptions", responses=changes.LISTING)
def list_subscriptions(user: Reader) -> Subscriptions:
    """All subscriptions by name, and whether anything is sent at all."""
    with queries.engine().connect() as connection:
        last = last_deliveries(connection)
    listed = [subscription_json(one, last) for one in changes.rows("subscription")]
    return Subscriptions.model_validate({"subscriptions": listed, **changes.sending(user)})


@router.post(
    "/subscriptions",
    status_code=201,
    summary="Create a subscription",
    response_model=Subscription,
    responses=changes.CHANGING,
    openapi_extra=bodies.documented(SubscriptionRequest),
)
def create_subscription(
    request: Request, user: Triggerer, body: Annotated[SubscriptionRequest, Depends(new_subscription)]
) -> Response:
    """It is due first at the next time of its schedule."""
    with changes.checking("subscription"):
        wanted = checked(body.model_dump())
        with queries.editor().begin() as connection:
            subscription_id = subscriptions.add(connection, wanted, user.get_name(), datetime.now(UTC))
    airflow_client.record_change(user, "create_subscription", {"subscription_id": subscription_id})
    return changes.created(request, f"subscriptions/{subscription_id}", show_subscription(subscription_id))


@router.get(
    "/subscriptions/{subscription_id}", summary="One subscription", dependencies=[READ], responses=changes.READING
)
def show_subscription(subscription_id: SubscriptionId) -> Subscription:
    """The subscription, and what became of its newest delivery."""
    found = changes.row("subscription", subscription_id)
    with queries.engine().connect() as connection:
        return subscription_json(found, last_deliveries(connection))


@router.patch(
    "/subscriptions/{subscription_id}",
    summary="Change, pause or resume a subscription",
    responses=changes.CHANGING,
    openapi_extra=bodies.documented(SubscriptionChange),
)
def change_subscription(
    subscription_id: SubscriptionId,
    user: Triggerer,
    body: Annotated[SubscriptionChange, Depends(changed_subscription)],
) -> Subscription:
    """What is left out stays as it is. What was due while it was paused is not sent."""
    given = changes.given(body)
    current = subscriptions.Subscription.from_row(changes.row("subscription", subscription_id))
    if "recipients" in given:
        given["recipients"] = changes.meant(given["recipients"], current.recipients)
    with changes.checking("subscription"):
        wanted = checked(vars(current) | given)
        with queries.editor().begin() as connection:
            subscriptions.change(connection, subscription_id, wanted, user.get_name(), datetime.now(UTC))
    what = {"subscription_id": subscription_id, "fields": sorted(given)}
    airflow_client.record_change(user, "change_subscription", what)
    return show_subscription(subscription_id)


@router.delete(
    "/subscriptions/{subscription_id}",
    status_code=204,
    summary="Delete a subscription",
    responses=changes.CHANGING,
    response_model=None,
)
def delete_subscription(subscription_id: SubscriptionId, user: Triggerer) -> Response:
    """With its log, and with what it has not sent yet."""
    binds = {"subscription_id": changes.row("subscription", subscription_id)["subscription_id"]}
    with queries.editor().begin() as connection:
        connection.execute(statement("delivery/subscriptions/delete"), binds)
    airflow_client.record_change(user, "delete_subscription", binds)
    return Response(status_code=204)


@router.post(
    "/subscriptions/{subscription_id}/test", status_code=202, summary="Send a test", responses=changes.CHANGING
)
def request_test(subscription_id: SubscriptionId, user: Triggerer) -> Subscription:
    """To all recipients, of the previous complete period, final or not, when the delivery DAG runs next."""
    binds = {"subscription_id": subscription_id, "requested_by": user.get_name(), "requested_at": datetime.now(UTC)}
    changes.row("subscription", subscription_id)
    with queries.editor().begin() as connection:
        connection.execute(statement("delivery/subscriptions/request_test"), binds)
    airflow_client.record_change(user, "test_subscription", {"subscription_id": subscription_id})
    return show_subscription(subscription_id)


@router.get(
    "/subscriptions/{subscription_id}/preview",
    summary="What a subscription would send now",
    dependencies=[READ],
    responses=changes.READING,
)
def preview_subscription(subscription_id: SubscriptionId) -> Preview:
    """Of the previous complete period, final or not. Where nothing could be sent, the text says why."""
    found = changes.row("subscription", subscription_id)
    with reading(queries.engine()) as connection:
        base_url = airflow_client.base_url().rstrip("/")
        content = deliveries.preview(connection, found, datetime.now(UTC), base_url)
    files = [
        {"name": file.name, "media_type": file.media_type, "bytes": len(file.content)}
        for file in content.files
        if not file.is_picture
    ]
    return Preview.model_validate({"subject": content.subject, "text": content.text, "files": files})


@router.get(
    "/subscriptions/{subscription_id}/deliveries",
    summary="The log of a subscription",
    dependencies=[READ],
    responses=changes.READING,
)
def list_deliveries(subscription_id: SubscriptionId, limit: Limit = 25, cursor: Cursor = None) -> DeliveryPage:
    """What was sent of each period, newest first: when, to whom, and what went wrong."""
    changes.row("subscription", subscription_id)
    binds = {"subscription_id": subscription_id, "deliveries": limit + 1}
    lines, following = changes.log("delivery/deliveries/list", "delivery_id", limit, cursor, binds)
    return DeliveryPage.model_validate({"deliveries": [delivery_json(line) for line in lines], "next": following})


def checked(fields: dict[str, Any]) -> subscriptions.Subscription:
    """A subscription whose recipients the deployment allows."""
    wanted = subscriptions.Subscription(**fields | {"recipients": tuple(fields["recipients"])})
    recipients.check_list(wanted.recipients, queries.settings().allow_recipients)
    return wanted


def last_deliveries(connection: Any) -> dict[int, RowMapping]:
    """The newest delivery of each subscription."""
    found = connection.execute(statement("delivery/deliveries/last_of_each")).mappings()
    return {one["subscription_id"]: one for one in found}


def subscription_json(found: RowMapping, last: dict[int, RowMapping]) -> Subscription:
    """A subscription as an answer, without what may be a secret."""
    return Subscription.model_validate(
        dict(found)
        | {
            "recipients": [recipients.shown(one) for one in found["recipients"]],
            "last": dict(last[found["subscription_id"]]) if found["subscription_id"] in last else None,
        }
    )


def delivery_json(found: list[RowMapping]) -> dict[str, Any]:
    """A delivery with its messages; `found` has a row for each."""
    return dict(found[0]) | {"messages": [changes.message_json(one) for one in found if one["recipient"] is not None]}
