// running.tsx: the journeys that run, and on a phone the same as cards.
import { Link } from 'wouter'
import { type Text, useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Card, Empty, LinkButton, Status } from '~/parts'
import { IconRoute } from '@tabler/icons-react'
import { useStanding } from '../journey'
import { type Today, useShown } from '../journeys'
import { channelTitle } from '../journey/verbs'
import { todayWords } from './words'

export function Running({ today }: { today: Today }) {
  const t = useWords(todayWords)
  const f = useFormat()
  const text = useText()
  const standing = useStanding(true)
  const shown = new Map((useShown().data ?? []).map((j) => [j.id, j]))
  const next = new Map(today.next_24h.journeys.map((x) => [x.id, x.count]))
  const list = [...today.journeys].sort((a, b) => (b.waiting ?? 0) - (a.waiting ?? 0))
  if (list.length === 0)
    return <Card title={t('running')}><Empty icon={IconRoute} title={t('noneRunning')} action={<LinkButton to="/playbooks">{t('playDo')}</LinkButton>}>{t('noneRunningHelp')}</Empty></Card>
  return (
    <section className="card td-running">
      <div className="td-sec"><h2>{t('running')}</h2><Link className="small" href="/journeys">{t('all')}</Link></div>
      <table className="tbl">
        <thead><tr><th scope="col">{t('cJourney')}</th><th scope="col">{t('cStatus')}</th><th scope="col" className="n">{t('cWaiting')}</th><th scope="col" className="n">{t('cNext')}</th><th scope="col" className="n">{t('cGoal')}</th></tr></thead>
        <tbody>
          {list.slice(0, 8).map((j) => {
            const s = standing({ status: j.status, percent: shown.get(j.id)?.percent })
            const to = `/journeys/${encodeURIComponent(j.id)}`
            const due = next.get(j.id) ?? 0
            return (
              <tr key={j.id}>
                <td><Link href={to} className="b ink">{text(j.name as Text, j.id)}</Link><div className="small dim td-channels">{(j.channels ?? []).map((c) => channelTitle(t.lang, c)).join(t.lang === 'zh' ? '、' : ', ')}</div><div className="small dim td-line">{t('phoneLine', { waiting: f.number(j.waiting ?? 0), next: f.number(due) })}</div></td>
                <td><Status kind={s.kind}>{s.text}</Status></td>
                <td className="n num">{j.waiting ? <Link href={to}>{f.number(j.waiting)}</Link> : ''}</td>
                <td className="n num">{due ? f.number(due) : ''}{j.sent_today ? <div className="small dim">{t('sentOfToday', { n: f.number(j.sent_today) })}</div> : null}</td>
                <td className="n num">{j.goal && j.goal.reached > 0 && <Link href={to} className="td-rate">{f.share(j.goal.rate)}</Link>}{j.goal?.target ? <div className="small dim td-line">{t('target', { share: f.share(j.goal.target) })}</div> : null}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}
