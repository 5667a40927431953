#!/bin/sh
# simulate.sh SEEDS — the random simulator on an optimised build.
set -eu
cd "$(dirname "$0")/.."
make -s -j"$(nproc)" MODE=debug EXTRA=-O1 OUT=build/sim \
    MODULES="base env store log customer event predicate segment offer message journey engine content outbox intake script" \
    build/sim/beckon-tests
BECKON_SEEDS=$1 sh tools/unit.sh build/sim/beckon-tests "whatever happens"
