#!/usr/bin/env bash
# run.sh SECONDS — each libFuzzer target for so long, from its seeds, one on each core; new finds stay in build/fuzz/.
. "$(dirname "$0")/../test/lib.sh"
one() {
    "build/fuzz/fuzz-$1" -max_total_time="$2" -rss_limit_mb=4096 -verbosity=0 -artifact_prefix="build/fuzz/$1-" \
        "build/fuzz/corpus/$1" "fuzz/seeds/$1" >"$LOGS/$1" 2>&1
    echo $? >"$LOGS/$1.code"
}
report() {
    cat "$LOGS/$1"
    return "$(cat "$LOGS/$1.code")"
}
names=()
for target in fuzz/*_fuzz.c; do
    name=$(basename "$target" _fuzz.c)
    mkdir -p "build/fuzz/corpus/$name"
    if make -s -j"$(nproc)" MODE=fuzz "build/fuzz/fuzz-$name"; then names+=("$name"); else FAILED=$((FAILED + 1)); fi
done
for ((i = 0; i < ${#names[@]}; i += $(nproc))); do
    for name in "${names[@]:i:$(nproc)}"; do one "$name" "${1:-60}" & done
    wait
done
for name in "${names[@]}"; do step "fuzz $name" report "$name"; done
finish
