// Made-up people for a journey: one for each way through it, and the script that sends them on it.
import type { Journey, Json } from '../launch/data'

export type Deed = { event: string; hours: number }
export type Person = { id: string; deed?: Deed | undefined; agreed: boolean }
export type Happened = { at: string; event: string; customer?: string; step?: string; channel?: string; template?: string; reason?: string; coupon?: string; tag?: string }
export type Outcome = { ok: boolean; detail?: string; happened: Happened[] }
export const DAYS = 35

/** Every event that a condition of the journey asks for. */
function asked(node: Json | undefined, out: Set<string> = new Set()): Set<string> {
  if (Array.isArray(node)) for (const n of node) asked(n, out)
  else if (node && typeof node === 'object') for (const [k, v] of Object.entries(node)) { if (k === 'did' && typeof v === 'string') out.add(v); else asked(v, out) }
  return out
}
export function events(j: Journey): string[] {
  const all = asked(j as unknown as Json)
  if (j.trigger?.event) all.delete(j.trigger.event)
  return [...all].slice(0, 4)
}
/** One who does nothing more, one for each event that matters, one who has not agreed. */
export function people(j: Journey): Person[] {
  return [{ id: 'p1', agreed: true }, ...events(j).slice(0, 3).map((event, i) => ({ id: `p${i + 2}`, agreed: true, deed: { event, hours: 24 } })), { id: `p${Math.min(events(j).length, 3) + 2}`, agreed: false }]
}
export const canTry = (j: Journey) => !!(j.trigger?.event || j.trigger?.date)

const two = (n: number) => String(n).padStart(2, '0')
/** Calendar arithmetic on the workspace's own clock: a script's times are local. */
const at = (day: string, hours: number) => {
  const d = new Date(Date.parse(`${day}T00:00:00Z`) + hours * 3_600_000)
  return `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`
}
const KEYED: Record<string, string> = { cart_id: 'c1', order_id: 'o1', product_id: 'p1' }

/** `day`: tomorrow, where the shop is. */
export function scriptOf(j: Journey, list: Person[], zone: string, day: string, bodies: { product: string }) {
  const trigger = j.trigger as { event?: string; date?: string; key?: string; anniversary?: boolean } | undefined
  const date = at(day, 4 * 24).slice(0, 10)
  const values = (who: string) => ({ ...Object.fromEntries(Object.entries(KEYED).map(([k, v]) => [k, `${v}-${who}`])), ...(trigger?.key ? { [trigger.key]: `key-${who}` } : {}), product_name: bodies.product, name: bodies.product, price: 88, total: 88 })
  return {
    zone, workspace_zone: zone, until: at(day, DAYS * 24),
    script: list.flatMap((p, i) => [
      { at: at(day, 10), customer: { user_id: p.id, email: `${p.id}@made-up.example`, phone: `+86138000000${two(i)}`, name: p.id, consent: { email: p.agreed, sms: p.agreed }, ...(trigger?.date ? { [trigger.date]: trigger.anniversary ? `1990${date.slice(4)}` : date } : {}) } },
      ...(trigger?.event ? [{ at: at(day, 10 + 1 / 60), track: trigger.event, by: p.id, properties: values(p.id) }] : []),
      ...(p.deed ? [{ at: at(day, (trigger?.date ? 4 * 24 : 10) + p.deed.hours), track: p.deed.event, by: p.id, properties: values(p.id) }] : []),
    ]).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)),
  }
}
/** Whose line it is: the report names the strongest identifier. */
export const whose = (list: Person[], customer: string | undefined) => list.find((p, i) => customer === p.id || customer === `user_id:${p.id}` || customer === `phone:+86138000000${two(i)}` || customer === `email:${p.id}@made-up.example`)
