"""By which groups stores can be asked about: what a filter of a page offers."""

from __future__ import annotations

from itertools import islice

from fastapi import APIRouter

from store_uptime.history.kinds import find_kinds
from store_uptime.history.questions import reading
from store_uptime_web import queries
from store_uptime_web.api import answers
from store_uptime_web.schemas.availability import GroupKinds
from store_uptime_web.security import READ

MAX_NAMES = 1000  # of a kind: more are counted

router = APIRouter(tags=["availability"], responses=answers.DOCUMENTED)


@router.get("/kinds", summary="Kinds of groups, and their groups", dependencies=[READ])
def list_kinds() -> GroupKinds:
    """The kinds that stores with days have, timezone too, each with the first 1000 of its groups in byte order."""
    with answers.answering(), reading(queries.engine()) as connection:
        found = find_kinds(connection)
    return GroupKinds.model_validate(
        {
            **answers.basis(found.settlement),
            "kinds": [
                {
                    "kind": one.kind,
                    "groups": len(one.stores_by_name),
                    "names": [
                        {"name": name, "stores": stores}
                        for name, stores in islice(one.stores_by_name.items(), MAX_NAMES)
                    ],
                }
                for one in found.kinds
            ],
        }
    )
