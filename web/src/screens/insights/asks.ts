// asks.ts: a question as a person puts it (an Ask), and what the analyses take for it.
import type { Predicate } from '~/predicate'
import { type Request, since } from './ask'

export const KINDS = ['trend', 'heatmap', 'funnel', 'path', 'interval', 'retention', 'orders', 'returns', 'rfm', 'repurchase', 'lifecycle', 'attribution', 'profile', 'sources'] as const
export type Kind = (typeof KINDS)[number]
export const isKind = (x: unknown): x is Kind => typeof x === 'string' && (KINDS as readonly string[]).includes(x)

export type Unit = 'day' | 'week' | 'month'
export type Ask = {
  kind: Kind; days: number; unit: Unit; event: string; after: string; steps: string[]; window: string
  /** '', 'channel', 'source', 'attribute:city'; of orders and returns also 'item:category'. */
  by: string; segment: string; filter: Predicate | null; model: string
  /** Of rfm: days ago, to tell who moved between groups since; 0: nobody asks. */
  moved: number
}
/** Which words of the sentence a kind has. */
export const HAS: Record<Kind, readonly (keyof Ask)[]> = {
  trend: ['event', 'unit', 'days', 'by'], heatmap: ['event', 'days', 'by'], funnel: ['steps', 'window', 'days', 'by'], path: ['event', 'days'], interval: ['event', 'after', 'window', 'days'],
  retention: ['event', 'after', 'unit', 'days'], orders: ['unit', 'days', 'by'], returns: ['unit', 'days', 'by'], rfm: ['moved'], repurchase: ['event', 'unit'], lifecycle: ['event', 'unit', 'days'],
  attribution: ['event', 'steps', 'model', 'window', 'days'], profile: ['segment'], sources: ['days'],
}

export function firstAsk(kind: Kind): Ask {
  const ordered = !['path', 'interval'].includes(kind)
  return {
    kind, days: kind === 'retention' || kind === 'lifecycle' ? 90 : 30, unit: kind === 'repurchase' ? 'month' : kind === 'trend' || kind === 'orders' ? 'day' : 'week', by: '', segment: '', filter: null, model: 'last', moved: 0,
    event: ordered ? 'Order Completed' : kind === 'interval' ? 'Product Added' : 'Product Viewed', after: 'Order Completed', window: kind === 'attribution' ? '30d' : '7d',
    steps: kind === 'attribution' ? ['Message Clicked', 'Message Opened', 'Message Sent'] : ['Product Viewed', 'Product Added', 'Order Completed'],
  }
}

/** What was kept may be of an older page: whatever is missing is as at first. */
export function askOf(x: unknown): Ask | null {
  const kept = (x as { ask?: Partial<Ask> } | null | undefined)?.ask
  return kept && isKind(kept.kind) ? { ...firstAsk(kept.kind), ...kept } : null
}

/** What an order's products can tell apart. */
export const OF_ORDERS: readonly Kind[] = ['orders', 'returns']
export const ITEMS = ['category', 'product_name'] as const
const did = (event: string) => ({ did: event })
function ownPart(a: Ask): Request {
  switch (a.kind) {
    case 'trend': return { event: a.event, interval: a.unit }
    case 'heatmap': return { event: a.event }
    case 'funnel': return { steps: a.steps.map(did), window: a.window }
    case 'path': return { start: did(a.event), length: 3, limit: 12 }
    case 'interval': return { start: did(a.event), end: did(a.after), within: a.window }
    case 'retention': return { first: did(a.event), again: did(a.after), unit: a.unit, periods: 6 }
    case 'orders': return { interval: a.unit }
    case 'returns': return { interval: a.unit, reasons: true }
    case 'rfm': return a.moved ? { since: since(a.moved) } : {}
    case 'repurchase': return { event: a.event, cohort: a.unit, within: ['30d', '60d', '90d'] }
    case 'lifecycle': return { event: a.event, interval: a.unit }
    case 'attribution': return { goal: did(a.event), touches: a.steps.map(did), model: a.model, window: a.window }
    case 'profile': return a.segment ? { segment: a.segment } : {}
    case 'sources': return {}
  }
}
export const partOf = (by: string): unknown => (by.startsWith('item:') ? { item: by.slice(5), limit: 12 } : by.startsWith('attribute:') ? { attribute: by.slice(10), limit: 8 } : by)
const filterOf = (a: Ask): unknown => {
  const within = a.segment && a.kind !== 'profile' ? { segment: a.segment } : null
  return within && a.filter ? { all: [within, a.filter] } : (within ?? a.filter)
}

export function requestOf(a: Ask): Request {
  const predicate = filterOf(a)
  return {
    ...ownPart(a), ...(HAS[a.kind].includes('days') ? { from: since(a.days) } : {}),
    ...(a.by && HAS[a.kind].includes('by') && (!a.by.startsWith('item:') || OF_ORDERS.includes(a.kind)) ? { by: partOf(a.by) } : {}), ...(predicate ? { predicate } : {}),
  }
}
