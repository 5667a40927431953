// Answers in words, and what may be chosen where the server offers nothing of its own.
import type { Question } from '~/api/playbooks'
import type { T, Text } from '~/i18n'
import type { Format } from '~/i18n/format'
import type { setupWords } from './words'

type W = T<keyof typeof setupWords.en>
export const UNITS = ['s', 'm', 'h', 'd', 'w'] as const
export type Unit = (typeof UNITS)[number]

export function parseDuration(v: unknown): { n: number; unit: Unit } | undefined {
  const m = /^(-?\d+)(s|m|h|d|w)$/.exec(String(v))
  return m ? { n: Number(m[1]), unit: m[2] as Unit } : undefined
}

export function valueWords(q: Question, v: unknown, t: W, f: Format, text: (x: Text, or?: string) => string): string {
  const choice = q.choices?.find((c) => c.value === v)
  if (choice?.words) return text(choice.words, String(v))
  if (v === q.default && (q.type === 'event' || q.type === 'attribute') && q.default_words) return text(q.default_words, String(v))
  const d = parseDuration(v)
  switch (q.type) {
    case 'duration': return d ? t(`d_${d.unit}`, { n: d.n }) : String(v)
    case 'offset': return d ? (d.n === 0 ? t('onDay') : t(d.n < 0 ? 'before' : 'after', { n: Math.abs(d.n) * (d.unit === 'w' ? 7 : 1) })) : String(v)
    case 'percent': return f.share(Number(v) > 1 ? Number(v) / 100 : Number(v))
    case 'number': return isMoney(q.id) ? f.money(Number(v)) : Number(v) > 0 && Number(v) < 1 ? f.share(Number(v)) : f.number(Number(v))
    case 'boolean': return t(v ? 'yes' : 'no')
    case 'channel': return v === 'email' || v === 'sms' ? t(v) : String(v)
    default: return String(v ?? '')
  }
}

/** Worths of coupons, by the names that playbooks give them: amount, amount_2. */
export const isMoney = (id: string | undefined) => /^amount(_|$)/.test(id ?? '')

const uniq = <V>(list: V[]) => [...new Set(list)]
/** Values to choose among: the server's, else round ones about the default. */
export function choicesOf(q: Question, now: unknown): unknown[] {
  const given = (q.choices ?? []).map((c) => c.value as unknown)
  const base = q.default as unknown
  const known: unknown[] = given.length ? given
    : q.type === 'duration' ? ['30m', '1h', '3h', '1d', '3d', '7d', '14d', '30d']
      : q.type === 'offset' ? ['0d', '-1d', '-3d', '-7d', '-14d']
        : q.type === 'time' ? ['08:00', '09:00', '10:00', '12:00', '14:00', '18:00', '20:00']
          : q.type === 'boolean' ? [true, false]
            : q.type === 'number' && typeof base === 'number' ? (base > 0 && base < 1 ? [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5] : uniq([base / 2, base, base * 2, base * 3].map((x) => Math.max(1, Math.round(x)))))
              : []
  return uniq([...(known.includes(now) ? [] : [now]), ...known]).filter((v) => v !== undefined && v !== '')
}
export const mayType = (q: Question) => q.type !== 'boolean' && q.type !== 'channel'
