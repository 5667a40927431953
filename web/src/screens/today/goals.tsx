// goals.tsx: each journey's goal against what was hoped for; and the one that could do better.
import { IconArrowDownRight } from '@tabler/icons-react'
import { type Text, useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Bar, Card, LinkButton, Status } from '~/parts'
import type { Line, Today } from '../journeys'
import { todayWords } from './words'

/** Below this many who are through a rate says nothing yet: whoever is still on the way may reach the goal. */
const ENOUGH = 30
const withGoals = (today: Today) => today.journeys.filter((j) => j.goal?.target && (j.entered ?? 0) > 0)
export const judged = (j: Pick<Line, 'entered' | 'waiting' | 'goal'>) => (j.entered ?? 0) - (j.waiting ?? 0) >= ENOUGH || ((j.entered ?? 0) >= ENOUGH && (j.goal?.rate ?? 0) >= (j.goal?.target ?? 1))

export function Goals({ today }: { today: Today }) {
  const t = useWords(todayWords)
  const f = useFormat()
  const text = useText()
  const list = withGoals(today).slice(0, 4)
  if (list.length === 0) return null
  return (
    <Card title={t('goals')}>
      <p className="small dim" style={{ marginTop: -8, marginBottom: 12 }}>{t('goalsHelp')}</p>
      {list.map((j) => {
        const rate = j.goal?.rate ?? 0
        const target = j.goal?.target ?? 0
        const scale = Math.max(rate, target) * 1.5 || 1
        const low = judged(j) && rate < target
        return (
          <div key={j.id} className="td-goal">
            <div className="row"><span className="grow m">{text(j.name as Text, j.id)}</span>
              {!judged(j) ? <span className="st">{t('early')}</span> : low ? <span className="st warn"><IconArrowDownRight size={16} stroke={1.75} aria-hidden />{t('below')}</span> : <Status kind="working">{t('on')}</Status>}</div>
            <div className="row td-goal-n"><b>{f.share(rate)}</b><span className="small dim">{t('target', { share: f.share(target) })} · {t('reachedOf', { reached: f.number(j.goal?.reached ?? 0), entered: f.number(j.entered ?? 0) })}</span></div>
            <div className={low ? 'td-low' : ''}><Bar share={rate / scale} target={target / scale} label={`${f.share(rate)}, ${t('target', { share: f.share(target) })}`} /></div>
          </div>
        )
      })}
    </Card>
  )
}

export function Better({ today }: { today: Today }) {
  const t = useWords(todayWords)
  const f = useFormat()
  const text = useText()
  const worst = withGoals(today).filter((j) => judged(j) && (j.goal?.rate ?? 0) < (j.goal?.target ?? 0))
    .sort((a, b) => (a.goal?.rate ?? 0) / (a.goal?.target ?? 1) - (b.goal?.rate ?? 0) / (b.goal?.target ?? 1))[0]
  if (!worst) return null
  const to = `/journeys/${encodeURIComponent(worst.id)}`
  return (
    <section className="card pad">
      <h3>{t('better', { name: text(worst.name as Text, worst.id) })}</h3>
      <p className="muted" style={{ margin: '8px 0 16px' }}>{t('betterBody', { share: f.share(worst.goal?.rate ?? 0), target: f.share(worst.goal?.target ?? 0), n: worst.entered ?? 0 })}</p>
      <LinkButton small to={to}>{t('betterDo')}</LinkButton>
    </section>
  )
}
