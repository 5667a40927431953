#!/bin/sh
# threads.sh — the modules that several threads use, under the thread sanitizer.
set -eu
cd "$(dirname "$0")/.."
make -s try M="base env log" MODE=tsan
make -s try M="base env store" MODE=tsan
