#!/usr/bin/env bash
# require.sh python PYTHON | node: say clearly what is missing, and what would do.
set -eu

die() { printf 'error: %s\n' "$@" >&2; exit 1; }

case "$1" in
python)
    command -v "$2" >/dev/null || die "no $2 found. Python 3.10 or newer is needed (make PYTHON=/path/to/python3)."
    "$2" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
        die "$("$2" --version) is too old. Python 3.10 or newer is needed (make PYTHON=/path/to/python3)."
    ;;
node)
    command -v node >/dev/null || die "no node found. Node.js 20.19 or newer is needed to build the panels."
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
        die "Node.js $(node --version) is too old. 20.19 or newer is needed to build the panels."
    command -v npm >/dev/null || die "no npm found. It comes with Node.js, on Debian and Ubuntu in the package npm."
    ;;
esac
