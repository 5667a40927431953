// edit-kinds.ts: a new step of each kind, so filled that it works at once.
import type { Coupon, Named, Template } from './names'
import { freshId, type Journey, type Kind, lines, type Predicate, type Step } from './model'

export type Stock = { templates: Template[]; coupons: Coupon[]; segments: Named[]; journeys: Named[]; channels: string[] }
export const ADDABLE: Kind[] = ['wait', 'send', 'branch', 'coupon', 'tag', 'task', 'split', 'set', 'notify', 'enter', 'untag', 'end']

/** undefined: something it needs is not there yet. */
export function newStep(kind: Kind, journey: Journey, stock: Stock): Step | undefined {
  const id = freshId(journey.steps, kind)
  const sends = lines(journey.steps).flatMap((l) => (l.kind === 'step' && l.step.send ? [l.step] : []))
  const template = stock.templates.find((t) => t.channel === (sends[sends.length - 1]?.send?.channel ?? 'email')) ?? stock.templates[0]
  const coupon = stock.coupons[0]
  const other = stock.journeys.find((j) => j.id !== journey.id)
  switch (kind) {
    case 'wait': return { id, wait: { for: '1d' } }
    case 'send': return template ? { id, send: { channel: template.channel, template: template.id } } : undefined
    case 'branch': return { id, branch: [{ if: firstCondition(journey), steps: [] }, { else: true, steps: [] }] }
    case 'split': return { id, split: [{ percent: 50, steps: [] }, { percent: 50, steps: [] }] }
    case 'coupon': return coupon ? { id, coupon: coupon.id } : undefined
    case 'tag': return { id, tag: 'Interest/New' }
    case 'untag': return { id, untag: 'Interest/New' }
    case 'set': return { id, set: { note: 'yes' } }
    case 'task': return { id, task: { kind: 'call', owner: journey.owner || 'manager', due: '1d', outcomes: ['reached', 'no answer'] } }
    case 'notify': return template ? { id, notify: { to: journey.owner || 'manager', channel: template.channel, template: template.id } } : undefined
    case 'enter': return other ? { id, enter: other.id } : undefined
    case 'end': return { id, end: 'done' }
    default: return undefined
  }
}

/** By default a branch asks about the last message before, else about an order. */
function firstCondition(journey: Journey): Predicate {
  const sends = lines(journey.steps).flatMap((l) => (l.kind === 'step' && l.step.send ? [l.step] : []))
  const last = sends[sends.length - 1]
  return last?.id ? { message: last.id, status: 'clicked' } : { did: 'Order Completed', since: 'entry' }
}
