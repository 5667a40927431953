#!/usr/bin/env bash
# gate.sh — deeper than run.sh, at most an hour: before a release or the end of a large piece of work.
. "$(dirname "$0")/lib.sh"
set -u
export WHOLE=1
step "everything of make test" bash test/run.sh
step "simulator, 2,000 seeds" sh test/simulate.sh 2000
step "planted bugs are found" bash test/planted.sh
step "threads, with the thread sanitizer" sh test/threads.sh
step "1,000 kills" python3 test/kill.py --points --kills 1000
step "a minute for each fuzz target" bash fuzz/run.sh 60
finish
