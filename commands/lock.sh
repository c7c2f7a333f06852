#!/bin/sh
# Compiles requirements*.in to lock files with hashes, for all versions of Python that the project supports.
# LOCK_FLAGS=--upgrade uses the newest versions; without it, locked versions stay if the .in files allow them.
set -eu
export UV_CUSTOM_COMPILE_COMMAND="make lock"
compile() {
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links ${LOCK_FLAGS:-} "$@"
}
compile requirements-uv.in -o requirements-uv.txt
compile requirements.in -o requirements.txt
compile requirements-kubernetes.in -c requirements.txt -o requirements-kubernetes.txt
compile requirements-dev.in -c requirements.txt -o requirements-dev.txt
