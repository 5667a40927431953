// drills.mjs: every figure of the analyses is asked for its customers, who must be as many: of the demo shop, plain, with a
// zone, a condition, two groups, two periods, and by group. Some become lists, some of the drills' conditions are counted.
//
//   node test/drills.mjs [path of the binary] [cells of an answer, 8]
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const binary = process.argv[2] ?? new URL('../build/release/beckon', import.meta.url).pathname, CELLS = +(process.argv[3] ?? 8), SAVED_EVERY = 41
const folder = mkdtempSync(join(tmpdir(), 'beckon-drills-'))
let passed = 0, failed = 0
const check = (what, ok, more) => {
  if (ok) passed++
  else { failed++; console.log('not so: ' + what, JSON.stringify(more)) }
}
const sleep = ms => new Promise(done => setTimeout(done, ms))
const port = await new Promise(done => {
  const s = net.createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)) })
})
const url = `http://127.0.0.1:${port}`
const { key } = JSON.parse(execFileSync(binary, ['key', 'create', '--data', folder, '--name', 'test', '--json']))
execFileSync(binary, ['demo', '--data', folder], { stdio: 'ignore' })
const server = spawn(binary, ['serve', '--data', folder, '--listen', `127.0.0.1:${port}`], { stdio: 'ignore' })

const post = async (path, body) => {
  const r = await fetch(url + '/api/v1/' + path, { method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body: JSON.stringify(body) })
  return { status: r.status, ...(await r.json()) }
}
const counted = async (predicate, as_of) => (await post('segments/preview', { predicate, ...(as_of ? { as_of } : {}) })).count

// The figures of one answer, each with its drill and a word for its kind.
const lostToo = (drill, n, lost, kind) => [[drill, n, kind], [{ ...drill, lost: true }, lost, kind + ' lost']]
const FIGURES = {
  trend: a => [[{}, a.total.customers, 'total'], ...a.rows.map(r => [{ at: r.at }, r.customers, 'row'])],
  heatmap: a => a.rows.map(r => [{ weekday: r.weekday, hour: r.hour }, r.customers, 'cell']),
  funnel: a => a.steps.flatMap((s, i) => i ? lostToo({ step: s.step }, s.customers, s.lost, 'step') : [[{ step: s.step }, s.customers, 'first']]),
  path: a => a.rows.map(r => [{ path: r.path }, r.customers, 'row']),
  interval: a => [[{}, a.customers, 'customers'], [{ started: true }, a.started, 'started']],
  retention: a => a.rows.flatMap(r => [...lostToo({ cohort: r.cohort, period: r.period }, r.customers, r.size - r.customers, 'cell'), [{ cohort: r.cohort }, r.size, 'size']]).concat([[{}, a.total.customers, 'total']]),
  orders: a => [[{}, a.total.customers, 'total'], ...(a.rows ?? []).map(r => [{ at: r.at }, r.customers, 'row'])],
  returns: a => [[{}, a.total.customers, 'total'], ...(a.rows ?? []).map(r => [{ at: r.at }, r.customers, 'row']), ...(a.reasons ?? []).map(r => [{ reason: r.reason }, r.customers, 'reason'])],
  rfm: a => [[{}, a.total.customers, 'total'], ...a.cells.map(c => [{ r: c.r, f: c.f, m: c.m }, c.customers, 'cell'])],
  repurchase: a => [
    ...lostToo({}, a.repeat_customers, a.customers - a.repeat_customers, 'repeat'), ...Object.entries(a.within).map(([within, n]) => [{ within }, n, 'within']),
    ...a.rows.flatMap(r => [...lostToo({ cohort: r.cohort }, r.repeat_customers, r.customers - r.repeat_customers, 'cohort'), [{ cohort: r.cohort, order: 1 }, r.customers, 'size']]),
    ...a.nth.flatMap(x => lostToo({ order: x.order }, x.customers, x.customers - x.next, 'nth'))],
  lifecycle: a => a.rows.flatMap(r => ['new', 'returning', 'resurrected', 'dormant', 'active'].map(kind => [{ at: r.at, kind }, r[kind], kind])),
  attribution: a => a.rows.map(r => [{ touch: r.touch }, r.customers, 'touch']),
  profile: a => [[{}, a.customers, 'all'], [{ against: true }, a.against, 'all against'], ...a.rows.flatMap(r => {
    const drill = r.tag !== undefined ? { tag: r.tag } : r.value !== undefined ? { attribute: r.attribute, value: r.value } : { attribute: r.attribute, from: r.from, to: r.to }
    return [[drill, r.customers, 'row'], [{ ...drill, against: true }, r.against, 'against']]
  })],
  sources: a => a.rows.flatMap(r => [[{ source: r.source }, r.customers, 'row'], [{ source: r.source, buyers: true }, r.buyers, 'buyers']]),
}
function figuresOf(name, answer) {
  const all = []
  for (const [side, a] of [[{}, answer], [{ compare: true }, answer.compare]].filter(x => x[1])) {
    all.push(...FIGURES[name](a).map(([drill, n, kind]) => [{ ...drill, ...side }, n, `${kind} ${Object.keys(side)}`]))
    for (const g of a.groups ?? []) {
      const group = g.kind === 'rest' ? { rest: true } : { group: g.group }
      all.push(...FIGURES[name](g).map(([drill, n, kind]) => [{ ...drill, ...group, ...side }, n, `${kind} ${g.kind ?? 'group'} ${Object.keys(side)}`]))
    }
  }
  return all
}
// Some of each kind, at even distances.
function some(figures) {
  const kinds = Object.values(figures.reduce((by, x) => ((by[x[2]] ??= []).push(x), by), {}))
  const each = Math.max(1, Math.floor(CELLS / kinds.length))
  return kinds.flatMap(list => Array.from({ length: Math.min(each, list.length) }, (_, i) => list[Math.floor(i * list.length / Math.min(each, list.length))]))
}

