// read.ts: the answer of each kind as a table, a picture and a sentence.
import type { Format } from '~/i18n/format'
import type { Request } from './ask'
import { type Ask, type Kind } from './asks'

export type As = 'text' | 'number' | 'share' | 'money' | 'time' | 'times'
export type Cell = string | number | null
export type Row = { cells: Record<string, Cell>; drills?: Record<string, Request> }
export type View = { columns: { key: string; as: As }[]; rows: Row[]; chart: { kind: 'bar' | 'line'; x: string; y: string; as: As } | null; say: Record<string, Cell> | null; moved?: boolean }
export type Names = { f: Format; event: (e: string) => string; day: (n: number) => string; word: (kind: 'rfm' | 'none', id: string) => string; source: (id: string) => string; time: (s: number) => string }

type Raw = Record<string, unknown>
const list = (x: unknown): Raw[] => (Array.isArray(x) ? (x as Raw[]) : [])
const raw = (x: unknown): Raw => (x ?? {}) as Raw
const num = (x: unknown): number => (typeof x === 'number' ? x : Number(x ?? 0) || 0)
const str = (x: unknown): string => (typeof x === 'string' ? x : x === null || x === undefined ? '' : String(x))
const col = (key: string, as: As = 'number') => ({ key, as })
const most = (rows: Raw[], key: string) => rows.reduce<Raw | null>((a, b) => (a === null || num(b[key]) > num(a[key]) ? b : a), null)
type Read = (a: Raw, n: Names, ask: Ask) => View

