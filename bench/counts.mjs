// counts.mjs: the live count of the segment page, as the page asks for it (POST /segments/preview), on a directory that
// build/release/bench-fill made: how long a marketer waits for the number after each change.
//
//   build/release/bench-fill DIR 1000000 4000000 1 && node bench/counts.mjs DIR [path of the binary]
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import net from 'node:net'

const dir = process.argv[2], binary = process.argv[3] ?? 'build/release/beckon', ROUNDS = Number(process.env.ROUNDS ?? 12)
const port = await new Promise((done) => { const s = net.createServer().listen(0, '127.0.0.1', () => { const { port: p } = s.address(); s.close(() => done(p)) }) })
const url = `http://127.0.0.1:${port}`
const key = JSON.parse(execFileSync(binary, ['key', 'create', '--data', dir, '--name', 'bench', '--json'])).key
const child = spawn(binary, ['serve', '--data', dir, '--listen', `127.0.0.1:${port}`], { stdio: 'ignore' })
process.on('exit', () => child.kill('SIGKILL'))
for (let i = 0; i < 3000; i++) { if (await fetch(url + '/readyz').then((r) => r.ok, () => false)) break; await new Promise((d) => setTimeout(d, 100)) }
const ask = async (predicate) => (await fetch(url + '/api/v1/segments/preview', { method: 'POST', headers: { authorization: 'Bearer ' + key, 'content-type': 'application/json' }, body: JSON.stringify({ predicate }) })).json()
const vocabulary = await (await fetch(url + '/api/v1/schema/vocabulary', { headers: { authorization: 'Bearer ' + key } })).json()
const attributes = vocabulary.attributes.map((a) => a.name), events = vocabulary.events.filter((e) => !/^(Tag|Attribute|Customer|Identifier|Segment)/.test(e.name)).map((e) => e.name), tags = vocabulary.tags.map((t) => t.name)
const text = vocabulary.attributes.find((a) => a.name === 'city') ?? vocabulary.attributes.find((a) => a.samples?.length && typeof a.samples[0] === 'string')
const event = events.find((e) => /view|Viewed/i.test(e)) ?? events[0]
console.log({ attributes, events: events.slice(0, 5), tags: tags.slice(0, 5) })
const QUESTIONS = {
  everybody: { all: [] },
  attribute: { attribute: text.name, op: '=', value: text.samples[0] },
  'attribute and tag': { all: [{ attribute: text.name, op: 'in', value: text.samples.slice(0, 2) }, { tag: tags[0] }] },
  'did, a year': { did: event, within: '365d' },
  'did three times, a year': { did: event, count: { op: '>=', value: 3 }, within: '365d' },
  'did not, 180 days': { not: { did: event, within: '180d' } },
  'two things and an attribute': { all: [{ attribute: text.name, op: '=', value: text.samples[0] }, { did: event, within: '365d' }, { not: { did: event, within: '180d' } }] },
}
/** Of the server's process alone, both cores. */
const cpu = () => { const f = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' '); return (Number(f[11]) + Number(f[12])) * 10 }
const all = []
for (const [name, predicate] of Object.entries(QUESTIONS)) {
  const times = []
  let count = 0, first = 0
  const before = cpu()
  for (let i = 0; i < ROUNDS; i++) {
    const began = performance.now()
    const a = await ask(predicate)
    const ms = performance.now() - began
    if (i === 0) first = ms
    times.push(ms)
    count = a.count ?? JSON.stringify(a)
  }
  times.sort((a, b) => a - b)
  all.push(...times)
  console.log(name.padEnd(30), `count ${count}, first ${first.toFixed(0)} ms, median ${times[times.length >> 1].toFixed(0)} ms, most ${times.at(-1).toFixed(0)} ms, ${((cpu() - before) / ROUNDS).toFixed(0)} ms of processor time each`)
}
all.sort((a, b) => a - b)
console.log(`all: p95 ${all[Math.ceil(all.length * 0.95) - 1].toFixed(0)} ms of ${all.length}`)
child.kill('SIGTERM')
await new Promise((done) => child.once('exit', done))
process.exit(0)
