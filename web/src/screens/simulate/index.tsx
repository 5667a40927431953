// Simulate by hand: made-up people on the journey, weeks in a moment, what becomes of each in words.
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useParams } from 'wouter'
import { api, Problem } from '~/api/client'
import { useSession } from '~/api/session'
import { type Text, useText, useWords } from '~/i18n'
import { type Format, useFormat } from '~/i18n/format'
import { Avatar, Card, Empty, ErrorNote, LinkButton, Loading, PageHead, Pick } from '~/parts'
import { WayBack } from '~/shell/frame'
import { type Journey, sourceOf, useJourney } from '../launch/data'
import { canTry, DAYS, events, type Happened, type Outcome, people, type Person, scriptOf, whose } from './script'
import './simulate.css'
import { simulateWords } from './words'

type Line = { step?: string; text?: Text }
const HOURS = [1, 6, 24, 72, 168, 336]
const QUIET = ['Message Planned', 'Message Claimed']
const REASONS = ['consent', 'exit', 'done', 'goal', 'unreachable', 'entry', 'cap', 'holdout', 'rollout'] as const

function useWordsOf(lines: Line[]) {
  const t = useWords(simulateWords)
  const text = useText()
  const step = (h: Happened) => text(lines.find((l) => l.step === h.step)?.text)
  const what = (h: Happened) => (h.channel === 'email' ? t('email') : h.channel === 'sms' ? t('sms') : (h.channel ?? ''))
  const why = (h: Happened) => { const r = REASONS.find((x) => x === h.reason); return r ? t(`r_${r}`) : (h.reason ?? '') }
  return (h: Happened): { say: string; more: string; kind: '' | 'get' | 'not' } => {
    switch (h.event) {
      case 'Journey Entered': return { say: t('entered'), more: '', kind: '' }
      case 'Journey Refused': return { say: t('notIn'), more: why(h), kind: 'not' }
      case 'Journey Exited': return { say: t('left'), more: why(h), kind: '' }
      case 'Message Sent': return { say: `${t('sent')} ${what(h)}`, more: step(h) || (h.template ?? ''), kind: 'get' }
      case 'Message Refused': return { say: `${t('notSent')} ${what(h)}`, more: why(h), kind: 'not' }
      case 'Coupon Granted': return { say: t('coupon'), more: step(h), kind: 'get' }
      case 'Task Opened': case 'Task Created': return { say: t('task'), more: step(h), kind: '' }
      case 'Tag Added': return { say: t('tag'), more: h.tag ?? step(h), kind: '' }
      case 'Owner Notified': return { say: t('notify'), more: step(h), kind: '' }
      default: return { say: h.event, more: step(h), kind: '' }
    }
  }
}

/** How long after the first thing: 3 days, 2 hours. */
function gap(ms: number, t: ReturnType<typeof useWords<keyof typeof simulateWords.en>>) {
  const hours = Math.round(ms / 3_600_000)
  if (hours < 1) return t('now')
  return t('later', { time: hours % 24 === 0 || hours > 72 ? t('d', { n: Math.round(hours / 24) }) : t('h', { n: hours }) })
}