const trend: Read = (a, n) => {
  const rows = list(a.rows), top = most(rows, 'events'), total = raw(a.total)
  return {
    columns: [col('at', 'text'), col('events', 'times'), col('customers')], chart: { kind: 'line', x: 'at', y: 'events', as: 'times' },
    rows: rows.map((r) => ({ cells: { at: n.f.day(str(r.at)), events: num(r.events), customers: num(r.customers) }, drills: { customers: { at: r.at } } })),
    say: top && { n: num(total.events), customers: num(total.customers), at: n.f.day(str(top.at)), most: num(top.events) },
  }
}
const heatmap: Read = (a, n) => {
  const rows = list(a.rows), top = most(rows, 'events')
  const clock = (r: Raw) => `${str(r.hour).padStart(2, '0')}:00`
  return {
    columns: [col('day', 'text'), col('hour', 'text'), col('events', 'times'), col('customers')], chart: null,
    rows: rows.map((r) => ({ cells: { day: n.day(num(r.weekday)), hour: clock(r), events: num(r.events), customers: num(r.customers), weekday: num(r.weekday), h: num(r.hour) }, drills: { customers: { weekday: r.weekday, hour: r.hour } } })),
    say: top && { day: n.day(num(top.weekday)), hour: clock(top), n: num(top.events) },
  }
}
const funnel: Read = (a, n) => {
  const steps = list(a.steps), worst = most(steps.slice(1), 'lost'), last = steps[steps.length - 1]
  return {
    columns: [col('step', 'text'), col('customers'), col('share', 'share'), col('lost'), col('median', 'time')], chart: { kind: 'bar', x: 'step', y: 'customers', as: 'number' },
    rows: steps.map((s, i) => ({
      cells: { step: `${i + 1} ${n.event(str(s.name))}`, customers: num(s.customers), share: num(s.share), lost: i ? num(s.lost) : null, median: s.median_s == null ? null : num(s.median_s) },
      drills: { customers: { step: s.step }, ...(i ? { lost: { step: s.step, lost: true } } : {}) },
    })),
    say: worst && last ? { share: n.f.share(num(last.share)), lost: num(worst.lost), step: n.event(str(worst.name)) } : null,
  }
}
const path: Read = (a, n) => {
  const rows = list(a.rows), name = (r: Raw) => (r.path as string[]).map(n.event).join(' → ')
  return {
    columns: [col('path', 'text'), col('count', 'times'), col('customers')], chart: { kind: 'bar', x: 'path', y: 'count', as: 'times' },
    rows: rows.map((r) => ({ cells: { path: name(r), count: num(r.count), customers: num(r.customers) }, drills: { customers: { path: r.path } } })),
    say: rows[0] ? { path: name(rows[0]), n: num(rows[0].count) } : null,
  }
}
const seconds = (text: string): number => num(text.replace(/\D+$/, '')) * ({ s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }[text.slice(-1)] ?? 1)
const interval: Read = (a, n) => {
  const wait = raw(a.wait), half = raw(a.percentiles)['50']
  return {
    columns: [col('range', 'text'), col('count', 'times')], chart: { kind: 'bar', x: 'range', y: 'count', as: 'times' },
    rows: list(a.histogram).map((r) => ({
      cells: { range: r.to_s == null ? `≥ ${n.time(num(r.from_s))}` : `${n.time(num(r.from_s))} – ${n.time(num(r.to_s))}`, count: num(r.count) },
      drills: { count: { from_s: r.from_s, ...(r.to_s == null ? {} : { to_s: r.to_s }) } },
    })),
    say: num(a.count) ? { half: n.time(num(half)), wait: wait.for ? n.time(seconds(str(wait.for))) : '–', share: wait.share == null ? '–' : n.f.share(num(wait.share)) } : null,
  }
}
const retention: Read = (a, n) => {
  const rows = list(a.rows), next = rows.filter((r) => num(r.period) === 1)
  const size = next.reduce((s, r) => s + num(r.size), 0)
  return {
    columns: [col('cohort', 'text'), col('size'), col('period'), col('customers'), col('share', 'share')], chart: null,
    rows: rows.map((r) => ({ cells: { cohort: str(r.cohort), size: num(r.size), period: num(r.period), customers: num(r.customers), share: num(r.share) }, drills: { customers: { cohort: r.cohort, period: r.period } } })),
    say: size ? { share: n.f.share(next.reduce((s, r) => s + num(r.customers), 0) / size), n: size } : null,
  }
}
const orders: Read = (a, n) => {
  const total = raw(a.total)
  return {
    columns: [col('at', 'text'), col('orders', 'times'), col('customers'), col('gross', 'money'), col('returns', 'money'), col('net', 'money'), col('average', 'money')], chart: { kind: 'line', x: 'at', y: 'net', as: 'money' },
    rows: list(a.rows).map((r) => ({ cells: { at: n.f.day(str(r.at)), orders: num(r.orders), customers: num(r.customers), gross: num(r.gross), returns: num(r.returns), net: num(r.net), average: num(r.average) }, drills: { customers: { at: r.at } } })),
    say: num(total.orders) ? { n: num(total.orders), net: n.f.money(Math.round(num(total.net))), average: n.f.money(Math.round(num(total.average))) } : null,
  }
}
const returns: Read = (a, n) => {
  const total = raw(a.total)
  return {
    columns: [col('at', 'text'), col('returned', 'times'), col('customers'), col('amount', 'money'), col('rate', 'share')], chart: { kind: 'line', x: 'at', y: 'rate', as: 'share' },
    rows: list(a.rows).map((r) => ({ cells: { at: n.f.day(str(r.at)), returned: num(r.returns), customers: num(r.customers), amount: num(r.amount), rate: num(r.rate) }, drills: { customers: { at: r.at } } })),
    say: num(total.orders) ? { n: num(total.returns), rate: n.f.share(num(total.rate)), amount: n.f.money(Math.round(num(total.amount))) } : null,
  }
}
/** Who went from one group to another, most first; who stayed where she was is not told. */
const moves: Read = (a, n, ask) => {
  const of = (id: unknown) => (id === null ? n.word('rfm', 'before') : n.word('rfm', str(id)))
  const rows = list(a.moves).filter((m) => m.from !== m.to).sort((x, y) => num(y.customers) - num(x.customers)), top = rows.find((m) => m.from !== null) ?? rows[0]
  return {
    moved: true, columns: [col('from', 'text'), col('to', 'text'), col('customers')], chart: null,
    rows: rows.map((m) => ({ cells: { from: of(m.from), to: of(m.to), customers: num(m.customers) }, drills: { customers: { from: m.from, name: m.to } } })),
    say: top ? { n: num(top.customers), from: of(top.from), to: of(top.to), days: ask.moved } : null,
  }
}
const rfm: Read = (a, n, ask) => {
  if (a.moves) return moves(a, n, ask)
  const by = new Map<string, { customers: number; amount: number }>(), total = raw(a.total)
  for (const c of list(a.cells)) {
    const was = by.get(str(c.name)) ?? { customers: 0, amount: 0 }
    by.set(str(c.name), { customers: was.customers + num(c.customers), amount: was.amount + num(c.amount) })
  }
  const rows = [...by].sort((x, y) => y[1].amount - x[1].amount), top = rows[0]
  const part = (x: number) => (num(total.amount) > 0 ? x / num(total.amount) : 0)
  return {
    columns: [col('group', 'text'), col('customers'), col('amount', 'money'), col('share', 'share')], chart: { kind: 'bar', x: 'group', y: 'share', as: 'share' },
    rows: rows.map(([id, v]) => ({ cells: { group: n.word('rfm', id), ...v, share: part(v.amount) }, drills: { customers: { name: id } } })),
    say: top ? { name: n.word('rfm', top[0]), n: top[1].customers, share: n.f.share(part(top[1].amount)) } : null,
  }
}
const repurchase: Read = (a, n) => ({
  columns: [col('cohort', 'text'), col('customers'), col('repeat'), col('d30'), col('d60'), col('d90')], chart: { kind: 'bar', x: 'cohort', y: 'repeat', as: 'number' },
  rows: list(a.rows).map((r) => {
    const w = raw(r.within)
    return { cells: { cohort: str(r.cohort), customers: num(r.customers), repeat: num(r.repeat_customers), d30: num(w['30d']), d60: num(w['60d']), d90: num(w['90d']) }, drills: { customers: { cohort: r.cohort, order: 1 }, repeat: { cohort: r.cohort }, d30: { cohort: r.cohort, within: '30d' }, d60: { cohort: r.cohort, within: '60d' }, d90: { cohort: r.cohort, within: '90d' } } }
  }),
  say: num(a.customers) ? { share: n.f.share(num(a.rate)), n: num(a.customers) } : null,
})
/** The latest unit that is over: of the one under way nothing can be said yet. */
const SPAN = { day: 1, week: 7, month: 28 } as const
const over = (rows: Raw[], ask: Ask, now = Date.now()) => rows.findLast((r) => Date.parse(str(r.at)) + SPAN[ask.unit] * 86_400_000 <= now) ?? rows[rows.length - 1]
const lifecycle: Read = (a, n, ask) => {
  // The unit under way would look like a fall.
  const every = list(a.rows), last = over(every, ask), rows = last ? every.slice(0, every.indexOf(last) + 1) : every
  const kinds = ['new', 'returning', 'resurrected', 'dormant'] as const
  return {
    columns: [col('at', 'text'), col('active'), ...kinds.map((k) => col(k))], chart: { kind: 'line', x: 'at', y: 'active', as: 'number' },
    rows: rows.map((r) => ({ cells: { at: n.f.day(str(r.at)), active: num(r.active), ...Object.fromEntries(kinds.map((k) => [k, num(r[k])])) }, drills: Object.fromEntries(['active', ...kinds].map((k) => [k, { at: r.at, kind: k }])) })),
    say: last ? { active: num(last.active), fresh: num(last.new), dormant: num(last.dormant) } : null,
  }
}
const attribution: Read = (a, n) => {
  const rows = list(a.rows), total = raw(a.total), own = rows.find((r) => r.touch === null)
  return {
    columns: [col('touch', 'text'), col('conversions', 'times'), col('customers'), col('share', 'share'), col('amount', 'money')], chart: { kind: 'bar', x: 'touch', y: 'share', as: 'share' },
    rows: rows.map((r) => ({
      cells: { touch: r.touch === null ? n.word('none', '') : n.event(str(r.touch)), conversions: num(r.conversions), customers: num(r.customers), share: num(r.share), amount: num(r.amount) },
      drills: { customers: { touch: r.touch ?? null } },
    })),
    say: num(total.conversions) ? { n: num(total.conversions), share: n.f.share(1 - num(own?.share)) } : null,
  }
}
const profile: Read = (a, n, ask) => {
  // Everybody is like everybody.
  const rows = list(a.rows), top = !ask.segment && !ask.filter ? null : most(rows.filter((r) => num(r.customers) >= 10), 'tgi')
  const value = (r: Raw) => (r.from !== undefined ? `${str(r.from)} – ${str(r.to)}` : str(r.value ?? r.tag))
  return {
    columns: [col('attribute', 'text'), col('value', 'text'), col('people'), col('share', 'share'), col('others', 'share'), col('tgi')], chart: null,
    rows: rows.map((r) => ({ cells: { attribute: str(r.attribute ?? ''), value: value(r), people: num(r.customers), share: num(r.share), others: num(r.against_share), tgi: Math.round(num(r.tgi)) }, drills: { people: r.tag !== undefined ? { tag: r.tag } : r.from !== undefined ? { attribute: r.attribute, from: r.from, to: r.to } : { attribute: r.attribute, value: r.value } } })),
    say: top ? { value: value(top), share: n.f.share(num(top.share)), others: n.f.share(num(top.against_share)) } : null,
  }
}
const sources: Read = (a, n) => {
  const rows = list(a.rows), top = most(rows, 'customers')
  return {
    columns: [col('source', 'text'), col('customers'), col('buyers'), col('orders', 'times'), col('amount', 'money'), col('rate', 'share')], chart: { kind: 'bar', x: 'source', y: 'customers', as: 'number' },
    rows: rows.map((r) => ({ cells: { source: r.source ? n.source(str(r.source)) : n.word('none', ''), customers: num(r.customers), buyers: num(r.buyers), orders: num(r.orders), amount: num(r.amount), rate: num(r.rate) }, drills: { customers: { source: r.source ?? null }, buyers: { source: r.source ?? null, buyers: true } } })),
    say: top ? { source: n.source(str(top.source)), n: num(top.customers), rate: n.f.share(num(top.rate)) } : null,
  }
}
const READ: Record<Kind, Read> = { trend, heatmap, funnel, path, interval, retention, orders, returns, rfm, repurchase, lifecycle, attribution, profile, sources }

