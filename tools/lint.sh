#!/usr/bin/env bash
# Every check, also after one that failed.
set -u

failed=0
check() { echo "→ $*"; "$@" || failed=1; }

check ruff check .
check ruff format --check .
check mypy
check npm --prefix labextension run --silent lint
exit $failed
