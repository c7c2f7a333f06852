#!/bin/sh
# Finds a suitable Python and runs commands/install.py with it, which creates the virtual environment.
# PYTHON=... chooses one; otherwise the environment's own is used, else the first suitable one on the PATH.
set -u
cd "$(dirname "$0")/.." || exit 1

fits() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 13) and sys.implementation.name == "cpython"))' 2>/dev/null
}

if [ -n "${PYTHON:-}" ]; then
    candidates=$PYTHON
else
    candidates=".venv/bin/python python3 python3.13 python3.12 python3.11 python"
fi
for candidate in $candidates; do
    if fits "$candidate"; then
        exec "$candidate" -m commands.install "$@"
    fi
done

echo "store-uptime: expected CPython 3.11, 3.12 or 3.13 with its venv module; found none among: $candidates." >&2
echo "store-uptime: install one (on Debian also python3-venv), or set its path: make PYTHON=/path/to/python3" >&2
exit 1
