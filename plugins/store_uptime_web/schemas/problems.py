"""The body of every error response."""

from __future__ import annotations

from pydantic import BaseModel, Field


class FieldError(BaseModel):
    """What is wrong with one field of the request."""

    field: str = Field(description="Its name; entries of a list as name.position.", examples=["as_of"])
    message: str


class ProblemDetails(BaseModel):
    """The problem details of RFC 9457."""

    type: str = Field(default="about:blank", description="Always about:blank: the status says what kind it is.")
    title: str = Field(description="The status in words.", examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(description="What went wrong, for a person.")
    instance: str = Field(description="The path of the request.")
    errors: list[FieldError] | None = Field(default=None, description="With status 422: the invalid fields.")
