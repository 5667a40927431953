// side.tsx: how many, how it went, by which way they can be reached.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { api } from '~/api/client'
import { useFormat } from '~/i18n/format'
import { useWords } from '~/i18n'
import { Bar, Button, Card, Loaded } from '~/parts'
import { type Predicate, type Preview, useVocabulary } from '~/predicate'
import { segmentWords } from './words'

type Day = { date: string; entered: number; left: number; members: number }
export const people = (filter: Predicate) => `/customers?filter=${encodeURIComponent(JSON.stringify(filter))}`

export function Size({ preview, total, draft, to, settled, history }: { preview: Preview | undefined; total: number | undefined; draft: boolean; to: string | undefined; settled: boolean; history: Day[] }) {
  const t = useWords(segmentWords)
  const f = useFormat()
  const of = preview?.of ?? total
  return (
    <Card>
      <div className="fig">
        <div className="k">{t(draft ? 'would' : 'now')}</div>
        <div className={`sg-big num ${settled ? '' : 'sg-old'}`} aria-live="polite">
          {preview ? (to && preview.count > 0 ? <Link href={to}>{f.number(preview.count)}</Link> : f.number(preview.count)) : '–'}<small>{t('people', { n: preview?.count ?? 0 })}</small>
        </div>
        {preview && of ? <div className="d">{t(draft ? 'shareNew' : 'share', { share: f.share(preview.count / of), of: f.number(of) })}</div> : null}
      </div>
      {history.length > 1 && !draft && <Line days={history} />}
    </Card>
  )
}

function Line({ days }: { days: Day[] }) {
  const t = useWords(segmentWords)
  const f = useFormat()
  const line = [...days].reverse()
  const first = line[0], last = line.at(-1)
  if (!first || !last) return null
  const at = (d: Day) => Date.parse(d.date)
  const low = Math.min(...line.map((d) => d.members)), high = Math.max(...line.map((d) => d.members)), span = Math.max(1, at(last) - at(first))
  const x = (d: Day) => 4 + ((at(d) - at(first)) / span) * 312
  const y = (d: Day) => 52 - ((d.members - low) / Math.max(1, high - low)) * 44
  const points = line.flatMap((d, i) => { const p = line[i - 1]; return p ? [`${x(d)},${y(p)}`, `${x(d)},${y(d)}`] : [`${x(d)},${y(d)}`] }).join(' ')
  return (
    <svg viewBox="0 0 322 76" width="100%" role="img" aria-label={t('chart', { from: f.number(first.members), a: f.day(first.date), to: f.number(last.members), b: f.day(last.date) })} className="sg-chart">
      <polyline points={points} fill="none" stroke="var(--accent)" strokeWidth="2" strokeLinejoin="round" />
      <circle cx={x(last)} cy={y(last)} r="3.5" fill="var(--accent)" />
      <line x1="0" x2="322" y1="58.5" y2="58.5" stroke="var(--line)" />
      <text x="0" y="73">{f.day(first.date)}: {f.number(first.members)}</text>
      <text x="322" y="73" textAnchor="end">{f.day(last.date)}</text>
    </svg>
  )
}

export function Reach({ preview, predicate }: { preview: Preview; predicate: Predicate }) {
  const t = useWords(segmentWords)
  const f = useFormat()
  const v = useVocabulary()
  const ways = Object.entries(preview.reachable).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1])
  if (preview.count === 0) return null
  const any = preview.reachable_any
  const line = (label: string, n: number, filter: Predicate) => (
    <div className="sg-rc" key={label}><span className="muted">{label}</span><span aria-hidden><Bar share={n / preview.count} /></span><Link href={people({ all: [predicate, filter] })} className="num b r">{f.number(n)}</Link></div>
  )
  const some: Predicate = { any: ways.map(([c]) => ({ reachable: c })) }
  return (
    <Card title={t('reach')}>
      {ways.length === 0 && <p className="muted">{t('reachEmpty')}</p>}
      {ways.map(([c, n]) => line(v.channel(c), n, { reachable: c }))}
      {any !== undefined && ways.length > 1 && <><div className="sg-rule" />{line(t('any'), any, some)}</>}
      <p className="small dim" style={{ marginTop: 10 }}>
        {t('reachNote')}
        {any !== undefined && preview.count > any && <> {t('none', { n: preview.count - any })} <Link href={people(ways.length ? { all: [predicate, { not: some }] } : predicate)} className="sg-under">{t('seeNone')}</Link></>}
      </p>
    </Card>
  )
}

export function useHistory(id: string | undefined) {
  return useQuery({ queryKey: ['segment', id, 'history'], enabled: id !== undefined, queryFn: async () => (await api.get<{ items: Day[] }>('/api/v1/segments/{id}/history', { path: { id: id ?? '' }, query: { limit: 400 } })).items })
}

export function History({ id, days }: { id: string; days: ReturnType<typeof useHistory> }) {
  const t = useWords(segmentWords)
  const f = useFormat()
  const [shown, setShown] = useState(7)
  const moved = (event: 'Segment Entered' | 'Segment Left', d: Day) => people({ did: event, where: { property: 'segment', op: '=', value: id }, between: [d.date, d.date] })
  return (
    <Card title={t('history')}>
      <Loaded of={days} lines={3}>
        {(list) => (list.length === 0 ? <p className="muted">{t('historyEmpty')}</p> : (
          <>
            <table className="tbl sg-days">
              <thead><tr><th>{t('day')}</th><th className="n">{t('came')}</th><th className="n">{t('left')}</th><th className="n">{t('after')}</th></tr></thead>
              <tbody>
                {list.slice(0, shown).map((d) => (
                  <tr key={d.date}>
                    <td>{f.dayKey(new Date()) === d.date ? t('todayWord') : f.day(d.date)}</td>
                    <td className="n num">{d.entered > 0 && <Link href={moved('Segment Entered', d)}>{f.number(d.entered)}</Link>}</td>
                    <td className="n num">{d.left > 0 && <Link href={moved('Segment Left', d)}>{f.number(d.left)}</Link>}</td>
                    <td className="n">{f.number(d.members)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            {list.length > shown && <Button small plain onClick={() => setShown(shown + 30)}>{t('moreDays')}</Button>}
          </>
        ))}
      </Loaded>
    </Card>
  )
}
