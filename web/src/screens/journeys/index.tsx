// The list of journeys: what runs comes first, with who waits, what went out today and how many reached the goal.
import { IconRoute } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useLocation } from 'wouter'
import { all, api, type Schemas } from '~/api/client'
import { useLive } from '~/api/live'
import { useMay } from '~/api/session'
import { useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Empty, ErrorNote, LinkButton, Loading, PageHead, Status, toast, useErrorText } from '~/parts'
import { useStanding } from '../journey'
import { allSteps, type Journey, type Shown } from '../journey/model'
import { useNames } from '../journey/names'
import { plain, type Say, useSay } from '../journey/say'
import { channelTitle } from '../journey/verbs'
import './journeys.css'
import { journeysWords } from './words'

export type Today = Schemas['today']
export type Line = Today['journeys'][number]
export const useToday = () => useQuery({ queryKey: ['today'], queryFn: () => api.get('/api/v1/today'), refetchInterval: 60_000 })

export const useShown = () => useQuery({ queryKey: ['journeys', 'shown'], queryFn: () => all<Shown>('/api/v1/journeys'), refetchInterval: 30_000 })

export const channelsOf = (j: Journey) => [...new Set(allSteps(j.steps).flatMap((s) => (s.send ? [s.send.channel] : (s.reach?.try ?? []))))]

export default function Journeys() {
  const t = useWords(journeysWords)
  const client = useQueryClient()
  const q = useShown()
  useLive('journeys', () => void client.invalidateQueries({ queryKey: ['journeys', 'shown'] }))
  const today = useToday()
  const say = useSay(useNames(undefined))
  if (q.error && !q.data) return <main className="page"><ErrorNote error={q.error} retry={() => void q.refetch()} /></main>
  if (!q.data) return <main className="page"><Loading lines={8} /></main>
  const list = q.data
  const of = (status: Shown['status']) => list.filter((j) => j.status === status)
  const running = of('live')
  const paused = of('paused')
  const waiting = [...running, ...paused].reduce((n, j) => n + j.waiting, 0)
  const numbers = new Map((today.data?.journeys ?? []).map((x) => [x.id, x]))
  if (list.length === 0)
    return (
      <main className="page">
        <PageHead title={t('none')} />
        <section className="card"><Empty icon={IconRoute} title={t('emptyTitle')} action={<><LinkButton primary to="/playbooks">{t('choose')}</LinkButton><Blank /></>}>{t('emptyHelp')}</Empty></section>
      </main>
    )
  return (
    <main className="page">
      <PageHead title={running.length ? t('running', { n: running.length }) : t('none')} sub={[t('sub', { n: waiting }), paused.length ? t('subPaused', { n: paused.length }) : ''].filter(Boolean).join(t.lang === 'zh' ? '' : ' ')}>
        <Blank />
        <LinkButton primary to="/playbooks">{t('choose')}</LinkButton>
      </PageHead>
      <Group title={t('gRunning')} list={running} numbers={numbers} say={say} />
      <Group title={t('gPaused')} list={paused} numbers={numbers} say={say} />
      <Group title={t('gDrafts')} list={of('draft')} numbers={numbers} say={say} />
      <Group title={t('gStopped')} list={of('stopped')} numbers={numbers} say={say} />
    </main>
  )
}

function Blank() {
  const t = useWords(journeysWords)
  const words = useErrorText()
  const may = useMay()('configuration:write')
  const client = useQueryClient()
  const [, go] = useLocation()
  const make = useMutation({
    mutationFn: async () => {
      const taken = new Set((await all<Journey>('/api/v1/journeys')).map((j) => j.id))
      let n = 1
      while (taken.has(`journey-${n}`)) n++
      const body = { id: `journey-${n}`, name: { [t.lang]: `${t('blankName')} ${n}` }, trigger: { event: 'Signed Up' }, release: { percent: 100, holdout: 5 }, policy: { category: 'promotion' }, steps: [{ id: 'w1', wait: { for: '1h' } }] }
      return api.post<Journey>('/api/v1/journeys', { body })
    },
    onSuccess: async (j) => { await client.invalidateQueries({ queryKey: ['journeys'] }); go(`/journeys/${encodeURIComponent(j.id)}/edit`) },
    onError: (e) => toast(words(e)),
  })
  return may ? <Button busy={make.isPending} onClick={() => make.mutate()}>{t('blank')}</Button> : null
}

function Group({ title, list, numbers, say }: { title: string; list: Shown[]; numbers: Map<string, Line>; say: Say }) {
  const t = useWords(journeysWords)
  const f = useFormat()
  const text = useText()
  const standing = useStanding(true)
  if (list.length === 0) return null
  const counted = list[0]?.status !== 'draft'
  return (
    <section className="card js-group">
      <h2>{title}</h2>
      <table className="tbl js">
        <thead className={counted ? '' : 'sr'}>
          <tr><th scope="col">{t('cJourney')}</th><th scope="col">{t('cStatus')}</th>{counted && <><th scope="col" className="n">{t('cWaiting')}</th><th scope="col" className="n">{t('cSent')}</th><th scope="col" className="n">{t('cGoal')}</th></>}</tr>
        </thead>
        <tbody>
          {list.map((j) => {
            const x = numbers.get(j.id)
            const s = standing(j)
            const to = `/journeys/${encodeURIComponent(j.id)}`
            const channels = channelsOf(j).map((c) => channelTitle(t.lang, c)).join(t.lang === 'zh' ? '、' : ', ')
            return (
              <tr key={j.id}>
                <td>
                  <Link href={to} className="b ink js-name">{text(j.name, j.id)}</Link>
                  <div className="small dim">{counted ? channels : plain(say.trigger(j.trigger))}{counted && j.changed && `${channels ? ' · ' : ''}${t('nextDraft')}`}</div>
                  {counted && j.waiting > 0 && <div className="small dim js-line">{t('waitingOnly', { waiting: f.number(j.waiting) })}</div>}
                </td>
                <td><Status kind={s.kind}>{s.text}</Status></td>
                {counted && (
                  <>
                    <td className="n num">{j.waiting > 0 && <Link href={to}>{f.number(j.waiting)}</Link>}</td>
                    <td className="n num">{x?.sent ? <Link href={to}>{f.number(x.sent)}</Link> : ''}</td>
                    <td className="n num">{x?.goal && x.goal.reached > 0 ? <Link href={to}>{f.share(x.goal.rate)}</Link> : ''}{x?.goal?.target ? <div className="small dim">{t('target', { share: f.share(x.goal.target) })}</div> : null}</td>
                  </>
                )}
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}
