// rows.ts: the journey as lines to read: what is done at once before a message stands on the message's line.
import { type Arm, armsOf, type Journey, kindOf, type Step } from './model'

export type Row = {
  key: string
  depth: number
  /** At the beginning of a way: whose it is. */
  arm?: { arm: Arm; of: Step; index: number }
  /** Read together: tag, coupon …, then the message or wait. */
  steps: Step[]
  /** The step whose numbers the line shows. */
  main?: Step
}

const settles = (s: Step) => ['wait', 'send', 'reach', 'branch', 'split', 'task', 'notify'].includes(kindOf(s))

function group(steps: Step[]): Step[][] {
  const out: Step[][] = []
  let held: Step[] = []
  for (const s of steps) {
    if (armsOf(s)) {
      if (held.length) out.push(held)
      out.push([s])
      held = []
      continue
    }
    held.push(s)
    if (settles(s)) { out.push(held); held = [] }
  }
  if (held.length) out.push(held)
  return out
}

export function rowsOf(journey: Journey): Row[] {
  const walk = (steps: Step[], depth: number, at: string, arm?: Row['arm']): Row[] => {
    const groups = group(steps)
    if (arm && groups.length === 0) return [{ key: `${at}-empty`, depth, arm, steps: [] }]
    return groups.flatMap((g, i): Row[] => {
      const first = g[0] as Step
      const key = `${at}-${first.id ?? i}`
      const ways = armsOf(first)
      const lead = arm && i === 0 ? { arm } : {}
      if (ways)
        return [
          ...(arm && i === 0 ? [{ key: `${key}-lead`, depth, arm, steps: [first] }] : []),
          ...ways.flatMap((a, k) => walk(a.steps, depth + 1, `${key}-${k}`, { arm: a, of: first, index: k })),
        ]
      return [{ key, depth, steps: g, main: g[g.length - 1] as Step, ...lead }]
    })
  }
  return walk(journey.steps, 0, 'r')
}
