#!/usr/bin/env bash
# run.sh — everything that must pass, on two cores in under 15 minutes. The last line has the counts.
. "$(dirname "$0")/lib.sh"
set -u
J=$(nproc)
step "build, with sanitizers" make -s -j"$J" MODE=asan build/asan/beckon-tests
step "unit tests, with sanitizers" sh tools/unit.sh build/asan/beckon-tests
step "build" make -s -j"$J"
step "simulator, 200 seeds" sh test/simulate.sh 200
step "scripts in virtual time" sh test/scripts.sh
step "every command answers --help" sh test/help.sh
step "fuzz targets over their seeds" fuzz_seeds asan
step "imports: files, kills, taking back" python3 test/import.py
step "analyses on published data" python3 test/analyses.py
step "the demo, put in and taken out" python3 test/demo.py
step "killed at every named point, and 20 times at random" python3 test/kill.py --points --kills 20
if command -v node >/dev/null; then
    step "every figure of the analyses, drilled" node test/drills.mjs
    step "short messages, receipts, replies and webhooks" node test/gateways.mjs
else
    skip "every figure of the analyses, drilled" "node is not there"
    skip "short messages, receipts, replies and webhooks" "node is not there"
fi
if node_packages; then
    step "Segment's SDK to a mail server" node test/first-mail.mjs
    step "a mail and all that is in it" node test/mail.mjs
    step "boards: links, files, mails on a schedule" node test/boards.mjs
    step "six playbooks on real servers" node test/playbooks.mjs
    if [ -d web/node_modules ]; then
        step "the pages' sentences in both languages" with_node npm --prefix web --silent test
    else
        skip "the pages' sentences in both languages" "the pages were not built"
    fi
    if [ -x /usr/bin/chromium ]; then
        step "pages in a browser" node test/browser.mjs
        step "the first five minutes, and every screen" bash test/ui.sh
    else
        skip "pages in a browser" "chromium is not there"
    fi
else
    skip "pages in a browser" "node or the npm registry is not there"
    skip "six playbooks on real servers" "node or the npm registry is not there"
    skip "Segment's SDK to a mail server" "node or the npm registry is not there"
fi
finish
