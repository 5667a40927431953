// ahead.tsx: what goes out in the next 24 hours, hour by hour and channel by channel; quiet hours are shaded.
import { useQuery } from '@tanstack/react-query'
import { api } from '~/api/client'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Card } from '~/parts'
import type { Today } from '../journeys'
import { channelTitle } from '../journey/verbs'
import { todayWords } from './words'

const HOUR = 3_600_000
const TONES = ['var(--accent)', 'var(--ramp-3)', 'var(--compare)', 'var(--ramp-2)', 'var(--ramp-4)', 'var(--ramp-1)']
type Quiet = { channel: string; from: string; to: string }

const minutes = (clock: string) => { const [h = 0, m = 0] = clock.split(':').map(Number); return h * 60 + m }

export function Ahead({ today }: { today: Today }) {
  const t = useWords(todayWords)
  const f = useFormat()
  const { next_24h: next } = today
  const policies = useQuery({ queryKey: ['policies'], staleTime: 300_000, queryFn: () => api.get<{ quiet?: Quiet[] }>('/api/v1/policies') })
  const start = Math.floor(Date.parse(today.at) / HOUR) * HOUR
  const hours = Array.from({ length: 24 }, (_, i) => {
    const at = start + i * HOUR
    const counts = next.hours.find((h) => Math.floor(Date.parse(h.at) / HOUR) * HOUR === at)?.counts ?? {}
    return { at, counts, n: Object.values(counts).reduce((a, b) => a + b, 0) }
  })
  const channels = [...new Set(hours.flatMap((h) => Object.keys(h.counts)))].sort()
  const most = Math.max(1, ...hours.map((h) => h.n))
  const peak = hours.reduce((a, b) => (b.n > a.n ? b : a), hours[0] as (typeof hours)[number])
  const quiet = policies.data?.quiet?.find((x) => x.channel === channels[0]) ?? policies.data?.quiet?.find((x) => x.channel === '*')
  const sent = Object.entries(today.sent_today).map(([c, n]) => `${channelTitle(t.lang, c)} ${f.number(n)}`).join(t.lang === 'zh' ? '，' : ', ')
  const inQuiet = (at: number) => {
    if (!quiet) return false
    const m = minutes(f.clock(at))
    const [a, b] = [minutes(quiet.from), minutes(quiet.to)]
    return a <= b ? m >= a && m < b : m >= a || m < b
  }
  const bands = hours.reduce<[number, number][]>((out, h, i) => {
    if (!inQuiet(h.at)) return out
    const last = out[out.length - 1]
    if (last && last[1] === i) last[1] = i + 1
    else out.push([i, i + 1])
    return out
  }, [])
  const wide = bands.reduce<[number, number] | undefined>((a, b) => (!a || b[1] - b[0] > a[1] - a[0] ? b : a), undefined)
  const y = (n: number) => (n / most) * 118
  return (
    <Card title={t('next')} action={<span className="small dim">{next.complete || !next.total ? t('planned', { n: next.total }) : t('plannedMore', { n: f.number(next.total) })}</span>}>
      {next.total === 0 ? <p className="muted">{t('noneNext')}</p> : (
        <>
          <svg viewBox="0 0 744 176" width="100%" role="img" aria-label={t('chart', { n: next.total, at: f.clock(peak.at) })} className="td-chart">
            {bands.map(([a, b]) => <rect key={a} x={a * 31} y={0} width={(b - a) * 31} height={150} rx={6} fill="var(--sunken)" />)}
            {wide && wide[1] - wide[0] >= 6 && quiet && <text x={((wide[0] + wide[1]) / 2) * 31} y={22} textAnchor="middle" fontSize={12} fill="var(--ink-3)">{t('quietBand', { from: quiet.from, to: quiet.to })}</text>}
            <line x1={0} y1={150.5} x2={744} y2={150.5} stroke="var(--line-2)" />
            {hours.map((h, i) => {
              let top = 150
              return (
                <g key={h.at}>
                  {channels.map((c, k) => {
                    const n = h.counts[c] ?? 0
                    if (!n) return null
                    const size = Math.max(1.2, y(n) - 1)
                    top -= size + 1
                    return <rect key={c} x={i * 31 + 5} y={top} width={21} height={size} rx={1.5} fill={TONES[k % TONES.length]} />
                  })}
                  {h.n > 0 && (h === peak || h.n >= most * 0.55) && <text x={i * 31 + 15.5} y={top - 7} textAnchor="middle" fontSize={13} fontWeight={600} fill="var(--ink)">{f.number(h.n)}</text>}
                  {i % 2 === 0 && <text x={i * 31 + 15.5} y={169} textAnchor="middle" fontSize={12} fill="var(--ink-3)">{f.clock(h.at).slice(0, 2)}</text>}
                </g>
              )
            })}
          </svg>
          <div className="td-legend">
            {channels.map((c, k) => <span key={c}><i style={{ background: TONES[k % TONES.length] }} />{channelTitle(t.lang, c)}</span>)}
            {sent && <span className="td-sent">{t('sentToday', { list: sent })}</span>}
          </div>
          <details className="td-table">
            <summary className="small">{t('tableOf')}</summary>
            <table className="tbl">
              <thead><tr><th scope="col">{t('tableHour')}</th>{channels.map((c) => <th key={c} scope="col" className="n">{channelTitle(t.lang, c)}</th>)}</tr></thead>
              <tbody>{hours.filter((h) => h.n > 0).map((h) => <tr key={h.at}><td>{f.near(h.at)}</td>{channels.map((c) => <td key={c} className="n num">{h.counts[c] ? f.number(h.counts[c]) : ''}</td>)}</tr>)}</tbody>
            </table>
          </details>
        </>
      )}
      {next.total === 0 && sent && <p className="small dim" style={{ marginTop: 8 }}>{t('sentToday', { list: sent })}</p>}
    </Card>
  )
}
