// Numbers, money and times as people of either language write them, in the workspace's zone and currency.
import { useMemo } from 'react'
import { useSession } from '~/api/session'
import { type Lang, useLang } from '.'

export type Format = ReturnType<typeof formats>

export function formats(lang: Lang, zone: string | undefined, currency: string | undefined) {
  const locale = lang === 'zh' ? 'zh-CN' : 'en-GB'
  const tz = zone ? { timeZone: zone } : {}
  const whole = new Intl.NumberFormat(locale)
  const large = new Intl.NumberFormat(locale, { notation: 'compact', compactDisplay: 'long', maximumSignificantDigits: 2 })
  const share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
  const day = new Intl.DateTimeFormat(locale, { ...tz, day: 'numeric', month: lang === 'zh' ? 'long' : 'short' })
  const dayYear = new Intl.DateTimeFormat(locale, { ...tz, day: 'numeric', month: lang === 'zh' ? 'long' : 'short', year: 'numeric' })
  const clock = new Intl.DateTimeFormat(locale, { ...tz, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const weekday = new Intl.DateTimeFormat(locale, { ...tz, weekday: 'long' })
  const key = new Intl.DateTimeFormat('en-CA', { ...tz, year: 'numeric', month: '2-digit', day: '2-digit' })
  const at = (v: string | number | Date) => (v instanceof Date ? v : new Date(v))
  const ago = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const f = {
    number: (n: number) => whole.format(n),
    /** Roughly: 100 million, 1 亿; in Chinese with what separates a number from the word behind it. */
    large: (n: number) => (lang === 'zh' ? large.format(n).replace(/(\d)(\p{L})/u, '$1 $2').replace(/\d$/, '$& ') : large.format(n)),
    /** 0.434 → 43.4% */
    share: (n: number) => share.format(n),
    money: (n: number) => {
      if (!currency) return whole.format(n)
      return new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay: 'narrowSymbol', minimumFractionDigits: Number.isInteger(n) ? 0 : 2, maximumFractionDigits: 2 }).format(n)
    },
    clock: (v: string | number | Date) => clock.format(at(v)),
    weekday: (v: string | number | Date) => weekday.format(at(v)),
    /** The day in the workspace's zone, as 2026-06-09. */
    dayKey: (v: string | number | Date) => key.format(at(v)),
    day: (v: string | number | Date) => {
      const d = at(v)
      return key.format(d).slice(0, 4) === key.format(new Date()).slice(0, 4) ? day.format(d) : dayYear.format(d)
    },
    dateTime: (v: string | number | Date) => `${f.day(v)} ${clock.format(at(v))}`,
    /** Today and yesterday by name, else the day; with the clock. */
    near: (v: string | number | Date) => {
      const d = at(v)
      const days = Math.round((Date.parse(key.format(d)) - Date.parse(key.format(new Date()))) / 86_400_000)
      if (Math.abs(days) <= 1) return `${ago.format(days, 'day')} ${clock.format(d)}`
      return f.dateTime(d)
    },
    bytes: (n: number) => (n < 1024 ? `${n} B` : n < 1024 * 1024 ? `${whole.format(Math.round(n / 1024))} KB` : `${(n / 1024 / 1024).toFixed(1)} MB`),
  }
  return f
}

export function useFormat(): Format {
  const { lang } = useLang()
  const workspace = useSession()?.workspace
  return useMemo(() => formats(lang, workspace?.zone, workspace?.currency), [lang, workspace?.zone, workspace?.currency])
}
