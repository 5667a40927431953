#!/bin/sh
# scripts.sh — every script of test/scripts and of the playbooks: those named fails-… must miss an
# expectation (exit 1), those named broken-… cannot be used (exit 2).
set -u
cd "$(dirname "$0")/.." || exit 2
passed=0 failed=0
for script in test/scripts/*.yaml playbooks/*/*.yaml; do
    want=0
    case $script in */fails-*) want=1 ;; */broken-*) want=2 ;; esac
    out=$(build/release/beckon simulate "$script" 2>&1)
    if [ $? -eq $want ]; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "$script:"
        echo "$out"
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
