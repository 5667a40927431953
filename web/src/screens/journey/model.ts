// model.ts: a journey as a document (docs/journeys.md) and how it is walked and changed. Nothing here knows of words or pages.
import type { Text } from '~/i18n'

export type Predicate = { [key: string]: unknown }
export type Wait = {
  for?: string
  until_time?: string
  until_date?: string
  until?: Predicate
  until_segment?: string
  timeout?: string
  offset?: string
  at?: string
  zone?: string
  passed?: 'next' | 'now' | 'skip'
  anniversary?: boolean
}
export type Send = { channel: string; template: string; if?: Predicate; expires?: string; topic?: string }
export type Owner = string | { attribute: string; else?: string } | { round_robin: string[] }
export type Task = { kind: string; owner?: Owner; due?: string; outcomes?: string[] }
export type Arm = { if?: Predicate; else?: true; percent?: number; steps: Step[] }
export type Step = {
  id?: string
  wait?: Wait
  send?: Send
  branch?: Arm[]
  split?: Arm[]
  tag?: string
  expires?: string
  untag?: string
  set?: Record<string, unknown>
  stage?: string
  in?: string
  score?: Record<string, number>
  coupon?: string
  task?: Task
  notify?: { to: Owner; channel?: string; template?: string }
  webhook?: { endpoint: string }
  enter?: string
  key?: string
  end?: string
  reach?: { try: string[]; next_after?: string; unless?: string; template: string }
}
export type Trigger = {
  event?: string
  where?: Predicate
  key?: string
  segment?: string
  on?: string
  attribute?: string
  from?: unknown
  to?: unknown
  tag?: string
  stage?: string
  in?: string
  score?: string
  op?: string
  value?: number
  date?: string
  anniversary?: boolean
  offset?: string
  repeat_until?: string
  at?: string
  schedule?: { at?: string; cron?: string; zone?: string }
  audience?: Predicate
  api?: string
  form?: string
  inbound?: { channel?: string; keyword?: string }
  journey?: true
}
export type Again = 'never' | 'always' | 'after_exit' | 'per_key' | { after?: string; per_key?: unknown }
export type Journey = {
  id: string
  name?: Text
  owner?: string
  goal?: Predicate & { target?: number; within?: string }
  trigger: Trigger
  entry?: { if?: Predicate; again?: Again; running?: string }
  exit?: Predicate[]
  policy?: { category?: string; quiet?: string; dedupe?: string }
  release?: { percent?: number; holdout?: number }
  active?: { from?: string; to?: string }
  priority?: number
  steps: Step[]
}
export type Stand = {
  status: 'draft' | 'live' | 'paused' | 'stopped'
  version: number
  changed: boolean
  /** Let in at the moment; a draft has none. */
  percent?: number
  entered: number
  refused: number
  waiting: number
  done: number
}
export type Shown = Journey & Stand

export type Kind =
  | 'wait' | 'send' | 'branch' | 'split' | 'tag' | 'untag' | 'set' | 'stage' | 'score' | 'coupon' | 'task' | 'notify' | 'webhook' | 'enter' | 'end' | 'reach' | 'other'
const KINDS: Kind[] = ['wait', 'send', 'branch', 'split', 'untag', 'tag', 'set', 'coupon', 'task', 'notify', 'webhook', 'enter', 'end', 'reach', 'stage', 'score']
export const kindOf = (s: Step): Kind => KINDS.find((k) => s[k as keyof Step] !== undefined) ?? 'other'
export const armsOf = (s: Step): Arm[] | undefined => s.branch ?? s.split

/** The document alone, without how it stands: what may be sent back. */
export function documentOf(shown: Shown): Journey {
  const { status: _s, version: _v, changed: _c, percent: _p, entered: _e, refused: _r, waiting: _w, done: _d, ...journey } = shown
  return journey
}

/** Steps without an id get the one they have by their place. */
export function named(steps: Step[]): Step[] {
  let n = 0
  const walk = (list: Step[]): Step[] =>
    list.map((s) => {
      const id = s.id ?? `step-${n + 1}`
      n++
      if (s.branch) return { ...s, id, branch: s.branch.map((a) => ({ ...a, steps: walk(a.steps) })) }
      if (s.split) return { ...s, id, split: s.split.map((a) => ({ ...a, steps: walk(a.steps) })) }
      return { ...s, id }
    })
  return walk(steps)
}

/** Where a step stands: index, then arm and index for each branch it is inside. */
export type Path = number[]
export const pathKey = (p: Path) => p.join('.')

export type Line =
  | { kind: 'step'; path: Path; depth: number; step: Step }
  | { kind: 'arm'; path: Path; depth: number; arm: Arm; of: Step; index: number }

