"""The formats of downloads, and the headers of their responses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from store_uptime.delivery.rendering import MEDIA_TYPES


@dataclass(frozen=True)
class Format:
    """Media type and file name suffix of a download."""

    media_type: str
    suffix: str


CSV = Format(f"{MEDIA_TYPES['csv']}; charset=utf-8", "csv")
XLSX, PARQUET, JSON, PDF = (Format(MEDIA_TYPES[name], name) for name in ("xlsx", "parquet", "json", "pdf"))
FORMATS = {"csv": CSV, "xlsx": XLSX, "parquet": PARQUET, "json": JSON}  # of a report
ANSWER_FORMATS = {**FORMATS, "pdf": PDF}


REDIRECTED: dict[int | str, dict[str, Any]] = {
    307: {
        "description": "The CSV is in a bucket, and the deployment allows downloads from there.",
        "headers": {"Location": {"description": "Signed, valid for five minutes.", "schema": {"type": "string"}}},
    }
}


def documented(*names: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI of the responses of a download in the formats `names`."""
    media_types = [FORMATS[name].media_type.partition(";")[0] for name in names]
    text = {"type": "string"}
    headers = {
        "ETag": {"description": "Of this content.", "schema": text},
        "Content-Disposition": {"description": "attachment, with a file name.", "schema": text},
    }
    return {
        200: {
            "description": "The file.",
            "headers": headers,
            "content": {
                media_type: {
                    "schema": {} if media_type == "application/json" else {"type": "string", "format": "binary"}
                }
                for media_type in media_types
            },
        },
        304: {"description": "If-None-Match names this content."},
    }


def documented_answer(page_schema: str, *names: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI of an answer: a page of JSON by default, or a file in one of the formats `names`, or of all."""
    content: dict[str, Any] = {
        each.media_type.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
        for name, each in ANSWER_FORMATS.items()
        if each is not JSON and (not names or name in names)
    }
    content[JSON.media_type] = {"schema": {"$ref": f"#/components/schemas/{page_schema}"}}
    return {200: {"description": "The answer: a page of it as JSON, or a file.", "content": content}}


def attachment(filename: str, tag: str | None = None) -> dict[str, str]:
    """Headers that make browsers save the response as `filename`, with `tag` as its ETag."""
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return {**headers, "ETag": f'"{tag}"'} if tag else headers


def matches(if_none_match: str | None, tag: str) -> bool:
    """Whether the header If-None-Match names `tag` (compared weakly, RFC 9110)."""
    offered = [one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")]
    return f'"{tag}"' in offered or "*" in offered
