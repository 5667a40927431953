#!/usr/bin/env bash
# crash.sh — KILLS kills (1,000) of the real binary at random moments, and one at each named point.
cd "$(dirname "$0")/.." || exit 2
make -s -j"$(nproc)" && exec python3 test/kill.py --points --kills "${KILLS:-1000}"