/** Steps and arms in reading order. The path of an arm is its step's and its number. */
export function lines(steps: Step[], at: Path = [], depth = 0): Line[] {
  return steps.flatMap((step, i): Line[] => {
    const path = [...at, i]
    return [
      { kind: 'step', path, depth, step },
      ...(armsOf(step) ?? []).flatMap((arm, k): Line[] => [
        { kind: 'arm', path: [...path, k], depth: depth + 1, arm, of: step, index: k },
        ...lines(arm.steps, [...path, k], depth + 1),
      ]),
    ]
  })
}
export const allSteps = (steps: Step[]): Step[] => lines(steps).flatMap((l) => (l.kind === 'step' ? [l.step] : []))

/** A copy in which the list that holds `path` was changed. */
function inList(steps: Step[], path: Path, change: (list: Step[], index: number) => Step[]): Step[] {
  const [i = 0, arm, ...rest] = path
  if (arm === undefined) return change(steps, i)
  return steps.map((s, k) => {
    if (k !== i) return s
    const into = (arms: Arm[]) => arms.map((a, n) => (n === arm ? { ...a, steps: inList(a.steps, rest, change) } : a))
    return s.branch ? { ...s, branch: into(s.branch) } : s.split ? { ...s, split: into(s.split) } : s
  })
}

export const insertAt = (steps: Step[], path: Path, step: Step) => inList(steps, path, (l, i) => [...l.slice(0, i), step, ...l.slice(i)])
export const removeAt = (steps: Step[], path: Path) => inList(steps, path, (l, i) => l.filter((_, k) => k !== i))
export const replaceAt = (steps: Step[], path: Path, step: Step) => inList(steps, path, (l, i) => l.map((s, k) => (k === i ? step : s)))
export function stepAt(steps: Step[], path: Path): Step | undefined {
  const [i = 0, arm, ...rest] = path
  const step = steps[i]
  if (arm === undefined || !step) return step
  return stepAt(armsOf(step)?.[arm]?.steps ?? [], rest)
}

/** One up or down among its neighbours; at the rim of an arm it goes out of it, beside the branch. */
export function moveBy(steps: Step[], path: Path, by: 1 | -1): { steps: Step[]; path: Path } | undefined {
  const step = stepAt(steps, path)
  if (!step) return undefined
  const i = path[path.length - 1] ?? 0
  const holder = path.slice(0, -1)
  const list = holder.length ? (armsOf(stepAt(steps, holder.slice(0, -1)) as Step)?.[holder[holder.length - 1] ?? 0]?.steps ?? []) : steps
  if (i + by >= 0 && i + by < list.length) {
    const to = [...holder, i + by]
    return { steps: insertAt(removeAt(steps, path), to, step), path: to }
  }
  if (holder.length === 0) return undefined
  const branch = holder.slice(0, -1)
  const beside = [...branch.slice(0, -1), (branch[branch.length - 1] ?? 0) + (by > 0 ? 1 : 0)]
  return { steps: insertAt(removeAt(steps, path), beside, step), path: beside }
}

/** An id that no step has: m1, m2 … by the kind's letter. */
export function freshId(steps: Step[], kind: Kind): string {
  const letter = { wait: 'w', send: 'm', branch: 'b', split: 's', tag: 't', coupon: 'c', task: 'k' }[kind as string] ?? 'x'
  const taken = new Set(allSteps(steps).map((s) => s.id))
  let n = 1
  while (taken.has(`${letter}${n}`)) n++
  return `${letter}${n}`
}

/** The step at a JSON pointer of a refusal: /steps/2/branch/0/steps/1/send → [2, 0, 1]. */
export function pathOfPointer(pointer: string): Path | undefined {
  const parts = pointer.split('/').slice(1)
  if (parts.shift() !== 'steps') return undefined
  const path: Path = []
  for (;;) {
    const i = Number(parts.shift())
    if (!Number.isInteger(i)) break
    path.push(i)
    if (parts[0] !== 'branch' && parts[0] !== 'split') break
    const arm = Number(parts[1])
    if (parts[2] !== 'steps' || !Number.isInteger(arm)) break
    path.push(arm)
    parts.splice(0, 3)
  }
  if (path.length % 2 === 0) path.pop()
  return path.length ? path : undefined
}

/** "3d" → {n: 3, unit: "d"} */
export function duration(text: string | undefined): { n: number; unit: string } | undefined {
  const m = /^([+-]?\d+)(ms|s|m|h|d|w|mo)$/.exec(text ?? '')
  return m ? { n: Number(m[1]), unit: m[2] ?? 's' } : undefined
}
const MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, mo: 2_592_000_000 }
export const milliseconds = (text: string | undefined): number | undefined => {
  const d = duration(text)
  return d ? d.n * (MS[d.unit] ?? 0) : undefined
}
