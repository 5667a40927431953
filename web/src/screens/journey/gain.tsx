// gain.tsx: did it sell more than sending nothing? Those it ran for against those kept aside, both counted by the same
// question to the past; the range is that of two shares (Newcombe's, from Wilson's), worked out here.
import { useQuery } from '@tanstack/react-query'
import { request } from '~/api/client'
import { useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Card } from '~/parts'
import { type Journey, type Predicate } from './model'
import type { Figures } from './report'
import { type Say } from './say'
import { journeyWords } from './words'

const Z = 1.959964
export type Share = { of: number; n: number }
/** Wilson's range of a share. */
function wilson({ of, n }: Share): [number, number] {
  const p = of / n
  const middle = (p + (Z * Z) / (2 * n)) / (1 + (Z * Z) / n)
  const half = (Z * Math.sqrt((p * (1 - p)) / n + (Z * Z) / (4 * n * n))) / (1 + (Z * Z) / n)
  return [Math.max(0, middle - half), Math.min(1, middle + half)]
}
/** How far apart two shares are, and the range that holds the truth 95 times in 100. */
export function difference(a: Share, b: Share): { diff: number; lo: number; hi: number } {
  const pa = a.of / a.n
  const pb = b.of / b.n
  const [la, ua] = wilson(a)
  const [lb, ub] = wilson(b)
  const diff = pa - pb
  return { diff, lo: diff - Math.hypot(pa - la, ub - pb), hi: diff + Math.hypot(ua - pa, pb - lb) }
}

type Funnel = { steps: { customers: number }[] }
const is = (property: string, value: string): Predicate => ({ property, op: '=', value })

function useCompared(journey: Journey, figures: Figures | undefined, enabled: boolean) {
  const { within = '7d', target: _target, match: _match, ...goal } = journey.goal ?? {}
  const ask = async (entry: Predicate): Promise<Share> => {
    const body = { from: figures?.since, to: new Date().toISOString(), window: within, order: 'ordered', steps: [entry, goal] }
    const { data } = await request<Funnel>('POST', '/api/v1/analyses/funnel', { body })
    return { n: data.steps[0]?.customers ?? 0, of: data.steps[1]?.customers ?? 0 }
  }
  return useQuery({
    queryKey: ['journey-gain', journey.id, figures?.since, JSON.stringify(journey.goal)],
    enabled, retry: false, staleTime: 60_000,
    queryFn: async () => {
      const [ran, aside] = await Promise.all([
        ask({ did: 'Journey Entered', where: is('journey', journey.id) }),
        ask({ did: 'Journey Refused', where: { all: [is('journey', journey.id), is('reason', 'holdout')] } }),
      ])
      return { ran, aside, within }
    },
  })
}

export function Gain({ journey, figures, say }: { journey: Journey; figures: Figures; say: Say }) {
  const t = useWords(journeyWords)
  const f = useFormat()
  const aside = figures.report.refused_by?.holdout ?? 0
  const simple = Boolean(journey.goal?.did)
  const q = useCompared(journey, figures, aside > 0 && simple)
  const body = () => {
    if (!journey.goal) return <p className="muted">{t('gainNoGoal')}</p>
    if (!aside) return <p className="muted">{t('gainNone', { n: 5 })}</p>
    if (q.error || !simple) return <><p className="muted">{t('gainWait', { n: aside })}</p><p className="small dim" style={{ marginTop: 8 }}>{t('gainMissing')}</p></>
    if (!q.data) return null
    const { ran, aside: kept, within } = q.data
    if (!ran.n || !kept.n || (!ran.of && !kept.of)) return <p className="muted">{t('gainWait', { n: kept.n || aside })}</p>
    const d = difference(ran, kept)
    const sign = (x: number) => { const v = Math.round(x * 1000) / 10; return `${v > 0 ? '+' : v < 0 ? '−' : ''}${f.number(Math.abs(v))}` }
    const sure = d.lo > 0 || d.hi < 0
    const values = { lo: sign(d.lo), hi: sign(d.hi), n: kept.n }
    return (
      <>
        <p className="muted">
          {t('gainLine', { share: f.share(ran.of / ran.n), aside: f.share(kept.of / kept.n) })}{say.lang === 'zh' ? '' : ' '}
          <b className="ink">{t(!sure ? 'gainEarly' : d.lo > 0 ? 'gainMore' : 'gainLess')}</b>{say.lang === 'zh' ? '：' : ': '}{t(sure ? 'gainRangeSure' : 'gainRange', values)}
        </p>
        <RangePicture {...d} sign={sign} label={t('points', { n: sign(d.diff), lo: values.lo, hi: values.hi })} />
        <p className="small dim">{t('gainHow', { time: say.time(within) })}</p>
      </>
    )
  }
  return <Card title={t('gainTitle')}>{body()}</Card>
}

/** The range as a bar over an axis of points; the dashed line is "no difference". */
function RangePicture({ diff, lo, hi, sign, label }: { diff: number; lo: number; hi: number; sign: (x: number) => string; label: string }) {
  const step = hi - lo > 0.6 ? 0.2 : hi - lo > 0.12 ? 0.1 : hi - lo > 0.06 ? 0.05 : 0.01
  const from = Math.min(-step, Math.floor(lo / step) * step)
  const to = Math.max(step, Math.ceil(hi / step) * step)
  const x = (v: number) => 40 + ((v - from) / (to - from)) * 440
  const ticks = Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step)
  return (
    <svg viewBox="0 0 520 92" width="100%" role="img" aria-label={label} style={{ margin: '12px 0 8px', display: 'block' }}>
      <line x1={40} x2={480} y1={62} y2={62} stroke="var(--line-2)" />
      {ticks.map((v) => (
        <g key={v.toFixed(3)}>
          {Math.abs(v) < 1e-9 ? <line x1={x(0)} x2={x(0)} y1={10} y2={66} stroke="var(--ink)" strokeDasharray="3 3" /> : <line x1={x(v)} x2={x(v)} y1={58} y2={66} stroke="var(--line-2)" />}
          <text x={x(v)} y={84} fontSize={12} textAnchor="middle" fill="var(--ink-3)">{Math.abs(v) < 1e-9 ? '0' : sign(v)}</text>
        </g>
      ))}
      <rect x={x(lo)} y={29} width={Math.max(2, x(hi) - x(lo))} height={14} rx={7} fill="var(--ramp-2)" />
      <circle cx={x(diff)} cy={36} r={8} fill="var(--accent)" stroke="var(--surface)" strokeWidth={2} />
      <text x={x(diff)} y={20} fontSize={13} fontWeight={600} textAnchor="middle" fill="var(--ink)">{sign(diff)}</text>
    </svg>
  )
}

