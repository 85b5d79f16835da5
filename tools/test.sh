#!/usr/bin/env bash
# Every test; the arguments go to pytest. Fails when any part fails.
# Two at a time, but for those that drive a browser or a kernel, or fill an environment: they need the machine.
set -u

if [ $# != 0 ]; then
    exec python -m pytest "$@"
fi
failed=0
(cd labextension && npm run --silent test) || failed=1
python -m pytest -m "browser or notebooks or packaging" || failed=1
python -m pytest -n 2 --dist loadscope -m "not browser and not notebooks and not packaging" || failed=1
exit $failed