let drilled = 0
async function sweep(name, request, title) {
  const answer = await post('analyses/' + name, request)
  check(`${title} is answered`, answer.status === 200, answer)
  if (answer.status !== 200) return
  for (const [drill, n, kind] of some(figuresOf(name, answer))) {
    const d = await post('analyses/' + name, { ...request, drill })
    check(`${title}: ${kind} are as many as the figure says`, d.count === n, { drill, n, got: d.count ?? d })
    if (d.predicate && !drill.compare) check(`${title}: the condition of ${kind} holds for as many`, await counted(d.predicate, request.as_of) === n, d.predicate)
    if (++drilled % SAVED_EVERY) continue
    const id = `list-${drilled}`
    const kept = await post('analyses/' + name, { ...request, drill, save_as: { id, name: id } })
    check(`${title}: ${kind} are kept as a list`, kept.status === 201 && await counted({ segment: id }) === n, kept)
  }
}

const DAY = 86400e3, day = t => new Date(t).toISOString().slice(0, 10), from = day(Date.now() - 30 * DAY), to = day(Date.now())
const did = event => ({ did: event }), viewed = did('Product Viewed'), added = did('Product Added'), ordered = did('Order Completed')
const QUESTIONS = [
  ['trend', { event: 'Order Completed', interval: 'day' }], ['trend', { interval: 'month' }], ['heatmap', { event: 'Product Viewed' }],
  ['funnel', { steps: [viewed, added, ordered], window: '7d' }], ['funnel', { steps: [viewed, added, ordered], window: '7d', order: 'strict' }],
  ['path', { start: viewed, length: 2 }], ['path', { end: ordered, length: 3, max_gap: '1d' }], ['interval', { start: added, end: ordered }],
  ['retention', { first: viewed, again: ordered, unit: 'week', periods: 4 }], ['retention', { first: viewed, unit: '7d', mode: 'rolling', periods: 3 }],
  ['orders', { interval: 'week' }], ['returns', { interval: 'week', reasons: true }], ['rfm', { event: 'Order Completed', groups: 5 }], ['rfm', { event: 'Order Completed', groups: 5, method: 'ntile' }],
  ['repurchase', { event: 'Order Completed', unit: 'day', cohort: 'week', within: ['7d', '30d'] }], ['lifecycle', { event: 'Order Completed', interval: 'week' }],
  ['attribution', { goal: ordered, touches: [viewed, added], model: 'linear' }], ['profile', { predicate: ordered }], ['sources', {}],
]
const BY = [{ attribute: 'city', limit: 2 }, { tag: true }, { property: 'category', limit: 2 }, { property: 'never-sent' }, 'channel', 'source', { attribute: 'nothing' }]
const ofPeople = by => typeof by === 'object' && !by.property

try {
  for (const end = Date.now() + 20000; !(await fetch(url + '/readyz').then(r => r.ok, () => false)) && Date.now() < end;) await sleep(50)
  for (const [name, asked] of QUESTIONS) {
    const q = name === 'rfm' ? asked : { from, to, ...asked }
    await sweep(name, q, name)
    await sweep(name, { ...q, zone: 'America/New_York' }, `${name} in a zone`)
    await sweep(name, { ...q, predicate: { attribute: 'city', op: 'exists' } }, `${name} of some`)
    await sweep(name, { ...q, compare: { predicate: { did: 'Order Completed', count: { op: '>=', value: 2 } } } }, `${name} of two groups`)
    if (q.from) await sweep(name, { ...q, compare: { previous: true } }, `${name} of two periods`)
    if (name === 'profile' || name === 'sources') continue
    for (const by of BY) if (name !== 'lifecycle' || ofPeople(by)) await sweep(name, { ...q, by }, `${name} by ${JSON.stringify(by)}`)
    await sweep(name, { ...q, by: BY[0], compare: { predicate: ordered } }, `${name} by city, of two groups`)
  }
  check('hundreds of figures were drilled', drilled > 500, drilled)
} finally {
  server.kill()
  await new Promise(done => server.on('close', done))
  rmSync(folder, { recursive: true, force: true })
}
console.log(`drills: ${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
