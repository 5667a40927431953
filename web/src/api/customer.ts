// How a customer is called on a page: by name, else by what we may show of an identifier.
import type { Schemas } from './client'

export type Customer = Schemas['customer']
type Id = { namespace: string; value: string; raw?: string }

export const ids = (c: Customer): Id[] => (c.identifiers ?? []) as Id[]

/** 138****8000, l***@example.com: numbers and addresses are never shown whole in lists. */
export function masked(namespace: string, given: string): string {
  const value = given.trim()
  if (namespace === 'phone') return value.length > 7 ? `${value.slice(0, -8)}****${value.slice(-4)}` : '****'
  if (namespace === 'email') return value.replace(/^(.).*(?=@)/, '$1***')
  return value.length > 24 ? `${value.slice(0, 12)}…` : value
}

export function nameOf(c: Customer): { text: string; note?: string | undefined } {
  const a = (c.attributes ?? {}) as Record<string, unknown>
  const full = [a.name, a.full_name, [a.first_name, a.last_name].filter(Boolean).join(' ')].find((x) => typeof x === 'string' && x.trim())
  const list = ids(c)
  const first = list.find((i) => i.namespace === 'user_id') ?? list.find((i) => i.namespace === 'email') ?? list.find((i) => i.namespace === 'phone') ?? list[0]
  const shown = first ? masked(first.namespace, first.namespace === 'phone' ? first.value : (first.raw ?? first.value)) : (c.id ?? '')
  return full ? { text: String(full), note: shown } : { text: shown }
}
