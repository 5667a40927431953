#!/bin/bash
# planted.sh [SEEDS [NAME…]] — proves that the random simulator finds bugs: plants each of
# test/planted/*.patch in a copy of the sources, one at a time, and runs the simulator until it
# complains, with up to SEEDS seeds (500). A patch's first line says what is wrong.
#   found: 01-name (seed 7, sentence)     NOT FOUND: 01-name     …     last: N passed, N failed
# Only what a patch touches is compiled; BECKON_PLANTED_OUT is where the unpatched build is kept.
set -u
cd "$(dirname "$0")/.." || exit 2
seeds=${1:-500}
[ $# -gt 0 ] && shift
out=${BECKON_PLANTED_OUT:-build/planted}
modules="base env store log customer event predicate segment offer message journey engine content outbox intake script"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Builds the simulator alone of the tree at $1; OUT is the same path within every tree.
build() {
    (cd "$1" && timeout 600 make -j2 --no-print-directory MODE=debug EXTRA="-O1 -Wno-error" MODULES="$modules" \
        TEST_SOURCES="$(cd "$1" && echo src/script/sim*_test.c) src/base/test.c" OUT="$out" "$out/beckon-tests") >"$work/build.log" 2>&1
}

# Runs it in the tree at $1, from seed 1 on; what it says lies in run.log.
simulate() {
    (cd "$1" && BECKON_SEED=1 BECKON_SEEDS="$2" timeout 300 "$out/beckon-tests") >"$work/run.log" 2>&1
}

said() {
    sed -n 's/^ERROR: //; s/^seed \([0-9]*\): \(.*\)/seed \1, \2/p; s/.*\(this must hold, and does not.*\)/\1/p' "$work/run.log" | head -n 2 | paste -sd';' -
}

if ! build .; then
    tail -n 20 "$work/build.log"
    echo "0 passed, 1 failed"
    exit 1
fi
if ! simulate . 20; then
    echo "without any bug planted: $(said)"
    echo "0 passed, 1 failed"
    exit 1
fi

mkdir "$work/tree"
git ls-files -co --exclude-standard Makefile src tools api | tar --ignore-failed-read -cf - -T - 2>/dev/null | tar -xf - -C "$work/tree"
mkdir -p "$work/tree/build" "$work/tree/$(dirname "$out")"
cp -a build/.deps-* "$work/tree/build/"

passed=0 failed=0
for patch in test/planted/*.patch; do
    name=$(basename "$patch" .patch)
    [ $# -gt 0 ] && [[ " $* " != *" $name "* ]] && continue
    file=$(sed -n 's/^+++ b\///p' "$patch")
    rm -rf "${work:?}/tree/$out"
    cp -a "$out" "$work/tree/$out"
    if ! (cd "$work/tree" && git apply --unsafe-paths -) <"$patch" 2>"$work/build.log" || ! build "$work/tree"; then
        echo "NOT FOUND: $name (it cannot be planted: $(grep -m1 -E 'error' "$work/build.log"))"
        failed=$((failed + 1))
    else
        simulate "$work/tree" "$seeds"
        case $? in
        0) echo "NOT FOUND: $name" && failed=$((failed + 1)) ;;
        124) echo "found: $name (it does not end)" && passed=$((passed + 1)) ;;
        *) echo "found: $name ($(said))" && passed=$((passed + 1)) ;;
        esac
    fi
    cp -p "$file" "$work/tree/$file"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
