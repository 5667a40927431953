#!/usr/bin/env bash
# run.sh — the figures of docs/benchmarks.md, the peers in the same run. The machine should be idle.
#
#   bench/run.sh [ingest|reach|mail|render|apply|memory|start|broadcast]…     all but the last unless said; about ten minutes
#
# OUT is where the programs are built. Peers need node, and nodemailer (in build/npm, where make test
# puts it); without them their lines are left out.
set -eu
cd "$(dirname "$0")/.."
out=${OUT:-build/release}
sections=${*:-ingest reach mail render apply memory start}
make -s -j"$(nproc)" OUT="$out" "$out/beckon" "$out"/bench-{apply,broadcast,fill,http_load,memory,reach,render,smtp_sink}
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait; rm -rf "$work"' EXIT
port=18090 peer=18083 mail=18025 server= key= write=

title() { printf '\n# %s\n' "$1"; }

end_all() {
    kill "${pids[@]}" 2>/dev/null || true
    wait "${pids[@]}" 2>/dev/null || true
    pids=()
}

# An empty directory of its own each time.
start_beckon() {
    rm -rf "$work/data"
    key=$("$out/beckon" key create --data "$work/data" --name bench)
    "$out/beckon" serve --data "$work/data" --listen 127.0.0.1:$port >/dev/null 2>&1 & pids+=($!)
    server=$!
    for _ in $(seq 100); do curl -sf http://127.0.0.1:$port/readyz >/dev/null && break; sleep 0.1; done
    write=$(api sources '{"name":"shop","kind":"server"}' |
        python3 -c 'import json, sys, base64; print(base64.b64encode((json.load(sys.stdin)["write_key"] + ":").encode()).decode())')
}
api() { curl -sf "http://127.0.0.1:$port/api/v1/$1" -H "Authorization: Bearer $key" ${2:+-d "$2"}; }
show_server() {
    ps -o rss=,cputime= -p $server | awk '{print "server: " int($1 / 1024) " MiB resident, " $2 " of CPU"}'
}

# ---- durable, applied events over HTTP ----

cat >"$work/parse.mjs" <<'J'
// The peer: Node's http server that parses the same bodies and stores nothing.
import http from 'node:http'
http.createServer((q, s) => { let b = ''; q.on('data', d => b += d); q.on('end', () => s.end(String(JSON.parse(b).batch.length))) }).listen(18083, '127.0.0.1')
J
ingest() {
    local load="$out/bench-http_load" peered=
    if command -v node >/dev/null; then node "$work/parse.mjs" & pids+=($!); peered=1; fi
    start_beckon
    for round in 1 2 3; do
        title "ingest over HTTP, round $round"
        [ -z "$peered" ] || { printf 'node, parse only, 1 event, 64 connections:    '; $load $peer 64 5 1 100000; }
        printf 'beckon, durable, 1 event, 64 connections:     '; $load $port 64 5 1 100000 "$write"
        [ -z "$peered" ] || { printf 'node, parse only, 100 events, 16 connections: '; $load $peer 16 5 100 100000; }
        printf 'beckon, applied, 100 events, 16 connections:  '; $load $port 16 5 100 100000 "$write"
    done
    show_server
    end_all
}

# ---- from the acknowledged event to the channel ----

cat >"$work/mailer.mjs" <<'J'
// The peer: parses the same bodies, stores nothing, and hands each "Reached" to nodemailer's pool.
import http from 'node:http'
import { createRequire } from 'node:module'
const nodemailer = createRequire(process.argv[2])('nodemailer')
const pool = nodemailer.createTransport({ host: '127.0.0.1', port: 18025, pool: true, maxConnections: 64, maxMessages: 500, ignoreTLS: true })
const mail = ({ userId, properties: p }) => pool.sendMail({
  from: 'shop@shop.test', to: userId + '@sink.test', subject: 'n' + p.n, text: `Seen: ${p.product} for ${p.price}`,
  html: `<p>Seen: ${p.product} for ${p.price}</p>` }).catch(() => {})
http.createServer((q, s) => {
  let b = ''
  q.on('data', d => b += d)
  q.on('end', () => { const { batch } = JSON.parse(b); s.end('{}'); for (const e of batch) if (e.event === 'Reached') mail(e) })
}).listen(18083, '127.0.0.1')
J
# $1: provider
publish_reach() {
    api channels '{"id":"mail","channel":"email","provider":"'"$1"'","settings":{"host":"127.0.0.1","port":'$mail',
        "security":"none","connections":64,"from":"shop@shop.test"}}' >/dev/null
    api templates '{"id":"reach","channel":"email","subject":"n{{ event.n }}",
        "html":"<p>Seen: {{ event.product }} for {{ event.price }}</p>"}' >/dev/null
    api journeys '{"id":"reach","trigger":{"event":"Reached"},"entry":{"again":"always","running":"parallel"},
        "policy":{"category":"service","quiet":"ignore"},
        "steps":[{"id":"m","send":{"channel":"email","template":"reach"}}]}' >/dev/null
    api journeys/reach/publish '{}' >/dev/null
}

