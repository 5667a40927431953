#!/usr/bin/env bash
# run.sh SECONDS — each libFuzzer target for so long, from its seeds; new finds stay in build/fuzz/.
. "$(dirname "$0")/../test/lib.sh"
for target in fuzz/*_fuzz.c; do
    name=$(basename "$target" _fuzz.c)
    mkdir -p "build/fuzz/corpus/$name"
    make -s -j"$(nproc)" MODE=fuzz "build/fuzz/fuzz-$name" || { FAILED=$((FAILED + 1)); continue; }
    step "fuzz $name" "build/fuzz/fuzz-$name" -max_total_time="${1:-60}" -rss_limit_mb=4096 -verbosity=0 \
        -artifact_prefix="build/fuzz/$name-" "build/fuzz/corpus/$name" "fuzz/seeds/$name"
done
finish
