// side.tsx: who this is and where we stand: spent, may we write, stage, score, tags, what we know.
import { taskName } from '../journey/verbs'
import { IconMail, IconMailOff, IconMessage, IconMessageOff, IconPlus, IconX } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { Link } from 'wouter'
import { all, api, type Schemas } from '~/api/client'
import { ids, masked } from '~/api/customer'
import { useFormat } from '~/i18n/format'
import { useWords } from '~/i18n'
import { Figure, Tag, toast, useErrorText } from '~/parts'
import { useVocabulary } from '~/predicate'
import { PickOne } from '~/predicate/picks'
import { EditAttributes, RecordConsent } from './edit'
import { useOrders, useTimeline } from './timeline'
import { customerWords } from './words'

export type Customer = Schemas['customer'] & { stages?: Record<string, string>; scores?: Record<string, number>; level?: string | null }
type Consent = { channel: string; topic?: string; value: boolean; since?: string; reason?: string; text?: string; source?: string; by?: string }
const SPACES: Record<string, string> = { email: 'email', phone: 'sms', wechat_openid: 'wechat', device_token: 'push' }

export function Figures({ id }: { id: string }) {
  const t = useWords(customerWords)
  const f = useFormat()
  const orders = useOrders(id)
  const list = orders.data ?? []
  const kept = list.filter((o) => o.state !== 'cancelled' && o.state !== 'refunded')
  const spent = Math.round(list.reduce((sum, o) => sum + o.net, 0) * 100) / 100
  const returned = list.filter((o) => o.state === 'refunded' || o.state === 'partly_refunded').length
  const last = kept[0]
  const days = last ? Math.floor((Date.now() - Date.parse(last.at)) / 86_400_000) : 0
  const gaps = kept.slice(1).map((o, i) => (Date.parse(kept[i]?.at ?? o.at) - Date.parse(o.at)) / 86_400_000).sort((a, b) => a - b)
  const usual = gaps.length >= 2 ? Math.round(gaps[Math.floor(gaps.length / 2)] ?? 0) : 0
  return (
    <div className="cs-figs">
      <Figure label={t('spent')} value={orders.data ? (list.length > 0 ? f.money(spent) : null) : ' '} note={orders.data ? `${t('orders', { n: list.length })}${returned ? t('returned', { n: returned }) : ''}` : undefined} />
      <Figure label={t('last')} value={last ? (days === 0 ? t('daysAgo', { n: 0 }) : days) : orders.data ? null : ' '} unit={last && days > 0 ? t('daysAgo', { n: days }) : undefined} note={last ? (usual > 1 ? t('usual', { n: usual }) : f.day(last.at)) : undefined} />
    </div>
  )
}

