#!/usr/bin/env bash
# peers.sh CUSTOMERS — the peers' eleven questions (../shared/peerbench) on the same generated files: ClickHouse (chdb) and
# DuckDB in process, by npm, and ours through its HTTP API. A time counts where the answer is the same.
# SEED, REPS and ENGINES ("chdb duckdb"; empty: ours alone) may be set; 1,000,000 customers need about 5 GB.
cd "$(dirname "$0")/.." || exit 2
n=${1:-1000000} reps=${REPS:-5} peers=$PWD/../shared/peerbench
[ -d "$peers" ] || { echo "skipped: ../shared/peerbench is not there"; exit 0; }
export BIG=$PWD/build/peers
dir=$BIG/c$n-${SEED:-42} out=$BIG/out-$n-${SEED:-42}
mkdir -p "$dir" "$out"
[ -x "$BIG/gen" ] || gcc -O2 -w -o "$BIG/gen" "$peers/gen.c" -lm || exit 1
[ -s "$dir/events.csv" ] || "$BIG/gen" "$dir" "$n" "${SEED:-42}" || exit 1
for engine in ${ENGINES-chdb duckdb}; do
    [ -d "$BIG/node/node_modules/chdb" ] ||
        { mkdir -p "$BIG/node" && cd "$BIG/node" && npm init -y >/dev/null && npm install --no-audit --no-fund @duckdb/node-api chdb >/dev/null; cd - >/dev/null || exit 2; }
    node "$peers/bench.mjs" "$engine" "$dir" "$out" "$reps" || echo "$engine: failed"
done
node bench/peers.mjs build/release/beckon "$dir" "$out" "$reps" || exit 1
node - "$out" <<'JS'
const fs = require('fs'), out = process.argv[2];
const read = e => { try { return JSON.parse(fs.readFileSync(`${out}/${e}.json`)).q; } catch { return null; } };
const ours = read('beckon'), peers = ['chdb', 'duckdb'].map(e => [e, read(e)]).filter(p => p[1]);
const logs = peers.map(() => 0);
for (const [q, a] of Object.entries(ours)) {
  const line = peers.map(([e, b], i) => {
    logs[i] += Math.log(Math.max(b[q].cpu, 1) / Math.max(a.cpu, 0.1));
    return `${e} ${b[q].ms} (${b[q].cpu}) ×${(b[q].cpu / a.cpu).toFixed(1)}${a.sha === b[q].sha ? '' : ' OTHER ANSWER'}`;
  });
  console.log(q.padEnd(20), `beckon ${a.ms} (${a.cpu})`.padEnd(24), ...line);
}
const n = Object.keys(ours).length;
peers.forEach(([e], i) => console.log(`${e}: ${Math.exp(logs[i] / n).toFixed(1)} times our processor time, geometric mean of ${n}`));
JS
