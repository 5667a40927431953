// The peers' eleven questions through our HTTP API, on their own files.
//   node bench/peers.mjs BINARY FOLDER OUT [REPS=5]     FOLDER has customers.csv and events.csv
// Imports both, serves, asks; prints wall and processor milliseconds of the server, and writes OUT/beckon.json in the
// form of the peers' own results, each answer brought into the shape of their SQL: equal hashes are equal answers.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync, mkdirSync, mkdtempSync, rmSync, existsSync } from 'node:fs';
import os from 'node:os';
import { questions, serve, timed } from './ours.mjs';

const [, , binary, folder, out, repsArg] = process.argv;
const reps = +(repsArg || 5);
const kept = process.env.DATA, data = kept || mkdtempSync(os.tmpdir() + '/beckon-peers-');
mkdirSync(out, { recursive: true });
process.on('SIGTERM', () => process.exit(1));

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
const server = await serve(binary, data);
try {
  await server.ready(+(process.env.SETTLE_MS || 2000));
  const only = process.env.ONLY && new RegExp(process.env.ONLY);
  for (const [name, [run, shape]] of Object.entries(questions(server.ask))) {
    if (only && !only.test(name)) continue;
    const t = await timed(server, run, reps), told = await shape(t.answer), c = JSON.stringify(told);
    res.q[name] = { ms: +t.ms.toFixed(1), min: +t.min.toFixed(1), cpu: +t.cpu.toFixed(1), rows: told.length, sha: createHash('sha1').update(c).digest('hex').slice(0, 10), head: c.slice(0, 160) };
    console.log(name.padEnd(20), String(res.q[name].ms).padStart(9), 'ms  min', String(res.q[name].min).padStart(8), ' cpu', String(res.q[name].cpu).padStart(7), res.q[name].sha, c.slice(0, 90));
  }
  const memory = server.memory();
  res.peak_rss_mb = memory.peak;
  console.log('peak RSS', memory.peak, 'MB, of it anonymous', memory.anonymous, 'MB');
} finally {
  await server.stop();
  if (!kept) rmSync(data, { recursive: true, force: true });
}
writeFileSync(`${out}/beckon.json`, JSON.stringify(res, null, 1));
process.exit(0);