export function MayWrite({ customer: c, id }: { customer: Customer; id: string }) {
  const t = useWords(customerWords)
  const f = useFormat()
  const v = useVocabulary()
  const [shown, setShown] = useState(false)
  const [proofs, setProofs] = useState(false)
  const [recording, setRecording] = useState(false)
  const consents = useQuery({ queryKey: ['customer', id, 'consents'], queryFn: async () => (await api.get<{ items: Consent[] }>('/api/v1/customers/{ref}/consents', { path: { ref: id } })).items })
  const addresses = useMemo(() => { const by = new Map<string, string[]>(); for (const i of ids(c)) { const ch = SPACES[i.namespace]; if (ch) by.set(ch, [...(by.get(ch) ?? []), shown ? (i.raw ?? i.value) : masked(i.namespace, i.raw ?? i.value)]) } return by }, [c, shown])
  const consent = (c.consent ?? {}) as Record<string, boolean>
  const channels = [...new Set([...addresses.keys(), ...Object.keys(consent).filter((k) => !k.includes('/'))])]
  const label = (ch: string) => (t.lang === 'en' && ch === 'email' ? 'Email' : v.channel(ch))
  const how = (x: Consent) => [t(x.value ? 'proofYes' : 'proofNo', { day: x.since ? f.day(x.since) : '' }), x.reason && t('via', { how: x.reason }), x.text && t('words2', { text: x.text }), x.source, x.by && x.by !== 'customer' ? x.by : ''].filter(Boolean).join(t.lang === 'zh' ? '，' : ', ')
  return (
    <div>
      <h2 className="cs-h">{t('may')}</h2>
      {channels.map((ch) => {
        const yes = consent[ch]
        const to = addresses.get(ch)
        const I = ch === 'email' ? (yes === false ? IconMailOff : IconMail) : yes === false ? IconMessageOff : IconMessage
        return (
          <div className="cs-ct" key={ch}>
            <I size={20} stroke={1.75} aria-hidden />
            <span>{t(yes === true ? 'yes' : yes === false ? 'no' : 'unasked', { channel: label(ch) })}<span className="small wrap">{to ? to.join(t.lang === 'zh' ? '、' : ', ') : t('noAddress')}</span></span>
          </div>
        )
      })}
      <div className="cs-links">
        {addresses.size > 0 && <button type="button" onClick={() => setShown(!shown)} aria-pressed={shown}>{t(shown ? 'cover' : 'reveal')}</button>}
        {(consents.data?.length ?? 0) > 0 && <button type="button" onClick={() => setProofs(!proofs)} aria-expanded={proofs}>{t(proofs ? 'hide' : 'proof')}</button>}
        <button type="button" onClick={() => setRecording(true)}>{t('changeConsent')}</button>
      </div>
      {proofs && <ul className="cs-proof">{consents.data?.map((x) => <li key={x.channel + (x.topic ?? '')} className="small"><b className="m">{label(x.channel)}{x.topic ? ` / ${x.topic}` : ''}</b>: {how(x)}</li>)}</ul>}
      {recording && <RecordConsent id={id} channels={channels.length > 0 ? channels : ['email', 'sms']} close={() => setRecording(false)} />}
    </div>
  )
}

