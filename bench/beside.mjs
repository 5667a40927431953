// beside.mjs — the peers' eleven questions alone, and while events come in at half of what the server takes at most.
//
//   node bench/beside.mjs DIR [BINARY] [LOAD] [REPS=5]     LOAD: bench-http_load beside the binary
//
// DIR is a loaded directory (bench/peers.sh with DATA=DIR); a copy of it is served. First PEAK_S seconds of batches of 100 on 16
// connections as fast as they are answered, then the questions alone; then the same batches paced at half that (RATE
// overrides it), whatever is answered, first by themselves and then with the questions; then the questions alone once more, since the
// events that came in are theirs to read too. A request's time is from when it was due. The client runs on the same cores: what it
// takes of them is told apart. A question's speed beside is compared with the last time, when it had the same events to read.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { questions, serve, timed } from './ours.mjs';

const [, , from, binary = 'build/release/beckon', load = path.join(path.dirname(binary), 'bench-http_load'), repsArg] = process.argv;
const reps = +(repsArg || 5), peakSeconds = +(process.env.PEAK_S || 5), only = new RegExp(process.env.ONLY || '.');
const room = mkdtempSync((process.env.ROOM || os.tmpdir()) + '/beckon-beside-'), data = room + '/data';
process.on('exit', () => rmSync(room, { recursive: true, force: true }));
process.on('SIGTERM', () => process.exit(1));
process.on('SIGINT', () => process.exit(1));
execFileSync('cp', ['-a', '--reflink=auto', from, data]);
execFileSync('sync', ['-f', data]); // or the log's syncs would wait for the copy

const server = await serve(binary, data);
const sleep = ms => new Promise(r => setTimeout(r, ms));
const number = (text, re) => +re.exec(text)[1];
let write;

// Events at a rate (0: as they are answered) until it is told to stop; what it says then.
function events(seconds, rate) {
  const child = spawn(load, [server.port, 16, seconds, 100, 100000, write, rate].map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', d => (text += d));
  const said = new Promise(r => child.on('close', () => r({
    text: text.trim(), rate: number(text, /([\d.]+) events\/s/), p50: number(text, /p50 ([\d.]+)/), p99: number(text, /p99 ([\d.]+)/), p999: number(text, /p99\.9 ([\d.]+)/), cpu: number(text, /client ([\d.]+)/) })));
  return { said, stop: () => (child.kill('SIGTERM'), said) };
}

// What the threads took of a core between two looks, the busiest first.
function shares(before, after, ms) {
  return Object.entries(after).map(([t, v]) => [t, (v - (before[t] || 0)) / ms]).filter(x => x[1] > 0.005).sort((a, b) => b[1] - a[1]).map(([t, v]) => `${t} ${Math.round(100 * v)} %`).join(', ');
}

async function all() {
  const told = {};
  for (const [name, [run]] of Object.entries(questions(server.ask))) if (only.test(name)) told[name] = await timed(server, run, reps);
  return told;
}

async function beside(what, seconds, rate, meanwhile) {
  const threads = server.threads(), began = performance.now(), client = events(seconds, rate);
  const told = meanwhile && (await sleep(1000), await meanwhile());
  const said = meanwhile ? await client.stop() : await client.said;
  console.log(`${what}: ${said.text}`);
  console.log(`  of the cores: client ${Math.round(said.cpu)} %; of the server ${shares(threads, server.threads(), performance.now() - began)}`);
  return { told, said };
}

try {
  await server.ready(2000);
  write = Buffer.from((await server.ask('POST', '/api/v1/sources', { name: 'bench', kind: 'server' })).write_key + ':').toString('base64');
  const files = () => readdirSync(data).filter(f => f.endsWith('.bsg')).length;
  const peak = await beside('as much as it takes', peakSeconds, 0);
  const rate = +(process.env.RATE || Math.round(peak.said.rate / 2));
  await sleep(3000);
  console.log(`sealed files: ${files()}, load ${os.loadavg()[0]}`);
  const alone = await all();
  await beside(`half of it (${rate}/s), nothing asked`, peakSeconds, rate);
  const then = await beside('half of it, and the questions', 600, rate, all);
  console.log(`sealed files: ${files()}`);
  await sleep(3000);
  const again = await all();
  let logs = 0, n = 0;
  console.log('question'.padEnd(20), '   alone  beside   again   speed beside ÷ again; processor ms of the crew alone, beside, again');
  for (const [name, a] of Object.entries(alone)) {
    const b = then.told[name], c = again[name], ratio = c.ms / b.ms;
    logs += Math.log(ratio), n++;
    console.log(name.padEnd(20), ...[a.ms, b.ms, c.ms].map(x => x.toFixed(1).padStart(7)), `  ${(100 * ratio).toFixed(0).padStart(4)} %  ${[a, b, c].map(x => x.crew.toFixed(0)).join(' ')}`);
  }
  console.log(`geometric mean: ${(100 * Math.exp(logs / n)).toFixed(0)} % of the speed alone on the same events (bar 50 %); ingest ${then.said.rate} of ${rate}/s, p50 ${then.said.p50}, p99 ${then.said.p99} (bar 20), p99.9 ${then.said.p999} ms`);
} finally {
  await server.stop();
}
process.exit(0);