/** Of products: one row each, without times. */
function itemsOf(groups: Raw[], n: Names, ask: Ask): View {
  const back = ask.kind === 'returns'
  const of = (g: Raw) => str(g.group) || n.word('none', str(g.kind))
  const keys: [string, string, As][] = back ? [['returned', 'returns', 'times'], ['customers', 'customers', 'number'], ['items', 'items', 'times'], ['amount', 'amount', 'money']] : [['orders', 'orders', 'times'], ['customers', 'customers', 'number'], ['items', 'items', 'times'], ['gross', 'gross', 'money'], ['returns', 'returns', 'money'], ['net', 'net', 'money']]
  return {
    columns: [col('group', 'text'), ...keys.map(([key, , as]) => col(key, as))], chart: { kind: 'bar', x: 'group', y: back ? 'amount' : 'gross', as: 'money' }, say: null,
    rows: groups.map((g) => ({
      cells: { group: of(g), ...Object.fromEntries(keys.map(([key, from]) => [key, g[from] === undefined ? null : num(g[from])])) },
      ...(g.kind === 'rest' ? {} : { drills: { customers: { item: g.group ?? null } } }),
    })),
  }
}
/** With groups, the same table for each of them; the picture and the sentence are of everybody. */
export function viewOf(answer: unknown, n: Names, ask: Ask): View {
  const whole = READ[ask.kind](raw(answer), n, ask)
  const groups = list(raw(answer).groups)
  if (groups.length === 0) return whole
  if (ask.by.startsWith('item:')) return { ...itemsOf(groups, n, ask), say: whole.say }
  const rows = groups.flatMap((g) => READ[ask.kind](g, n, ask).rows.map((r): Row => ({
    cells: { of: g.group ? n.source(str(g.group)) : n.word('none', str(g.kind)), ...r.cells },
    ...(r.drills ? { drills: Object.fromEntries(Object.entries(r.drills).map(([k, d]) => [k, { ...d, ...(g.kind === 'rest' ? { rest: true } : { group: g.group ?? null }) }])) } : {}),
  })))
  return { ...whole, columns: [col('of', 'text'), ...whole.columns], rows: whole.rows.map((r): Row => ({ ...r, cells: { of: n.word('none', 'all'), ...r.cells } })).concat(rows) }
}
