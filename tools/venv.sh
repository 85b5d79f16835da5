#!/usr/bin/env bash
# venv.sh PYTHON: make .venv with uv in it, unless a working one made for this folder is there.
set -eu

python=$1
mkdir -p .make
where=.make/where
if [ -x .venv/bin/uv ] && .venv/bin/python -c '' 2>/dev/null && [ "$(cat $where 2>/dev/null || pwd)" = "$(pwd)" ]; then
    [ -e $where ] || pwd >$where
    exit 0
fi

tools/require.sh python "$python"
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    package=python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "→ $package, which \`$python -m venv\` needs"
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y "$package"; } >/dev/null || true
    fi
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        echo "error: $("$python" --version) has no ensurepip, so it cannot make a virtual environment." >&2
        echo "       On Debian and Ubuntu: apt-get install $package. Or: make PYTHON=/path/to/another/python3." >&2
        exit 1
    fi
fi

echo "→ .venv ($("$python" --version))"
rm -rf .venv .make/python
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
pwd >$where
