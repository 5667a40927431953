// names.ts: what an answer's ids, days and seconds are called in the reader's language.
import { useMemo } from 'react'
import { useFormat } from '~/i18n/format'
import { useWords } from '~/i18n'
import { useVocabulary } from '~/predicate'
import { questionWords } from './question-words'
import type { As, Cell, Names } from './read'

const RFM = ['champions', 'loyal', 'potential_loyal', 'new', 'promising', 'need_attention', 'about_to_sleep', 'at_risk', 'cannot_lose', 'hibernating'] as const
const UNITS = [[86_400, 'day'], [3600, 'hour'], [60, 'minute'], [1, 'second']] as const

export function useNames(): Names {
  const t = useWords(questionWords)
  const f = useFormat()
  const v = useVocabulary()
  return useMemo(() => ({
    f, event: v.event,
    day: (n) => new Intl.DateTimeFormat(t.lang === 'zh' ? 'zh-CN' : 'en-GB', { weekday: 'long', timeZone: 'UTC' }).format(Date.UTC(2026, 0, 4 + n)),
    word: (kind, id) => {
      const known = RFM.find((x) => x === id)
      return kind === 'rfm' ? (known ? t(`r_${known}`) : id === 'before' ? t('r_before') : id) : t(id === 'rest' ? 'rest' : id === 'all' ? 'all' : 'unknown')
    },
    source: (id) => (id.startsWith('import:') ? t('imported', { id: id.slice(-4) }) : id),
    time: (s) => {
      const [size, unit] = UNITS.find(([n]) => s >= n) ?? UNITS[3]
      return new Intl.NumberFormat(t.lang === 'zh' ? 'zh-CN' : 'en-GB', { style: 'unit', unit, unitDisplay: t.lang === 'zh' ? 'short' : 'long', maximumFractionDigits: size > 60 ? 1 : 0 }).format(s / size)
    },
  }), [t, f, v])
}

export function shownAs(x: Cell | undefined, as: As, n: Names): string {
  if (x === null || x === undefined) return ''
  if (typeof x === 'string') return x
  return as === 'share' ? n.f.share(x) : as === 'money' ? n.f.money(x) : as === 'time' ? n.time(x) : n.f.number(x)
}