# The newest 20,000 messages by their own histories: whole milliseconds of the log's batches, so from
# the event's batch to the provider's answer written down, which is later than the handing over.
cat >"$work/told.py" <<'P'
import datetime, json, sys, time, urllib.request
base, key = sys.argv[1:]
def get(path):
    r = urllib.request.Request(base + path, headers={"Authorization": "Bearer " + key})
    return urllib.request.urlopen(r).read()
def waiting():
    text = get("/metrics").decode()
    return sum(int(line.split()[1]) for line in text.splitlines()
               if line.startswith(('beckon_messages{status="planned"', 'beckon_messages{status="claimed"')))
began = time.monotonic()
while waiting():
    time.sleep(0.1)
waited = time.monotonic() - began
at = lambda t: datetime.datetime.fromisoformat(t.replace("Z", "+00:00")).timestamp() * 1000
took, cursor = [], ""
while len(took) < 20000 and cursor is not None:
    page = json.loads(get("/api/v1/messages?limit=1000" + (f"&cursor={cursor}" if cursor else "")))
    for m in page["items"]:
        h = {x["status"]: at(x["at"]) for x in m["history"]}
        if "sent" in h:
            took.append(h["sent"] - h["planned"])
    cursor = page.get("next")
took.sort()
n = len(took) - 1
print(f"  by the log: event to answer p50 {took[n // 2]:.0f}, p99 {took[n - n // 100]:.0f}, max {took[n]:.0f} ms ({n + 1}); the last {waited:.1f} s after the load")
P
reach() {
    local program="$out/bench-reach"
    if command -v node >/dev/null && [ -d build/npm/node_modules/nodemailer ]; then
        title 'reach, the peer: node that parses, and nodemailer with 64 connections; nothing is kept'
        node "$work/mailer.mjs" "$PWD/build/npm/" & pids+=($!)
        sleep 1
        $program $peer $mail none 10000 8 10 20 || true
        $program $peer $mail none 1000 4 10 1 || true
        end_all
    fi
    title 'reach: beckon, SMTP with 64 connections; one event in 20 a mail, then each'
    start_beckon
    publish_reach smtp
    $program $port $mail "$write" 10000 8 10 20
    $program $port $mail "$write" 10000 8 1 20
    $program $port $mail "$write" 2000 5 10 1
    $program $port $mail "$write" 10000 4 10 1
    show_server
    end_all
    title 'reach: beckon, the test outbox'
    start_beckon
    publish_reach outbox
    for every in 20 1; do
        $program $port 0 "$write" 10000 5 10 $every
        python3 "$work/told.py" http://127.0.0.1:$port "$key"
    done
    show_server
    end_all
}

# ---- the engine alone ----

apply() {
    title 'apply: page events, 1 M customers'
    "$out/bench-apply" alone 1000000 3000000
    title 'apply beside a reader, 1 M customers, random rows, and pins'
    "$out/bench-apply" pins 1000000 3000000
    title 'apply beside a reader of all rows, 5 M customers'
    "$out/bench-apply" reader 5000000 4000000
    title 'apply beside snapshots, 1 M customers'
    "$out/bench-apply" snapshot 1000000 3000000 "$work/snapshot"
    rm -rf "$work/snapshot"
    title 'replay: the log from its first record'
    "$out/bench-apply" replay 1000000 3000000 "$work/replay"
    rm -rf "$work/replay"
}

memory() {
    title 'memory'
    "$out/bench-memory" 200000 "$work/memory"
    rm -rf "$work/memory"
}

start() {
    title 'start: 1 M customers, 20 M sealed events, 64 MB of log'
    bench/start.sh 1000000 20000000 64
}

# ---- a segment's personal mails; what they cost to render ----

mail() {
    for sign in none ed25519 rsa; do
        title "mail: 20,000 personal ones over 64 connections, DKIM $sign"
        OUT=$(realpath "$out") python3 bench/mail.py 20000 64 $sign
    done
}

render() {
    title 'render: a mail of 8.6 kB'
    "$out/bench-render" 3
    if command -v node >/dev/null && [ -d build/npm/node_modules/liquidjs ]; then
        "$out/bench-render" --print | node bench/render.mjs build/npm 3
    fi
}

broadcast() {
    title 'broadcast: a tick for 1 M customers, four writers beside it'
    "$out/bench-broadcast" "$work/broadcast"
    rm -rf "$work/broadcast"
}

for section in $sections; do
    case $section in
    ingest | reach | mail | render | apply | memory | start | broadcast) $section ;;
    *) echo "there is no section $section" >&2; exit 2 ;;
    esac
done
