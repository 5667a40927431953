// why.tsx: why a message was sent or not, why somebody is in a journey or not: the answer first, then what was checked,
// then what would have to be different; and the message as it was sent.
import { IconArrowRight, IconBan, IconCheck, IconMinus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { api, Problem } from '~/api/client'
import { masked } from '~/api/customer'
import { useFormat } from '~/i18n/format'
import { useWords } from '~/i18n'
import { statusName } from '~/messages/words'
import { Loaded, Note } from '~/parts'
import { Bubble, MailFrame } from '~/parts/message'
import { type Predicate, PredicateRows, useVocabulary } from '~/predicate'
import { isObject, type Json } from '~/predicate/types'
import type { Ev, Line, Message } from './life'
import { whyWords } from './words'

type Stand = { holds: boolean; condition?: Predicate; parts?: Stand[]; actual?: Json; en?: string; zh?: string }
type Change = { zh: string; en: string; reason?: string; condition?: Predicate; actual?: Json; not_before?: string; one_of?: boolean }
type Why = {
  outcome: string; reason: string; zh: string; en: string; to_change: Change[]; checks?: { address: boolean; to?: string; suppressed: boolean; consent: boolean }
  now: { status: string; held_out: boolean; released: boolean; triggered?: boolean; entry_if?: Stand | null; send_if?: Stand | null; enrolments?: { state: string; step?: string; started_at: string; due_at?: string }[] }
}
const GOOD = ['sent', 'delivered', 'opened', 'clicked', 'replied', 'planned', 'claimed', 'waiting', 'deferred']

function Check({ holds, children, note }: { holds: boolean; children: ReactNode; note?: ReactNode }) {
  return (
    <div className={`wy-chk ${holds ? '' : 'hit'}`}>
      <span className={holds ? 'wy-ok' : ''}>{holds ? <IconCheck size={16} stroke={1.75} aria-label="✓" /> : <IconBan size={16} stroke={1.75} aria-label="✕" />}</span>
      <span>{children}</span>{note && <span className="small">{note}</span>}
    </div>
  )
}
const Words = ({ of: p }: { of: Predicate }) => <span className="wy-words"><PredicateRows value={p} readOnly head="none" /></span>

function Stands({ of: s, title }: { of: Stand; title: string }) {
  const t = useWords(whyWords)
  const leaves = s.parts?.length && (s.condition?.all || s.condition?.any) ? s.parts : [s]
  return (
    <>
      <h3 className="wy-h">{title}</h3>
      {leaves.map((leaf, i) => (
        <Check key={i} holds={leaf.holds} note={!leaf.holds && leaf.actual !== undefined && leaf.actual !== null ? t('has', { actual: typeof leaf.actual === 'object' ? JSON.stringify(leaf.actual) : String(leaf.actual) }) : undefined}>
          {leaf.condition ? <Words of={leaf.condition} /> : (leaf[t.lang] ?? '')}
        </Check>
      ))}
    </>
  )
}

export function WhyPanel({ customer, line, close }: { customer: string; line: Line; close?: ReactNode }) {
  const t = useWords(whyWords)
  const f = useFormat()
  const asked = line.journey !== undefined
  const why = useQuery({
    queryKey: ['why', customer, line.journey, line.step], enabled: asked,
    queryFn: () => api.get<Why>('/api/v1/customers/{ref}/why', { path: { ref: customer }, query: { journey: line.journey, step: line.step } }),
  })
  const sent = line.kind === 'message'
  const title = sent ? t(line.held ? 'whyNot' : 'whySent') : asked ? t(line.held ? 'whyOut' : 'whyIn') : line.title
  return (
    <div>
      <div className="between" style={{ alignItems: 'flex-start' }}><h2>{title}</h2>{close}</div>
      <p className="muted wrap" style={{ marginTop: 4 }}>{asked || sent ? `${line.title}${t.lang === 'zh' ? '，' : ', '}` : ''}{line.at && t('when', { day: f.day(line.at), clock: f.clock(line.at) })}</p>
      {asked && <Loaded of={why}>{(w) => <Answer why={w} line={line} />}</Loaded>}
      {line.message && <Sent id={line.message} customer={customer} />}
      {!asked && !line.message && line.event && <Details event={line.event} />}
    </div>
  )
}

function Answer({ why: w, line }: { why: Why; line: Line }) {
  const t = useWords(whyWords)
  const f = useFormat()
  const good = GOOD.includes(w.outcome)
  const now = w.now
  const message = line.kind === 'message'
  // Put off till the morning is not refused: what would have to be different is the hour, which will be.
  const waits = w.outcome === 'deferred' && w.reason === 'quiet'
  const changes = w.to_change.filter((x) => !(waits && x.reason === 'quiet'))
  return (
    <>
      <div className="note wy-note"><span aria-hidden>{good ? <IconCheck size={20} stroke={1.75} /> : <IconBan size={20} stroke={1.75} />}</span><p className="b">{waits ? t('quietWaits') : w[t.lang]}</p></div>
      <Check holds={now.status === 'live'}>{t(now.status === 'live' ? 'running' : 'notRunning')}</Check>
      {now.triggered !== undefined && <Check holds={now.triggered}>{t(now.triggered ? 'triggered' : 'notTriggered')}</Check>}
      {now.held_out ? <Check holds={false}>{t('heldOut')}</Check> : <Check holds>{t('notHeld')}</Check>}
      {!now.released && <Check holds={false}>{t('notReleased')}</Check>}
      {w.checks && (
        <>
          <Check holds={w.checks.address}>{t(w.checks.address ? 'address' : 'noAddress')}</Check>
          {w.checks.address && <Check holds={!w.checks.suppressed}>{t(w.checks.suppressed ? 'addressBad' : 'addressOk')}</Check>}
          <Check holds={w.checks.consent}>{t(w.checks.consent ? 'consent' : 'noConsent')}</Check>
        </>
      )}
      {now.entry_if && <Stands of={now.entry_if} title={t('entry')} />}
      {now.send_if && <Stands of={now.send_if} title={t('sendIf')} />}
      {(now.enrolments ?? []).filter((x) => x.state === 'waiting').map((x) => (
        <div className="wy-chk" key={x.started_at + (x.step ?? '')}><span><IconMinus size={16} stroke={1.75} aria-hidden /></span><span>{t('waiting', { step: x.step ?? '' })}{x.due_at ? `${t.lang === 'zh' ? '，' : ', '}${t('until', { day: f.near(x.due_at) })}` : ''}</span></div>
      ))}
      {changes.length > 0 && (
        <div className="wy-change">
          <h3>{t(message ? 'change' : 'changeIn')}</h3>
          <ul>
            {changes.filter((x, _, list) => !(x.reason === 'entry_if' && list.length > 1)).map((x, i) => (
              <li key={i}>{x.condition ? <Words of={x.condition} /> : x[t.lang]}{x.not_before ? <span className="dim"> {t('notBefore', { day: f.near(x.not_before) })}</span> : null}{x.one_of ? <span className="dim"> ({t('oneOf')})</span> : null}</li>
            ))}
          </ul>
        </div>
      )}
      {line.journey && <p style={{ marginTop: 14 }}><Link href={`/journeys/${encodeURIComponent(line.journey)}`} className="row" style={{ gap: 4 }}>{t('journey')}<IconArrowRight size={16} stroke={1.75} aria-hidden /></Link></p>}
    </>
  )
}

const UNSENT = ['refused', 'planned', 'cancelled', 'deferred', 'expired']
type Content = { to?: string; subject?: string; html?: string; text?: string; from?: string }

/** The message itself: what it said, to whom, and its way. Mails stand in a frame that may do nothing. */
function Sent({ id, customer }: { id: string; customer: string }) {
  const t = useWords(whyWords)
  const f = useFormat()
  const message = useQuery({ queryKey: ['message', id], retry: false, queryFn: () => api.get<Message>('/api/v1/messages/{id}', { path: { id }, query: { customer } }) })
  const content = useQuery({
    queryKey: ['message', id, 'content'], retry: false, enabled: message.data !== undefined && !UNSENT.includes(message.data.status),
    queryFn: async (): Promise<Content | null> => {
      try { return await api.get<Content>('/api/v1/messages/{id}/preview', { path: { id }, query: { customer } }) } catch (e) {
        if (e instanceof Problem && e.status < 500) return null
        throw e
      }
    },
  })
  const m = message.data
  const c = content.data
  const shown = (to: string) => masked(to.includes('@') ? 'email' : /^\+?\d+$/.test(to) ? 'phone' : '', to)
  return (
    <>
      {m && m.history.length > 0 && (
        <>
          <h3 className="wy-h">{t('way')}</h3>
          <ol className="wy-way">{m.history.map((h, i) => <li key={i}><span className="muted">{statusName(t.lang, h.status)}</span><span className="small dim">{f.near(h.at)}</span></li>)}</ol>
        </>
      )}
      {c && (
        <>
          <h3 className="wy-h">{t('preview')}</h3>
          {c.to && <p className="small dim wrap">{t('to', { to: shown(c.to) })}</p>}
          {c.subject && <p className="m wrap" style={{ margin: '4px 0 8px' }}>{c.subject}</p>}
          {c.html ? <MailFrame html={c.html} subject={c.subject ?? ''} height={420} /> : <Bubble text={c.text ?? ''} />}
        </>
      )}
      {content.isSuccess && !c && m && <Note>{t('noContent')}</Note>}
    </>
  )
}

function Details({ event }: { event: Ev }) {
  const t = useWords(whyWords)
  const v = useVocabulary()
  const f = useFormat()
  const money = ['price', 'total', 'revenue', 'amount']
  const say = (k: string, x: unknown): ReactNode => {
    if (Array.isArray(x)) return <ul>{x.map((y, i) => <li key={i}>{isObject(y as Json) ? Object.entries(y as object).map(([kk, z]) => `${v.property(kk).label} ${typeof z === 'object' ? JSON.stringify(z) : String(z)}`).join(t.lang === 'zh' ? '，' : ', ') : String(y)}</li>)}</ul>
    if (typeof x === 'object' && x !== null) return <span className="mono">{JSON.stringify(x)}</span>
    return typeof x === 'number' && money.includes(k) ? f.money(x) : String(x)
  }
  const list = Object.entries(event.properties ?? {}).filter(([k]) => !k.startsWith('$'))
  return (
    <>
      {list.length > 0 && <h3 className="wy-h">{t('what')}</h3>}
      <dl className="wy-dl">
        {list.map(([k, x]) => <div key={k}><dt>{v.property(k, event.event).label}</dt><dd className="wrap">{say(k, x)}</dd></div>)}
        {event.source && event.source !== 'beckon' && <div><dt>{t('source')}</dt><dd className="wrap">{event.source}</dd></div>}
      </dl>
    </>
  )
}

export function NothingPicked() {
  const t = useWords(whyWords)
  return <div className="empty-part"><p className="b">{t('pick')}</p><p className="muted">{t('pickSub')}</p></div>
}
