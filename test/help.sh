#!/bin/sh
# help.sh [BINARY] — every command that --help lists answers --help itself, and does nothing else.
set -u
cd "$(dirname "$0")/.." || exit 2
beckon=$(pwd)/${1:-build/release/beckon}
passed=0 failed=0
empty=$(mktemp -d)
for command in $("$beckon" --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
    if (cd "$empty" && timeout 10 "$beckon" "$command" --help </dev/null) | grep -q "^beckon $command: "; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "beckon $command --help does not say what it takes"
    fi
done
rmdir "$empty" || failed=$((failed + 1))
[ $passed -ge 8 ] || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
