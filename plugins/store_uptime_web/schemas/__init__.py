"""Request and response bodies as OpenAPI describes them, a module for each module of `api` that has any."""
