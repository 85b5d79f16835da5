#!/usr/bin/env bash
# Every test; the arguments go to pytest, whose closing line comes last. Fails when either part fails.
set -u

failed=0
if [ $# = 0 ]; then
    (cd labextension && npm run --silent test) || failed=1
fi
python -m pytest "$@" || failed=1
exit $failed
