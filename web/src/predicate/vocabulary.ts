// vocabulary.ts: everything a picker of conditions can offer, each with its words.
import { useMemo } from 'react'
import type { Schemas } from '~/api/client'
import { useServedVocabulary } from '~/api/vocabulary'
import { type Text, textOf, useLang } from '~/i18n'
import { eventName } from '~/events/words'
import { channelWords, DEEDS, deedWords, nameWords } from './lexicon'

type Served = Schemas['vocabulary']
type Named = { id: string; name?: Text; subject?: Text }
const asNamed = (list: readonly unknown[] | undefined): Named[] => (list ?? []).flatMap((x) => {
  const o = (x ?? {}) as { id?: unknown; name?: Text; subject?: Text }
  return typeof o.id === 'string' ? [{ id: o.id, name: o.name ?? o.subject }] : []
})

export type Item = { value: string; label: string; note?: string | undefined; group?: string | undefined }
export type Stages = { id: string; name: string; stages: Item[] }
export type Vocabulary = ReturnType<typeof vocabularyOf>

function vocabularyOf(v: Served | undefined, lang: 'zh' | 'en') {
  // Words of the server that only repeat the name are none.
  const own = (name: string, words?: Text) => { const said = textOf(words, lang); return said && said !== name ? said : undefined }
  const nameOf = (name: string, words?: Text) => own(name, words) ?? nameWords(name, lang) ?? name
  const attributes = new Map((v?.attributes ?? []).flatMap((a) => (a.name ? [[a.name, a] as const] : [])))
  const events = new Map((v?.events ?? []).flatMap((e) => (e.name ? [[e.name, e] as const] : [])))
  const properties = new Map<string, { type?: string | undefined; words?: Text; samples?: readonly unknown[] }>()
  for (const e of events.values()) for (const p of e.properties ?? []) if (p.name && !properties.has(p.name)) properties.set(p.name, p)
  const named = (list: readonly unknown[] | undefined): Item[] => asNamed(list).map((x) => ({ value: x.id, label: textOf(x.name, lang, x.id) }))
  const deed = (event: string, not: boolean): string | undefined => (event === '*' ? undefined : deedWords(event, not, lang))
  const served = [...events.values()].map((e) => e.name ?? '').filter(Boolean)
  const stages: Stages[] = (v?.stages ?? []).flatMap((m) => {
    const model = m as { id?: unknown; name?: Text; stages?: { id: string; name?: Text }[] }
    return typeof model.id === 'string' ? [{ id: model.id, name: textOf(model.name, lang, model.id), stages: named(model.stages) }] : []
  })
  return {
    ready: v !== undefined,
    attribute: (name: string) => ({ label: nameOf(name, attributes.get(name)?.words), type: attributes.get(name)?.type ?? null, samples: attributes.get(name)?.samples ?? [] }),
    attributes: [...attributes.keys()].map((a): Item => ({ value: a, label: nameOf(a, attributes.get(a)?.words), note: own(a, attributes.get(a)?.words) || nameWords(a, lang) ? undefined : (attributes.get(a)?.type ?? undefined) })),
    deed,
    /** "Order Completed" by its words, for where no verb is known. */
    event: (name: string) => own(name, events.get(name)?.words) ?? eventName(name, lang),
    /** Usual deeds first, then the shop's own, then the rest that the engine writes. */
    events: [...new Set([...served.filter((e) => Object.hasOwn(DEEDS, e) && DEEDS[e]?.usual), ...served, ...Object.keys(DEEDS).filter((e) => e.startsWith('Message ') || e.startsWith('Coupon ') || e.startsWith('Journey ') || e.startsWith('Order '))])],
    property: (name: string, event?: string) => {
      const p = events.get(event ?? '')?.properties?.find((x) => x.name === name) ?? properties.get(name)
      const guess = ['total', 'revenue', 'price', 'quantity'].includes(name) ? 'decimal' : null
      return { label: nameOf(name, p?.words), type: p?.type ?? guess, samples: p?.samples ?? [] }
    },
    properties: (event?: string): Item[] => {
      const had = (events.get(event ?? '')?.properties ?? []).flatMap((p) => (p.name ? [p.name] : []))
      const usual = had.length > 0 ? [] : event === 'Order Completed' ? ['total', 'currency', 'coupon'] : event?.startsWith('Product ') ? ['name', 'category', 'price', 'product_id', 'quantity'] : []
      return [...new Set([...had, ...usual, ...(had.length > 0 || usual.length > 0 ? [] : properties.keys())])].map((p) => ({ value: p, label: nameOf(p, properties.get(p)?.words) }))
    },
    items: (['product_name', 'category', 'product_id', 'price', 'quantity'] as const).map((p): Item => ({ value: p, label: nameOf(p) })),
    tags: (v?.tags ?? []).flatMap((t): Item[] => (t.name ? [{ value: t.name, label: t.name, note: undefined }] : [])),
    segments: (v?.segments ?? []).flatMap((s): Item[] => (s.id ? [{ value: s.id, label: textOf(s.name as Text, lang, s.id), note: s.members === undefined ? undefined : String(s.members) }] : [])),
    stages, scores: named(v?.scores), journeys: named(v?.journeys), templates: named(v?.templates),
    channels: (v?.channels?.length ? v.channels.flatMap((c) => (c.name ? [c.name] : [])) : ['email', 'sms', 'wechat', 'push']).map((c): Item => ({ value: c, label: channelWords(c, lang) })),
    channel: (c: string) => channelWords(c, lang),
  }
}

export function useVocabulary(): Vocabulary {
  const { lang } = useLang()
  const q = useServedVocabulary()
  return useMemo(() => vocabularyOf(q.data, lang), [q.data, lang])
}
