// hours.tsx: orders by day of the week and hour. A table that is also the picture; arrow keys move in it.
import { useMediaQuery } from '@mantine/hooks'
import { type KeyboardEvent, useRef, useState } from 'react'
import { useFormat } from '~/i18n/format'
import { type Lang, useWords } from '~/i18n'
import { LinkButton } from '~/parts'
import { type Hours as Answer, hoursOf, type Hour, useAnswer } from './ask'
import type { Figure } from './people'
import { Waited } from './wait'
import { insightsWords } from './words'

const WEEK = [1, 2, 3, 4, 5, 6, 7]
const clock = (h: number) => `${String(h % 24).padStart(2, '0')}:00`
/** 5 January 2026 was a Monday. */
const dayName = (weekday: number, lang: Lang, style: 'short' | 'long') =>
  new Intl.DateTimeFormat(lang === 'zh' ? 'zh-CN' : 'en-GB', { weekday: style, timeZone: 'UTC' }).format(Date.UTC(2026, 0, 4 + weekday))

/** The two hours in a row with most orders, over the whole week. */
export function peakOf(rows: Hour[]): number | null {
  const by = Array.from({ length: 24 }, () => 0)
  for (const r of rows) by[r.hour] = (by[r.hour] ?? 0) + r.events
  let best: number | null = null
  const two = (h: number) => (by[h] ?? 0) + (by[(h + 1) % 24] ?? 0)
  for (let h = 0; h < 24; h++) if (two(h) > (best === null ? 0 : two(best))) best = h
  return best
}

export function Hours({ from, open }: { from: string; open: (f: Figure) => void }) {
  const t = useWords(insightsWords)
  const asked = hoursOf(from)
  const answer = useAnswer<Answer>(asked)
  const peak = answer.data ? peakOf(answer.data.rows) : null
  const pick = (weekday: number, hour: number) => {
    const at = { day: dayName(weekday, t.lang, 'long'), from: clock(hour), to: clock(hour + 1) }
    open({ asked, at: { weekday, hour }, name: `${t('ordered')} ${at.day} ${at.from}`, title: (n) => t('hourTitle', { ...at, n }) })
  }
  return (
    <section className="card pad">
      <div className="in-head"><h2>{t('hours')}</h2><LinkButton small to="/journeys">{t('times')}</LinkButton></div>
      <p className="small dim in-sub">{peak === null ? ' ' : t('peak', { from: clock(peak), to: clock(peak + 2) })}</p>
      <Waited of={answer} lines={8}>{({ rows }) => (rows.length === 0 ? <p className="muted">{t('hoursNone')}</p> : <Heat rows={rows} pick={pick} />)}</Waited>
    </section>
  )
}

export function Heat({ rows, pick }: { rows: Hour[]; pick: (weekday: number, hour: number) => void }) {
  const t = useWords(insightsWords)
  const f = useFormat()
  const phone = useMediaQuery('(max-width: 760px)') ?? false
  const table = useRef<HTMLTableElement>(null)
  const busiest = rows.reduce((a, b) => (b.events > a.events ? b : a))
  const [at, setAt] = useState({ weekday: busiest.weekday, hour: busiest.hour })
  const count = new Map(rows.map((r) => [r.weekday * 24 + r.hour, r.events]))
  const first = phone ? Math.min(...rows.map((r) => r.hour)) : 0
  const last = phone ? Math.max(...rows.map((r) => r.hour)) : 23
  const hours = Array.from({ length: last - first + 1 }, (_, i) => first + i)
  const move = (e: KeyboardEvent) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key]
    if (!step) return
    e.preventDefault()
    const [x = 0, y = 0] = step
    const to = { weekday: Math.min(7, Math.max(1, at.weekday + (phone ? x : y))), hour: Math.min(last, Math.max(first, at.hour + (phone ? y : x))) }
    setAt(to)
    table.current?.querySelector<HTMLButtonElement>(`[data-at="${to.weekday}-${to.hour}"]`)?.focus()
  }
  const cell = (weekday: number, hour: number) => {
    const n = count.get(weekday * 24 + hour) ?? 0
    const label = t('hourLabel', { day: dayName(weekday, t.lang, 'long'), hour: clock(hour), n })
    return (
      <td key={`${weekday}-${hour}`}>
        <button
          type="button" className={`in-hour in-r${n === 0 ? 0 : Math.max(1, Math.ceil((n / busiest.events) * 5))}`} aria-label={label} title={label} aria-disabled={n === 0 || undefined}
          data-at={`${weekday}-${hour}`} tabIndex={at.weekday === weekday && at.hour === hour ? 0 : -1}
          onFocus={() => setAt({ weekday, hour })} onClick={() => { if (n > 0) pick(weekday, hour) }}
        />
      </td>
    )
  }
  return (
    <>
      <table className="in-heat" ref={table} onKeyDown={move}>
        <caption className="sr">{t('hoursTable')}</caption>
        <thead>
          <tr><td />{phone ? WEEK.map((d) => <th key={d} scope="col">{dayName(d, t.lang, 'short')}</th>) : hours.map((h) => <th key={h} scope="col"><span className="sr">{clock(h)}</span>{h % 3 === 0 && <span aria-hidden>{String(h).padStart(2, '0')}</span>}</th>)}</tr>
        </thead>
        <tbody>
          {phone
            ? hours.map((h) => <tr key={h}><th scope="row">{clock(h)}</th>{WEEK.map((d) => cell(d, h))}</tr>)
            : WEEK.map((d) => <tr key={d}><th scope="row">{dayName(d, t.lang, 'short')}</th>{hours.map((h) => cell(d, h))}</tr>)}
        </tbody>
      </table>
      <div className="row small dim in-key"><span>{t('less')}</span>{[0, 1, 2, 3, 4, 5].map((r) => <i key={r} className={`in-r${r}`} aria-hidden />)}<span>{t('most', { n: f.number(busiest.events) })}</span></div>
    </>
  )
}
