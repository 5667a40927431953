// types.ts: a condition as the server takes it (docs/predicates.md), and how it is taken apart into rows. Nothing here
// changes what a condition means: what the rows cannot show is kept as it came.
export type Json = string | number | boolean | null | Json[] | { [k: string]: Json | undefined }
export type Predicate = { [k: string]: Json | undefined }

export type Kind =
  | 'group' | 'did' | 'attribute' | 'tag' | 'segment' | 'stage' | 'score' | 'date' | 'consent' | 'reachable' | 'messages'
  | 'sequence' | 'formula' | 'trigger' | 'message' | 'step' | 'task' | 'journey' | 'unknown'
const KINDS = ['did', 'sequence', 'attribute', 'tag', 'segment', 'stage', 'score', 'date', 'consent', 'reachable', 'messages', 'formula', 'trigger', 'message', 'step', 'task'] as const

export const isObject = (j: Json | undefined): j is Predicate => typeof j === 'object' && j !== null && !Array.isArray(j)
export const textIn = (j: Json | undefined): string => (typeof j === 'string' ? j : typeof j === 'number' ? String(j) : '')
const listIn = (j: Json | undefined): Predicate[] => (Array.isArray(j) ? j.filter(isObject) : [])

/** Who was in a journey, ever or lately: the engine writes it down as an event. */
export const beenIn = (journey: string): Predicate => ({ did: 'Journey Entered', where: { property: 'journey', op: '=', value: journey } })
const ONLY_JOURNEY = ['did', 'where', 'within', 'between']
const isJourney = (p: Predicate) => p.did === 'Journey Entered' && isObject(p.where) && p.where.property === 'journey' && p.where.op === '=' && typeof p.where.value === 'string' && Object.keys(p).every((k) => ONLY_JOURNEY.includes(k))

/** One row: its condition without the `not`s around it. */
export type Row = { not: boolean; kind: Kind; body: Predicate }
export function rowOf(p: Predicate): Row {
  if (isObject(p.not)) {
    const inner = rowOf(p.not)
    return { ...inner, not: !inner.not }
  }
  if (Array.isArray(p.all) || Array.isArray(p.any)) return { not: false, kind: 'group', body: p }
  if (isJourney(p)) return { not: false, kind: 'journey', body: p }
  return { not: false, kind: KINDS.find((k) => p[k] !== undefined) ?? 'unknown', body: p }
}
export const predicateOf = (not: boolean, body: Predicate): Predicate => (not ? { not: body } : body)

export type Mode = 'all' | 'any'
export function rowsOf(p: Predicate | null | undefined): { mode: Mode; rows: Predicate[] } {
  if (!p || Object.keys(p).length === 0) return { mode: 'all', rows: [] }
  if (Array.isArray(p.all)) return { mode: 'all', rows: listIn(p.all) }
  if (Array.isArray(p.any)) return { mode: 'any', rows: listIn(p.any) }
  return { mode: 'all', rows: [p] }
}
/** Rows joined again. Without rows it is everybody: {all: []}. */
export function joined(mode: Mode, rows: Predicate[]): Predicate {
  const only = rows.length === 1 ? rows[0] : undefined
  if (only && mode === 'all' && !Array.isArray(only.all) && !Array.isArray(only.any)) return only
  return { [mode]: rows }
}

/** `body` with members put, or taken away where undefined. */
export function put(body: Predicate, change: Predicate): Predicate {
  const next: Predicate = { ...body, ...change }
  for (const k of Object.keys(change)) if (change[k] === undefined) delete next[k]
  return next
}

// ---- what is not finished yet ----

const hasValue = (p: Predicate): boolean => {
  if (p.op === 'exists' || p.op === 'missing') return true
  if (Array.isArray(p.value)) return p.value.length > 0 && p.value.every((v) => v !== '' && v !== null)
  return p.value !== undefined && p.value !== null && p.value !== ''
}
function whereDone(w: Json | undefined): boolean {
  if (w === undefined) return true
  if (!isObject(w)) return false
  if (Array.isArray(w.all) || Array.isArray(w.any)) return listIn(w.all ?? w.any).every(whereDone)
  if (isObject(w.not)) return whereDone(w.not)
  if (isObject(w.item)) return whereDone(w.item)
  return textIn(w.property) !== '' && hasValue(w)
}
const didDone = (b: Predicate) => textIn(b.did) !== '' && whereDone(b.where) && (!isObject(b.count) || typeof b.count.value === 'number') && (!isObject(b.aggregate) || hasValue(b.aggregate))

/** Whether nothing is left to choose in it. */
export function isDone(p: Predicate): boolean {
  const { kind, body } = rowOf(p)
  switch (kind) {
    case 'group': return listIn(body.all ?? body.any).every(isDone)
    case 'did':
    case 'journey': return didDone(body)
    case 'sequence': return listIn(body.sequence).length >= 2 && listIn(body.sequence).every(didDone)
    case 'attribute': return textIn(body.attribute) !== '' && hasValue(body)
    case 'score': return textIn(body.score) !== '' && hasValue(body)
    case 'trigger': return whereDone(body.trigger)
    case 'messages': return true
    case 'unknown': return true
    default: return textIn(body[kind]) !== ''
  }
}
/** The condition without rows that are not finished; null: there is nothing left of it, which is not everybody. */
export function finished(p: Predicate): { predicate: Predicate | null; missing: number } {
  const { mode, rows } = rowsOf(p)
  const done = rows.filter(isDone)
  const missing = rows.length - done.length
  return { predicate: done.length === 0 && missing > 0 ? null : joined(mode, done), missing }
}

/** "7d" → [7, 'd']. */
export function duration(text: string): [number, string] | null {
  const m = /^(\d+)(mo|[smhdw])$/.exec(text)
  return m ? [Number(m[1]), m[2] as string] : null
}
