#!/bin/sh
# threads.sh — the modules that several threads use, under the thread sanitizer.
set -eu
cd "$(dirname "$0")/.."
export TSAN_OPTIONS="history_size=7 suppressions=$PWD/test/tsan.supp"
make -s try M="base env log" MODE=tsan
make -s try M="base env store" MODE=tsan
make -s try M="base env store log event" MODE=tsan T=thread
make -s try M="base env store log customer event predicate segment offer message journey engine" MODE=tsan T=thread
