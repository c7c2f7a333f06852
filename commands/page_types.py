"""Writes api_types.d.ts, the types of the API's requests and answers for the pages' scripts, from the API's OpenAPI."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

from store_uptime.settings import PROJECT

FILE = PROJECT / "plugins" / "store_uptime_web" / "api_types.d.ts"
HEAD = "// Made by `make page-types` from the API's OpenAPI; a test compares both.\n"
NAMES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def main() -> None:
    """Imports the app, which needs a home for Airflow, and writes the file."""
    sys.path.insert(0, str(PROJECT / "plugins"))
    with tempfile.TemporaryDirectory() as home:
        os.environ["AIRFLOW_HOME"] = home
        from store_uptime_web.app import create_app

        FILE.write_text(declarations(create_app().openapi()), encoding="utf-8")


def declarations(openapi: Mapping[str, Any]) -> str:
    """TypeScript for all schemas of an OpenAPI document, in the order of their names."""
    schemas = openapi["components"]["schemas"]
    return HEAD + "".join(f"\n{declaration(name, schemas[name])}" for name in sorted(schemas))


def declaration(name: str, schema: Mapping[str, Any]) -> str:
    """An interface for an object, else a type."""
    if "properties" not in schema:
        return f"export type {name} = {type_of(schema)};\n"
    required = schema.get("required", [])
    lines = [
        f"  {key}{'' if key in required else '?'}: {type_of(value)};\n" for key, value in schema["properties"].items()
    ]
    return f"export interface {name} {{\n{''.join(lines)}}}\n"


def type_of(schema: Mapping[str, Any]) -> str:
    """The TypeScript of a JSON schema."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(type_of(one) for one in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return " | ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    match schema.get("type"):
        case "array" if "prefixItems" in schema:
            return f"[{', '.join(map(type_of, schema['prefixItems']))}]"
        case "array":
            return f"Array<{type_of(schema['items'])}>"
        case "object":
            values = schema.get("additionalProperties")
            return f"Record<string, {type_of(values) if isinstance(values, dict) else 'unknown'}>"
        case str(name):
            return NAMES[name]
        case _:
            return "unknown"


if __name__ == "__main__":
    main()
