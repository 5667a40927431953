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
  const policies = useQuery({ queryKey: ['policies', 'quiet'], staleTime: 300_000, queryFn: () => api.get<{ quiet?: Quiet[] }>('/api/v1/policies') })
  const start = Math.floor(Date.parse(today.at) / HOUR) * HOUR
  const hours = Array.from({ length: 24 }, (_, i) => {
    const at = start + i * HOUR
    const counts = next.hours.find((h) => Math.floor(Date.parse(h.at) / HOUR) * HOUR === at)?.counts ?? {}
    return { at, counts, n: Object.values(counts).reduce((a, b) => a + b, 0) }
  })
  const channels = [...new Set(hours.flatMap((h) => Object.keys(h.counts)))].sort()
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
  return (
    <Card title={t('next')} action={<span className="small dim">{next.complete || !next.total ? t('planned', { n: next.total }) : t('plannedMore', { n: f.number(next.total) })}</span>}>
      {next.total === 0 ? <p className="muted">{t('noneNext')}</p> : (
        <>
          <Chart className="td-wide" hours={hours} per={1} channels={channels} bands={bands} quiet={quiet} label={t('chart', { n: next.total, at: f.clock(peak.at) })} />
          <Chart className="td-narrow" hours={hours} per={3} channels={channels} bands={bands} quiet={quiet} label={t('chart', { n: next.total, at: f.clock(peak.at) })} />
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

type Hour = { at: number; counts: { [channel: string]: number }; n: number }
/** A bar for each `per` hours: on a phone three, so that the words stay readable. */
function Chart({ hours, per, channels, bands, quiet, label, className }: { hours: Hour[]; per: number; channels: string[]; bands: [number, number][]; quiet: Quiet | undefined; label: string; className: string }) {
  const t = useWords(todayWords)
  const f = useFormat()
  const one = per === 1 ? 31 : 42
  const bar = per === 1 ? 21 : 28
  const bars = Array.from({ length: 24 / per }, (_, i) => {
    const part = hours.slice(i * per, (i + 1) * per)
    return { at: part[0]?.at ?? 0, n: part.reduce((n, h) => n + h.n, 0), counts: Object.fromEntries(channels.map((c) => [c, part.reduce((n, h) => n + (h.counts[c] ?? 0), 0)])) }
  })
  const most = Math.max(1, ...bars.map((b) => b.n))
  const width = one * bars.length
  const x = (hour: number) => (hour / per) * one
  const wide = bands.reduce<[number, number] | undefined>((a, b) => (!a || b[1] - b[0] > a[1] - a[0] ? b : a), undefined)
  return (
    <svg viewBox={`0 0 ${width} 176`} width="100%" role="img" aria-label={label} className={`td-chart ${className}`}>
      {bands.map(([a, b]) => <rect key={a} x={x(a)} y={0} width={x(b) - x(a)} height={150} rx={6} fill="var(--sunken)" />)}
      {per === 1 && wide && wide[1] - wide[0] >= 6 && quiet && <text x={(x(wide[0]) + x(wide[1])) / 2} y={22} textAnchor="middle" fontSize={12} fill="var(--ink-3)">{t('quietBand', { from: quiet.from, to: quiet.to })}</text>}
      <line x1={0} y1={150.5} x2={width} y2={150.5} stroke="var(--line-2)" />
      {bars.map((b, i) => {
        let top = 150
        const middle = i * one + one / 2
        return (
          <g key={b.at}>
            {channels.map((c, k) => {
              const n = b.counts[c] ?? 0
              if (!n) return null
              const size = Math.max(1.2, (n / most) * 118 - 1)
              top -= size + 1
              return <rect key={c} x={middle - bar / 2} y={top} width={bar} height={size} rx={1.5} fill={TONES[k % TONES.length]} />
            })}
            {b.n > 0 && b.n >= most * 0.55 && <text x={middle} y={top - 7} textAnchor="middle" fontSize={13} fontWeight={600} fill="var(--ink)">{f.number(b.n)}</text>}
            {(per > 1 || i % 2 === 0) && <text x={middle} y={169} textAnchor="middle" fontSize={12} fill="var(--ink-3)">{f.clock(b.at).slice(0, 2)}</text>}
          </g>
        )
      })}
    </svg>
  )
}
