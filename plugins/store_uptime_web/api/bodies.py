"""Bodies of requests: JSON, read only after the caller is known."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from store_uptime_web.problems import Problem, from_validation, invalid

Model = TypeVar("Model", bound=BaseModel)


async def read(request: Request, model: type[Model]) -> Model:
    """The body; an empty one is an empty object. 415 or 422 if it is not valid."""
    body = await request.body()
    if body.strip():
        media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise Problem(415, f"The body is {media_type}; expected application/json.")
    try:
        content = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise invalid("body", f"not JSON: {error}") from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise from_validation(list(error.errors(include_url=False, include_context=False))) from error


def documented(model: type[BaseModel], *, is_required: bool = True) -> dict[str, Any]:
    """OpenAPI of a body."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": is_required, "content": {"application/json": {"schema": schema}}}}
