#!/usr/bin/env bash
# ui.sh — test/ui.mjs in five processes at once: they mostly wait for a browser. The last line has the counts of all.
cd "$(dirname "$0")/.." || exit 2
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
for part in hostile errors welcome,abandoned-cart,renewal,birthday,files,stumbles,wait screens work; do
    ONLY=$part node test/ui.mjs >"$logs/$part" 2>&1 &
done
wait
passed=0 failed=0
for log in "$logs"/*; do
    cat "$log"
    counts=$(grep -oE '[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
    # one that ended without its counts has failed, whatever it passed before
    [ -n "$counts" ] || counts="0 passed, 1 failed"
    passed=$((passed + $(echo "$counts" | cut -d' ' -f1)))
    failed=$((failed + $(echo "$counts" | cut -d' ' -f3)))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