export function Standing({ customer: c, id }: { customer: Customer; id: string }) {
  const t = useWords(customerWords)
  const f = useFormat()
  const v = useVocabulary()
  const client = useQueryClient()
  const say = useErrorText()
  const [why, setWhy] = useState(false)
  const [editing, setEditing] = useState(false)
  const timeline = useTimeline(id)
  const events = timeline.data?.pages.flatMap((p) => p.items) ?? []
  const scores = useQuery({ queryKey: ['scores', 'all'], enabled: Object.keys(c.scores ?? {}).length > 0, queryFn: () => all<{ id: string; rules?: { did: string; points: number }[] }>('/api/v1/scores') })
  const since = (event: string, key: string, value: string) => events.find((e) => e.event === event && e.properties.name === key && (value === '' || e.properties.new === value))
  const patch = async (change: string, text: string, undo?: string) => {
    try {
      await api.patch('/api/v1/customers/{ref}', { path: { ref: id }, body: { tags: [change] } })
      toast(text, undo ? () => void patch(undo, undo.startsWith('-') ? t('tagGone', { tag: undo.slice(1) }) : t('tagGiven', { tag: undo })) : undefined)
    } catch (e) { toast(say(e)) }
    await client.invalidateQueries({ queryKey: ['customer', id] })
    await client.invalidateQueries({ queryKey: ['timeline', id] })
  }
  const tags = c.tags ?? []
  const attributes = Object.entries((c.attributes ?? {}) as Record<string, unknown>).filter(([k]) => k !== 'name')
  return (
    <>
      {Object.entries(c.stages ?? {}).map(([model, stage]) => {
        const at = since('Stage Changed', model, stage)
        return <div key={model}><h2 className="cs-h">{v.stages.find((m) => m.id === model && m.name !== m.id)?.name ?? t('stage')}</h2><Tag>{v.stages.find((m) => m.id === model)?.stages.find((s) => s.value === stage)?.label ?? stage}</Tag>{at && <p className="small dim" style={{ marginTop: 6 }}>{t('stageSince', { day: f.day(at.occurred_at) })}</p>}</div>
      })}
      {Object.entries(c.scores ?? {}).map(([score, n]) => {
        const rules = scores.data?.find((s) => s.id === score)?.rules ?? []
        return <div key={score}><h2 className="cs-h">{v.scores.find((s) => s.value === score)?.label ?? t('score')}</h2><b className="cs-score num">{f.number(Math.round(Number(n) * 10) / 10)}</b>{rules.length > 0 && <p className="small dim">{rules.slice(0, 4).map((r) => t('pointsEach', { n: r.points, deed: v.deed(r.did, false) ?? v.event(r.did) })).join(t.lang === 'zh' ? '；' : '; ')}</p>}</div>
      })}
      <div>
        <h2 className="cs-h">{t('tags')}</h2>
        <div className="cs-tg">
          {tags.map((x) => <span className="tag" key={x}>{x.split('/').at(-1)}<button type="button" className="cs-x" aria-label={t('takeTag', { tag: x })} onClick={() => void patch(`-${x}`, t('tagGone', { tag: x }), x)}><IconX size={14} stroke={1.75} aria-hidden /></button></span>)}
          {tags.length === 0 && <span className="small dim">{t('noTags')}</span>}
        </div>
        <div className="cs-links">
          {tags.length > 0 && <button type="button" aria-expanded={why} onClick={() => setWhy(!why)}>{t(why ? 'hide' : 'whyTags')}</button>}
          <span className="cs-add"><IconPlus size={14} stroke={1.75} aria-hidden /><PickOne free label={t('addTag')} text={t('addTag')} items={v.tags.filter((x) => !tags.includes(x.value))} onPick={(x) => void patch(x, t('tagGiven', { tag: x }), `-${x}`)} /></span>
        </div>
        {why && <ul className="cs-proof">{tags.map((x) => { const e = since('Tag Added', x, ''); return <li key={x} className="small">{e ? t(e.properties.reason === 'rule' ? 'byRule' : e.properties.reason ? 'since2' : 'byHand', { tag: x, day: f.day(e.occurred_at) }) : x}</li> })}</ul>}
      </div>
      {(c.segments ?? []).length > 0 && <div><h2 className="cs-h">{t('segments')}</h2><ul className="cs-segs">{(c.segments ?? []).map((s) => <li key={s}><Link href={`/customers/segments/${encodeURIComponent(s)}`}>{v.segments.find((x) => x.value === s)?.label ?? s}</Link></li>)}</ul></div>}
      <div>
        <h2 className="cs-h">{t('known')}</h2>
        <dl className="cs-dl">{attributes.slice(0, 20).map(([k, x]) => <div key={k}><dt>{v.attribute(k).label}</dt><dd className="wrap">{typeof x === 'object' && x !== null ? JSON.stringify(x) : v.attribute(k).type === 'date' ? f.day(`${String(x).slice(0, 10)}T12:00:00Z`) : String(x)}</dd></div>)}</dl>
        <div className="cs-links"><button type="button" onClick={() => setEditing(true)}>{t('edit')}</button></div>
        {editing && <EditAttributes id={id} attributes={(c.attributes ?? {}) as Record<string, unknown>} close={() => setEditing(false)} />}
      </div>
    </>
  )
}

/** Open tasks about this customer. */
export function OpenTasks({ id }: { id: string }) {
  const t = useWords(customerWords)
  const f = useFormat()
  const tasks = useQuery({ queryKey: ['tasks', 'of', id], queryFn: async () => (await all<Schemas['task']>('/api/v1/tasks')).filter((x) => x.customer === id) })
  if (!tasks.data?.length) return null
  return <div><h2 className="cs-h">{t('task')}</h2><ul className="cs-segs">{tasks.data.map((x) => <li key={x.id}><Link href="/tasks" className="wrap">{taskName(t.lang, x.kind ?? '')}</Link>{x.due_at && <span className="small dim"> {t('taskDue', { day: f.near(x.due_at) })}</span>}</li>)}</ul></div>
}
export function ReachTags({ customer: c }: { customer: Customer }) {
  const v = useVocabulary()
  const t = useWords(customerWords)
  const list = Object.entries((c.consent ?? {}) as Record<string, boolean>).filter(([k]) => !k.includes('/'))
  return <div className="cs-reach">{list.map(([ch, yes]) => { const I = ch === 'email' ? (yes ? IconMail : IconMailOff) : yes ? IconMessage : IconMessageOff; return <span className="tag" key={ch}><I size={16} stroke={1.75} aria-hidden />&nbsp;{t(yes ? 'yes' : 'no', { channel: v.channel(ch) })}</span> })}</div>
}
