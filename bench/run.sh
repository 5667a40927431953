#!/usr/bin/env bash
# run.sh — the figures of docs/benchmarks.md, the peers in the same run. The machine should be idle.
set -eu
cd "$(dirname "$0")/.."
make -s -j"$(nproc)" build/release/beckon build/release/bench-apply build/release/bench-http_load
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; rm -rf "$work"' EXIT
load=build/release/bench-http_load

cat >"$work/node.mjs" <<'J'
// The peer: Node's http server that parses the same bodies and stores nothing.
import http from 'node:http'
http.createServer((q, s) => { let b = ''; q.on('data', d => b += d); q.on('end', () => s.end(String(JSON.parse(b).batch.length))) }).listen(18083, '127.0.0.1')
J
if command -v node >/dev/null; then node "$work/node.mjs" & pids+=($!); fi
key=$(build/release/beckon key create --data "$work/data" --name bench)
build/release/beckon serve --data "$work/data" --listen 127.0.0.1:18090 >/dev/null 2>&1 & pids+=($!)
server=$!
for _ in $(seq 100); do curl -sf http://127.0.0.1:18090/readyz >/dev/null && break; sleep 0.1; done
write=$(curl -s http://127.0.0.1:18090/api/v1/sources -H "Authorization: Bearer $key" -d '{"name":"shop","kind":"server"}' |
    python3 -c 'import json, sys, base64; print(base64.b64encode((json.load(sys.stdin)["write_key"] + ":").encode()).decode())')
for round in 1 2 3; do
    echo "round $round"
    command -v node >/dev/null && { printf 'node, parse only, 1 event, 64 connections:   '; $load 18083 64 5 1 100000; }
    printf 'beckon, durable, 1 event, 64 connections:    '; $load 18090 64 5 1 100000 "$write"
    command -v node >/dev/null && { printf 'node, parse only, 100 events, 16 connections: '; $load 18083 16 5 100 100000; }
    printf 'beckon, applied, 100 events, 16 connections:  '; $load 18090 16 5 100 100000 "$write"
done
ps -o rss=,cputime= -p $server | awk '{print "server: " $1 / 1024 " MiB resident, " $2 " of CPU"}'
kill "${pids[@]}"; wait "${pids[@]}" 2>/dev/null || true; pids=()
echo
build/release/bench-apply 1000000 3000000
