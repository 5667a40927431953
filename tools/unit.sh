#!/bin/sh
# unit.sh BINARY [FILTER…] — runs a test binary; shows what failed, and the counts as the last line.
set -u
log=$(mktemp)
"$@" >"$log" 2>&1
code=$?
if [ $code -ne 0 ]; then
    grep -v -E '^\[(=+|  PASSED|       OK|  RUN|      RUN)' "$log" | tail -n 200
else
    grep '^skipped ' "$log"
fi
tail -n 1 "$log" | grep -E '^[0-9]+ passed' || { tail -n 30 "$log"; echo "0 passed, 1 failed"; }
rm -f "$log"
exit $code
