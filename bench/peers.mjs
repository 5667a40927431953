// The peers' eleven questions through our HTTP API, on their own files.
//   node bench/peers.mjs BINARY FOLDER OUT [REPS=5]     FOLDER has customers.csv and events.csv
// Imports both, serves, asks; prints wall and processor milliseconds of the server, and writes OUT/beckon.json in the
// form of the peers' own results, each answer brought into the shape of their SQL: equal hashes are equal answers.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync, mkdirSync, mkdtempSync, rmSync, existsSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';

const [, , binary, folder, out, repsArg] = process.argv;
const reps = +(repsArg || 5), T0 = 1767225600, END = T0 + 180 * 86400;
const iso = s => new Date(s * 1000).toISOString();
const kept = process.env.DATA, data = kept || mkdtempSync(os.tmpdir() + '/beckon-peers-');
const agent = new http.Agent({ keepAlive: true });
mkdirSync(out, { recursive: true });

function load() {
  const customers = { customer_id: 'user_id', gender: 'attribute:gender', age: 'attribute:age', city: 'attribute:city', channel: 'attribute:channel', level: 'attribute:level', signup_ts: 'attribute:signup_ts', tags: 'tag' };
  const begun = performance.now();
  const add = (file, kind, mapping) => execFileSync(binary, ['import', `${folder}/${file}`, '--kind', kind, '--data', data, ...(mapping ? ['--mapping', JSON.stringify(mapping)] : [])], { stdio: 'ignore' });
  add('customers.csv', 'customers', customers);
  add('events.csv', 'events');
  return (performance.now() - begun) / 1000;
}

const res = { engine: 'beckon', dir: folder, cpu: os.cpus().length, when: new Date().toISOString(), load: os.loadavg()[0], q: {} };
if (!kept || !existsSync(data + '/manifest')) { res.load_s = +load().toFixed(2); console.log('beckon load', res.load_s, 's'); }
const key = JSON.parse(execFileSync(binary, ['key', 'create', '--data', data, '--name', 'peers', '--json'])).key;
const port = 20000 + Math.floor(Math.random() * 20000);
const server = spawn(binary, ['serve', '--data', data, '--listen', `127.0.0.1:${port}`, ...(process.env.SERVE_ARGS ? process.env.SERVE_ARGS.split(' ') : [])], { stdio: 'ignore' });
process.on('exit', () => server.kill('SIGKILL'));
process.on('SIGTERM', () => process.exit(1));
const gone = new Promise(r => server.on('exit', r));

function ask(method, path, body) {
  return new Promise((resolve, reject) => {
    const text = body ? JSON.stringify(body) : undefined;
    const headers = { authorization: `Bearer ${key}`, ...(text ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } : {}) };
    const r = http.request({ host: '127.0.0.1', port, method, path, headers, agent }, m => {
      let t = '';
      m.on('data', d => (t += d));
      m.on('end', () => (m.statusCode < 300 ? resolve(t.startsWith('{') ? JSON.parse(t) : t) : reject(new Error(`${m.statusCode} ${t.slice(0, 300)}`))));
    });
    r.on('error', reject);
    r.end(text);
  });
}
const analysis = (name, body) => ask('POST', `/api/v1/analyses/${name}`, body);
const did = (...names) => names.map(n => ({ did: n }));
const steps = a => [a.steps.map(s => s.customers)];
// The sum of whom a predicate finds: told by their list, beside what is timed.
async function sum(predicate) {
  let all = 0;
  for (let cursor = ''; ;) {
    const page = await ask('GET', `/api/v1/customers?limit=1000&filter=${encodeURIComponent(JSON.stringify(predicate))}${cursor && '&cursor=' + cursor}`);
    for (const c of page.items) all += +c.identifiers.find(i => i.namespace === 'user_id').value;
    if (!page.next) return all;
    cursor = page.next;
  }
}
const seconds = t => Date.parse(t) / 1000;

