// ours.mjs — what the benches of analyses share: a server on a directory, asked over HTTP, and the peers' eleven questions.
//
//   serve(binary, data) ─► ask(method, path, body), threads(), memory(), ready(), stop()     questions(ask) ─► { name: [run, shape] }
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';

const free = () => new Promise(done => { const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)); }); });
const T0 = 1767225600, END = T0 + 180 * 86400; // the peers' half year
const iso = s => new Date(s * 1000).toISOString();
const seconds = t => Date.parse(t) / 1000;

// The binary on a directory; SERVE_ARGS are passed on. It ends with this process.
export async function serve(binary, data) {
  const key = JSON.parse(execFileSync(binary, ['key', 'create', '--data', data, '--name', 'bench', '--json'])).key;
  const agent = new http.Agent({ keepAlive: true }), port = await free();
  const server = spawn(binary, ['serve', '--data', data, '--listen', `127.0.0.1:${port}`, ...(process.env.SERVE_ARGS ? process.env.SERVE_ARGS.split(' ') : [])], { stdio: 'ignore' });
  process.on('exit', () => server.kill('SIGKILL'));
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
  // Until it answers, and then for what a start leaves to be done.
  async function ready(settle_ms) {
    for (let i = 0; ; i++) {
      try { if ((await ask('GET', '/readyz')) !== undefined) break; } catch (e) { if (i > 600) throw e; await new Promise(r => setTimeout(r, 100)); }
    }
    await new Promise(r => setTimeout(r, settle_ms));
  }
  // Processor time of its threads by now, ms, by their names.
  function threads() {
    const all = {};
    for (const t of readdirSync(`/proc/${server.pid}/task`)) {
      const of = `/proc/${server.pid}/task/${t}/`;
      try {
        const name = t === String(server.pid) ? 'loop' : readFileSync(of + 'comm', 'utf8').trim();
        all[name] = (all[name] || 0) + +readFileSync(of + 'schedstat', 'utf8').split(' ')[0] / 1e6;
      } catch { /* it has just ended */ }
    }
    return all;
  }
  function memory() {
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8'), mb = name => Math.round(new RegExp(name + ':\\s+(\\d+)').exec(status)[1] / 1024);
    return { peak: mb('VmHWM'), anonymous: mb('RssAnon') };
  }
  async function stop() {
    server.kill('SIGTERM');
    await gone;
  }
  return { pid: server.pid, port, ask, ready, threads, memory, stop };
}

// Each answer brought into the shape of the peers' SQL by the second function.
export function questions(ask) {
  const analysis = (name, body) => ask('POST', `/api/v1/analyses/${name}`, body);
  const preview = predicate => ask('POST', '/api/v1/segments/preview', { as_of: iso(END), predicate });
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
  const Q01 = { all: [{ attribute: 'city', op: 'in', value: ['city00', 'city01', 'city02'] }, { attribute: 'age', op: 'between', value: [20, 40] }, { tag: 'vip' },
    { did: 'view_product', count: { op: '>=', value: 3 }, between: [iso(END - 30 * 86400), iso(END)] },
    { did: 'pay', aggregate: { sum: 'amount', op: '>=', value: 50000 } }] };
  const Q02 = { all: [{ did: 'view_product', count: { op: '>=', value: 3 }, between: [iso(END - 7 * 86400), iso(END)] },
    { not: { did: 'add_to_cart', between: [iso(END - 7 * 86400), iso(END)] } }] };
  return {
    q01_segment: [() => preview(Q01), async a => [[a.count, await sum(Q01)]]],
    q02_viewed3_no_cart: [() => preview(Q02), async a => [[a.count, await sum(Q02)]]],
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
}

// Asked once to warm up and then `reps` times: the medians and the least, and the last answer. `crew`: the processor
// time of the threads that answer, whatever else the server does meanwhile.
export async function timed(server, run, reps) {
  const ms = [], cpu = [], crew = [], sum = t => Object.values(t).reduce((a, b) => a + b, 0);
  let answer;
  for (let i = 0; i <= reps; i++) {
    const before = server.threads(), t = performance.now();
    answer = await run();
    const took = performance.now() - t, after = server.threads();
    if (i) { ms.push(took); cpu.push(sum(after) - sum(before)); crew.push(after.crew - before.crew); }
  }
  for (const list of [ms, cpu, crew]) list.sort((a, b) => a - b);
  const middle = list => list[list.length >> 1];
  return { answer, ms: middle(ms), min: ms[0], cpu: middle(cpu), crew: middle(crew) };
}