function Life({ person, all, lines, choices, f, eventWords, onChange }: { person: Person; all: Happened[]; lines: Line[]; choices: string[]; f: Format; eventWords: (e: string) => string; onChange: (p: Person) => void }) {
  const t = useWords(simulateWords)
  const say = useWordsOf(lines)
  const shown = all.filter((h) => !QUIET.includes(h.event))
  const first = shown[0] ? Date.parse(shown[0].at) : 0
  const name = t(person.id as 'p1')
  const got = shown.filter((h) => h.event === 'Message Sent').length
  return (
    <Card className="si-person">
      <div className="row"><Avatar name={name} /><div className="grow"><h2>{name}</h2><p className="small dim num">{t('got', { n: got })}</p></div></div>
      <p className="si-deed">
        {!person.agreed ? t('refuses') : !person.deed ? t('quiet') : (
          <>
            <Pick<string> small label={t('personDoes', { name })} value={person.deed.event} onPick={(event) => onChange({ ...person, deed: { event, hours: person.deed?.hours ?? 24 } })} choices={choices.map((c) => ({ value: c, label: eventWords(c) }))}>{eventWords(person.deed.event)}</Pick>{' '}
            <Pick<number> small label={t('personWhen', { name })} value={person.deed.hours} onPick={(hours) => onChange({ ...person, deed: { event: person.deed?.event ?? '', hours } })} choices={HOURS.map((h) => ({ value: h, label: gap(h * 3_600_000, t) }))}>{gap(person.deed.hours * 3_600_000, t)}</Pick>
          </>
        )}
      </p>
      {shown.length ? (
        <ol className="si-life">
          {shown.map((h, i) => {
            const w = say(h)
            return <li key={i} className={w.kind}><span className="small dim num">{gap(Date.parse(h.at) - first, t)} · {f.day(h.at)} {f.clock(h.at)}</span><span><b>{w.say}</b>{w.more && <span className="muted"> · {w.more}</span>}</span></li>
          })}
        </ol>
      ) : <p className="muted">{t('never')}</p>}
    </Card>
  )
}

function Page({ journey }: { journey: Journey }) {
  const t = useWords(simulateWords)
  const text = useText()
  const f = useFormat()
  const zone = useSession()?.workspace.zone || 'UTC'
  const [list, setList] = useState(() => people(journey))
  const choices = useMemo(() => events(journey), [journey])
  const day = f.dayKey(Date.now() + 86_400_000)
  const run = useQuery({
    queryKey: ['simulate', journey.id, list, day],
    placeholderData: (x: Outcome | undefined) => x,
    queryFn: () => api.post<Outcome>('/api/v1/journeys/simulate', { body: { journey: { ...sourceOf(journey), release: undefined }, script: scriptOf(journey, list, zone, day, { product: '—' }) } }),
  })
  const said = useQuery({ queryKey: ['journeys', journey.id, 'sentence'], queryFn: () => api.get<{ lines?: Line[] }>('/api/v1/journeys/{id}/sentence', { path: { id: journey.id } }) })
  const vocabulary = useQuery({ queryKey: ['vocabulary'], staleTime: 300_000, queryFn: () => api.get<{ events?: { name?: string; words?: Text }[] }>('/api/v1/schema/vocabulary') })
  const eventWords = (e: string) => text(vocabulary.data?.events?.find((x) => x.name === e)?.words, e)
  return (
    <main className="page">
      <PageHead title={t('title', { n: list.length, days: DAYS })} sub={t('sub')} />
      {run.error && !run.data ? <ErrorNote error={run.error} retry={() => void run.refetch()} /> : !run.data ? <Loading lines={8} /> : (
        <div className="si-people">
          {list.map((p) => <Life key={p.id} person={p} all={run.data.happened.filter((h) => whose(list, h.customer)?.id === p.id)} lines={said.data?.lines ?? []} choices={choices} f={f} eventWords={eventWords} onChange={(x) => setList((l) => l.map((y) => (y.id === x.id ? x : y)))} />)}
        </div>
      )}
    </main>
  )
}

export default function Simulate() {
  const t = useWords(simulateWords)
  const text = useText()
  const { id = '' } = useParams<{ id: string }>()
  const draft = useJourney(id)
  const j = draft.data?.journey
  const launch = `/journeys/${encodeURIComponent(id)}/launch`
  const gone = draft.error instanceof Problem && draft.error.status === 404
  return (
    <>
      <WayBack to={launch} name={t('back')} title={text(j?.name, id)} />
      {j && canTry(j) ? <Page key={id} journey={j} /> : <main className="page">
        {j ? <Empty title={t('seg')} action={<LinkButton primary to={launch}>{t('toLaunch')}</LinkButton>}>{t('segSay')}</Empty>
          : gone ? <Empty title={t('gone')} action={<LinkButton primary to="/journeys">{t('toJourneys')}</LinkButton>} /> : draft.error ? <ErrorNote error={draft.error} retry={() => void draft.refetch()} /> : <Loading lines={8} />}
      </main>}
    </>
  )
}
