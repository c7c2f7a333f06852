#!/bin/sh
# Programs that the tests need and no package of the lock files has for this machine. As root it installs them; otherwise
# it names them, with the command to install them. On Linux with x86-64 nothing is missing: the development requirements
# include a browser (package.json) and a Redis server (requirements-dev.in).
set -u

case "$(uname -sm)" in
    "Linux x86_64") exit 0 ;;
esac
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "store-uptime: installing chromium" >&2
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
    exit
fi
echo "store-uptime: the tests need Chromium, which is not on the PATH: sudo apt-get install chromium" >&2
exit 1