const Q = {
  q01_segment: [() => ask('POST', '/api/v1/segments/preview', { as_of: iso(END), predicate: Q01 }), async a => [[a.count, await sum(Q01)]]],
  q02_viewed3_no_cart: [() => ask('POST', '/api/v1/segments/preview', { as_of: iso(END), predicate: Q02 }), async a => [[a.count, await sum(Q02)]]],
  q03_funnel3: [() => analysis('funnel', { steps: did('view_product', 'add_to_cart', 'pay'), window: '7d' }), steps],
  q04_funnel5: [() => analysis('funnel', { steps: did('open_app', 'view_product', 'add_to_cart', 'checkout', 'pay'), window: '7d' }), steps],
  q05_paths3: [() => analysis('path', { from: iso(END - 30 * 86400), length: 3, max_gap: '30m', limit: 20 }), a => a.rows.map(r => [...r.path, r.count])],
  q06_heatmap: [() => analysis('heatmap', { zone: 'UTC' }), a => a.rows.map(r => [r.weekday - 1, r.hour, r.events, r.customers])],
  q07_interval: [() => analysis('interval', { start: { did: 'add_to_cart' }, end: { did: 'pay' }, within: '7d', percentiles: [25, 50, 75, 90] }), a => [[a.count, a.sum_s, ['25', '50', '75', '90'].map(p => a.percentiles[p])]]],
  q08_rfm: [() => analysis('rfm', { event: 'pay', amount: 'amount', groups: 5, as_of: iso(END) }), a => a.cells.map(c => [6 - c.r, c.f, c.m, c.customers, c.amount]).sort((x, y) => x[0] - y[0] || x[1] - y[1] || x[2] - y[2])],
  q09_repurchase: [() => analysis('repurchase', { event: 'pay', within: ['30d', '60d', '90d'], zone: 'UTC' }), a => a.rows.map(r => [+r.cohort.slice(5), r.customers, r.within['30d'], r.within['60d'], r.within['90d']])],
  q10_daily_uniques: [() => analysis('trend', { interval: 'day', zone: 'UTC' }), a => a.rows.map(r => [seconds(r.at) / 86400, r.events, r.customers])],
  q11_retention: [() => analysis('retention', { first: { did: 'open_app' }, unit: '7d', from: iso(T0), periods: 8 }), a => a.rows.map(r => [(seconds(r.cohort) - T0) / 604800, r.period, r.customers])],
};
const Q01 = { all: [{ attribute: 'city', op: 'in', value: ['city00', 'city01', 'city02'] }, { attribute: 'age', op: 'between', value: [20, 40] }, { tag: 'vip' },
  { did: 'view_product', count: { op: '>=', value: 3 }, between: [iso(END - 30 * 86400), iso(END)] },
  { did: 'pay', aggregate: { sum: 'amount', op: '>=', value: 50000 } }] };
const Q02 = { all: [{ did: 'view_product', count: { op: '>=', value: 3 }, between: [iso(END - 7 * 86400), iso(END)] },
  { not: { did: 'add_to_cart', between: [iso(END - 7 * 86400), iso(END)] } }] };

const cpu = () => {
  const f = readFileSync(`/proc/${server.pid}/schedstat`, 'utf8');
  let ns = 0;
  for (const t of execFileSync('ls', [`/proc/${server.pid}/task`]).toString().trim().split('\n'))
    try { ns += +readFileSync(`/proc/${server.pid}/task/${t}/schedstat`, 'utf8').split(' ')[0]; } catch { ns += 0 * f.length; }
  return ns / 1e6;
};
const canon = r => JSON.stringify(r);

try {
  for (let i = 0; ; i++) {
    try { if ((await ask('GET', '/readyz')) !== undefined) break; } catch (e) { if (i > 600) throw e; await new Promise(r => setTimeout(r, 100)); }
  }
  await new Promise(r => setTimeout(r, +(process.env.SETTLE_MS || 2000)));
  const only = process.env.ONLY && new RegExp(process.env.ONLY);
  for (const [name, [run, shape]] of Object.entries(Q)) {
    if (only && !only.test(name)) continue;
    const ts = [], cs = [];
    let answer;
    for (let i = 0; i <= reps; i++) {
      const c0 = cpu(), t = performance.now();
      answer = await run();
      const ms = performance.now() - t;
      if (i) { ts.push(ms); cs.push(cpu() - c0); }
    }
    ts.sort((a, b) => a - b); cs.sort((a, b) => a - b);
    const told = await shape(answer), c = canon(told);
    res.q[name] = { ms: +ts[ts.length >> 1].toFixed(1), min: +ts[0].toFixed(1), cpu: +cs[cs.length >> 1].toFixed(1), rows: told.length, sha: createHash('sha1').update(c).digest('hex').slice(0, 10), head: c.slice(0, 160) };
    console.log(name.padEnd(20), String(res.q[name].ms).padStart(9), 'ms  min', String(res.q[name].min).padStart(8), ' cpu', String(res.q[name].cpu).padStart(7), res.q[name].sha, c.slice(0, 90));
  }
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  res.peak_rss_mb = Math.round(/VmHWM:\s+(\d+)/.exec(status)[1] / 1024);
  console.log('peak RSS', res.peak_rss_mb, 'MB, of it anonymous', Math.round(/RssAnon:\s+(\d+)/.exec(status)[1] / 1024), 'MB');
} finally {
  server.kill('SIGTERM');
  await gone;
  if (!kept) rmSync(data, { recursive: true, force: true });
}
writeFileSync(`${out}/beckon.json`, JSON.stringify(res, null, 1));
process.exit(0);
