// What a column can mean, by kind of file (docs/imports.md), in words.
import type { dataWords } from '~/screens/data/words'

export type ImportKind = 'customers' | 'orders' | 'events'
type Word = keyof typeof dataWords.en

const WHO = ['user_id', 'email', 'phone', 'member_no']
const ABOUT = ['name', 'first_name', 'last_name', 'birthday', 'gender', 'city', 'created_at', 'tier', 'expires_on', 'owner', 'language']
const MORE: Record<ImportKind, string[]> = {
  customers: ['tag', 'consent:email', 'consent:sms', 'occurred_at'],
  orders: ['order_id', 'occurred_at', 'total', 'product_name', 'product_id', 'category', 'quantity', 'price', 'kind', 'consent:email', 'consent:sms'],
  events: ['event', 'occurred_at', 'message_id', 'consent:email', 'consent:sms'],
}
const ABOUT_OF: Record<ImportKind, string[]> = { customers: ABOUT, orders: [], events: [] }

export const targetsOf = (kind: ImportKind) => [...WHO, ...MORE[kind], ...ABOUT_OF[kind].map((a) => `attribute:${a}`)]

/** The word for a target, or null: it is kept under its own name. */
export function wordOf(target: string): Word | null {
  if (target.startsWith('attribute:') && ABOUT.includes(target.slice(10))) return `a_${target.slice(10)}` as Word
  const known = [...WHO, ...Object.values(MORE).flat()]
  return known.includes(target) ? (`t_${target}` as Word) : null
}

/** What a text file is about, by its first line; the marketer can say otherwise. */
export function guessKind(head: string): ImportKind {
  const line = head.split(/\r?\n/, 1)[0]?.toLowerCase() ?? ''
  if (/order|订单|下单|amount|金额|quantity|数量|unit price|单价|sku/.test(line)) return 'orders'
  if (/(^|[",;\t{ ])"?(event|event_name|事件|行为)"?/.test(line)) return 'events'
  return 'customers'
}
