// edit-top.tsx: what stands around the steps: how it starts and for whom, when it is left, what it is for, its rules.
import { Checkbox, Modal, NumberInput, Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useVocabulary } from '~/predicate'
import { useText, useWords } from '~/i18n'
import { useFormat } from '~/i18n/format'
import { Button, Pick } from '~/parts'
import { ConditionModal } from './edit-condition'
import { useEvents } from './edit-fields'
import type { Stock } from './edit-kinds'
import { holes } from './edit-line'
import { editWords } from './edit-words'
import { type Again, duration, type Journey, type Trigger } from './model'
import { bold, type Say } from './say'
import { sayWords } from './say-words'
import { verb } from './verbs'
import { journeyWords } from './words'

type Props = { journey: Journey; change: (j: Journey) => void; say: Say; stock: Stock }
type StartKind = 'event' | 'segment' | 'date' | 'tag' | 'schedule' | 'form' | 'api' | 'journey'
const startOf = (x: Trigger): StartKind | undefined => (['event', 'segment', 'date', 'tag', 'schedule', 'form', 'api', 'journey'] as const).find((k) => x[k] !== undefined)

/** How it starts, as a sentence with pickers where few choices make most of it. */
export function Start({ journey, change, say, stock }: Props) {
  const t = useWords(editWords)
  const text = useText()
  const events = useEvents()
  const [open, setOpen] = useState(false)
  const x = journey.trigger
  const set = (trigger: Trigger) => change({ ...journey, trigger })
  const words = sayWords[say.lang]
  const more = { label: t('other'), onClick: () => setOpen(true) }
  const line = () => {
    if (x.event) return holes(words.t_event, { what: <Pick value={x.event} label={`${t('k_event')}: ${verb(say.lang, x.event, 'one')}`} choices={events(say.lang, 'one', x.event).slice(0, 14)} onPick={(event) => set({ ...x, event })} custom={more}>{verb(say.lang, x.event, 'one')}</Pick> })
    if (x.segment) return holes(x.on === 'leave' ? words.t_segment_leave : words.t_segment_enter, { what: <Pick value={x.segment} label={t('fSegment')} choices={stock.segments.map((s) => ({ value: s.id, label: text(s.name, s.id) }))} onPick={(segment) => set({ ...x, segment })} custom={more}>{text(stock.segments.find((s) => s.id === x.segment)?.name, x.segment)}</Pick> })
    return [<span key="s">{bold(say.trigger(x))} <button type="button" className="pick sm" onClick={() => setOpen(true)}>{t('change')}</button></span>]
  }
  return (
    <>
      <span>{line()}</span>
      {open && <StartModal journey={journey} change={change} say={say} stock={stock} close={() => setOpen(false)} />}
    </>
  )
}

export function StartFields({ value: x, set, say, stock }: { value: Trigger; set: (x: Trigger) => void; say: Say; stock: Stock }) {
  const t = useWords(editWords)
  const text = useText()
  const v = useVocabulary()
  const events = useEvents()
  const dates = [...new Set([...(x.date ? [x.date] : []), ...v.attributes.filter((a) => v.attribute(a.value).type === 'date').map((a) => a.value)])]
  const kind = startOf(x) ?? 'event'
  const fresh: Record<StartKind, Trigger> = {
    event: { event: 'Signed Up' }, segment: { segment: stock.segments[0]?.id ?? '', on: 'enter' }, date: { date: dates[0] ?? 'birthday', offset: '0d', at: '09:00' }, tag: { tag: 'Interest/New', on: 'added' },
    schedule: { schedule: { cron: '0 9 * * *' }, audience: { all: [] } }, form: { form: '' }, api: { api: 'start' }, journey: { journey: true },
  }
  const kinds = (['event', 'segment', 'date', 'tag', 'schedule', 'form', 'api', 'journey'] as const).filter((k) => k === kind || (k === 'segment' ? stock.segments.length > 0 : k !== 'form'))
  const [minute = '0', hour = '9', day = '*', , week = '*'] = (x.schedule?.cron ?? '').split(/\s+/)
  const repeat = x.schedule?.at ? 'once' : day !== '*' ? 'monthly' : week !== '*' ? 'weekly' : 'daily'
  const at = `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`
  const timetable = (how: string, clock: string) => {
    const [h = '09', m = '00'] = clock.split(':')
    const head = `${Number(m)} ${Number(h)}`
    const schedule = how === 'once' ? { at: `${new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)}T${clock}` } : { cron: how === 'daily' ? `${head} * * *` : how === 'weekly' ? `${head} * * mon` : `${head} 1 * *` }
    set({ ...x, schedule: { ...(x.schedule?.zone ? { zone: x.schedule.zone } : {}), ...schedule } })
  }
  return (
    <div className="stack ed-fields">
      <Select label={t('startKind')} value={kind} onChange={(k) => k && set(fresh[k as StartKind])} data={kinds.map((k) => ({ value: k, label: t(`k_${k}`) }))} />
      {kind === 'event' && <Select label={t('fEvent')} searchable value={x.event ?? null} onChange={(event) => event && set({ ...x, event })} data={events(say.lang, 'one', x.event)} />}
      {kind === 'segment' && <Select label={t('fSegment')} searchable value={x.segment ?? null} onChange={(segment) => segment && set({ ...x, segment })} data={stock.segments.map((s) => ({ value: s.id, label: text(s.name, s.id) }))} />}
      {kind === 'date' && (
        <>
          <Select label={t('fDate')} searchable value={x.date ?? null} onChange={(date) => date && set({ ...x, date })} data={dates} />
          <div className="ed-two"><NumberInput label={t('fOffset')} min={-365} max={365} allowDecimal={false} value={duration(x.offset)?.n ?? 0} onChange={(n) => set({ ...x, offset: `${Number(n) || 0}d` })} /><TextInput type="time" label={t('fAt')} value={x.at ?? '09:00'} onChange={(e) => set({ ...x, at: e.currentTarget.value || '09:00' })} /></div>
          <Checkbox label={t('everyYear')} checked={x.anniversary === true} onChange={(e) => { const { anniversary: _, ...rest } = x; set(e.currentTarget.checked ? { ...rest, anniversary: true } : rest) }} />
        </>
      )}
      {kind === 'tag' && <TextInput label={t('fTag')} value={x.tag ?? ''} onChange={(e) => set({ ...x, tag: e.currentTarget.value })} />}
      {kind === 'schedule' && (
        <>
          <Select label={t('fCron')} value={repeat} onChange={(r) => r && timetable(r, x.schedule?.at ? x.schedule.at.slice(11, 16) : at)} data={[{ value: 'once', label: t('cronOnce') }, { value: 'daily', label: t('cronDaily') }, { value: 'weekly', label: t('cronWeekly') }, { value: 'monthly', label: t('cronMonthly') }]} />
          {repeat === 'once' ? <TextInput type="datetime-local" label={t('fWhen')} value={x.schedule?.at?.slice(0, 16) ?? ''} onChange={(e) => e.currentTarget.value && set({ ...x, schedule: { at: e.currentTarget.value } })} />
            : <div className="ed-two">
              {repeat === 'weekly' && <Select label={t('fWhen')} value={week.toLowerCase()} onChange={(d) => d && set({ ...x, schedule: { cron: `${minute} ${hour} * * ${d}` } })} data={['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((d, i) => ({ value: d, label: say.s(`day_${(i + 1) % 7}` as 'day_0') }))} />}
              {repeat === 'monthly' && <NumberInput label={t('fWhen')} min={1} max={28} value={Number(day)} onChange={(n) => set({ ...x, schedule: { cron: `${minute} ${hour} ${Number(n) || 1} * *` } })} />}
              <TextInput type="time" label={t('fAt')} value={at} onChange={(e) => { const [h = '9', m = '0'] = e.currentTarget.value.split(':'); if (e.currentTarget.value) set({ ...x, schedule: { cron: `${Number(m)} ${Number(h)} ${day} * ${week}` } }) }} />
            </div>}
        </>
      )}
      {kind === 'form' && <TextInput label={t('fForm')} value={x.form ?? ''} onChange={(e) => set({ ...x, form: e.currentTarget.value })} />}
      {kind === 'api' && <TextInput label={t('fProgram')} value={x.api ?? ''} onChange={(e) => set({ ...x, api: e.currentTarget.value })} />}
    </div>
  )
}

function StartModal({ journey, change, say, stock, close }: Props & { close: () => void }) {
  const t = useWords(editWords)
  const [x, setX] = useState(journey.trigger)
  return (
    <Modal opened onClose={close} title={t('sStart')} size={560} closeButtonProps={{ 'aria-label': t('cancel') }}>
      <StartFields value={x} set={setX} say={say} stock={stock} />
      <div className="row" style={{ justifyContent: 'flex-end', marginTop: 24 }}><Button onClick={close}>{t('cancel')}</Button><Button primary onClick={() => { change({ ...journey, trigger: x }); close() }}>{t('done')}</Button></div>
    </Modal>
  )
}

/** For whom, and how often. */
export function Who({ journey, change, say }: Props) {
  const t = useWords(editWords)
  const [open, setOpen] = useState(false)
  const again = journey.entry?.again ?? 'after_exit'
  const put = (a: Again) => change({ ...journey, entry: { ...journey.entry, again: a } })
  const all: Again[] = ['never', 'after_exit', 'always', { after: '30d' }, { after: '7d' }, ...(journey.trigger.key ? ['per_key' as const] : [])]
  const label = (a: Again) => say.again({ ...journey, entry: { again: a } })
  const everyone = () => { const { if: _, ...rest } = journey.entry ?? {}; change({ ...journey, entry: rest }) }
  return (
    <>
      <Pick<'all' | 'some'> value={journey.entry?.if ? 'some' : 'all'} label={`${t('sWho')}: ${say.who(journey)}`} choices={[{ value: 'all', label: t('whoAll') }]} onPick={everyone} custom={{ label: t('whoEdit'), onClick: () => setOpen(true) }}>{say.who(journey)}</Pick>
      {say.lang === 'zh' ? '，' : ', '}
      <Pick<string> value={JSON.stringify(again)} label={`${t('againSay')} ${label(again)}`} choices={all.map((a) => ({ value: JSON.stringify(a), label: label(a) }))} onPick={(a) => put(JSON.parse(a) as Again)}>{label(again)}</Pick>
      {open && <ConditionModal value={journey.entry?.if} onChange={(p) => change({ ...journey, entry: { ...journey.entry, if: p } })} journey={journey} say={say} title={t('whoTitle')} close={() => setOpen(false)} />}
    </>
  )
}

/** When it is left before the end. */
export function Leave({ journey, change, say }: Props) {
  const t = useWords(editWords)
  const events = useEvents()
  const [open, setOpen] = useState(false)
  const exit = journey.exit ?? []
  const only = exit.length === 1 && exit[0]?.did ? String(exit[0].did) : exit.length ? 'other' : ''
  const text = exit.length ? exit.map((p) => say.predicate(p, 'many')).join(say.s('or')) : t('nothing')
  const put = (event: string) => {
    if (!event) { const { exit: _, ...rest } = journey; change(rest); return }
    change({ ...journey, exit: [{ did: event, ...(only === event ? exit[0] : {}) }] })
  }
  const pick = <Pick<string> value={only} label={`${t('exitLabel')}: ${text}`} choices={[{ value: '', label: t('nothing') }, ...events(say.lang, 'many', only && only !== 'other' ? only : undefined).slice(0, 10)]} onPick={put} custom={{ label: t('other'), onClick: () => setOpen(true) }}>{text}</Pick>
  return (
    <>
      {exit.length ? holes(sayWords[say.lang].exit, { cond: pick }) : <>{t('exitNone')} {pick}</>}
      {open && <ConditionModal value={exit.length === 1 ? exit[0] : exit.length ? { any: exit } : undefined} onChange={(p) => change({ ...journey, exit: [p] })} journey={journey} say={say} title={t('exitLabel')} close={() => setOpen(false)} />}
    </>
  )
}

export function GoalLine({ journey, change, say }: Props) {
  const t = useWords(editWords)
  const f = useFormat()
  const events = useEvents()
  const goal = journey.goal
  const event = goal?.did ? String(goal.did) : ''
  const put = (e: string) => {
    if (!e) { const { goal: _, ...rest } = journey; change(rest); return }
    change({ ...journey, goal: { within: '7d', ...goal, did: e } })
  }
  const text = goal ? (() => { const { within: _w, target: _t, ...rest } = goal; return say.predicate(rest, 'many') })() : t('noGoal')
  return (
    <>
      {goal && <span>{t('goalSay')} </span>}
      <Pick<string> value={event} label={`${t('goalLabel')}: ${text}`} choices={[{ value: '', label: t('noGoal') }, ...events(say.lang, 'many', event || undefined).slice(0, 10)]} onPick={put}>{text}</Pick>
      {goal && (
        <>
          {say.lang === 'zh' ? '，' : ' '}{t('goalWithin')} <Pick<string> value={goal.within ?? ''} label={`${t('goalWithin')}: ${say.time(goal.within)}`} choices={['1d', '3d', '7d', '14d', '30d'].map((value) => ({ value, label: say.time(value) }))} onPick={(within) => change({ ...journey, goal: { ...goal, within } })}>{say.time(goal.within ?? '7d')}</Pick>
          {say.lang === 'zh' ? '，' : ', '}{t('goalTarget')} <Pick<number> value={goal.target ?? 0} label={`${t('target')}: ${f.share(goal.target ?? 0)}`} choices={[...new Set([0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, ...(goal.target ? [goal.target] : [])])].sort((a, b) => a - b).map((value) => ({ value, label: f.share(value) }))} onPick={(target) => change({ ...journey, goal: { ...goal, target } })}>{goal.target ? f.share(goal.target) : '—'}</Pick>
        </>
      )}
    </>
  )
}

export function Rules({ journey, change, say }: Props) {
  const t = useWords(editWords)
  const w = useWords(journeyWords)
  const category = journey.policy?.category ?? 'promotion'
  const quiet = journey.policy?.quiet ?? 'defer'
  const holdout = journey.release?.holdout ?? 0
  const kinds = { promotion: w('rulePromotion'), service: w('ruleService'), transactional: w('ruleTransactional') } as Record<string, string>
  const calm = { defer: w('quietDefer'), drop: w('quietDrop'), ignore: w('quietIgnore') } as Record<string, string>
  const aside = (n: number) => (n ? t('asideN', { n }) : t('asideNone'))
  const join = say.lang === 'zh' ? '；' : '; '
  return (
    <>
      <Pick<string> value={category} label={`${t('rulesKind')}: ${kinds[category]}`} choices={Object.entries(kinds).map(([value, label]) => ({ value, label }))} onPick={(c) => { const { quiet: q, ...rest } = journey.policy ?? {}; change({ ...journey, policy: { ...rest, ...(q && !(q === 'ignore' && c === 'promotion') && c !== 'transactional' ? { quiet: q } : {}), category: c } }) }}>{kinds[category]}</Pick>
      {category !== 'transactional' && <>{join}<Pick<string> value={quiet} label={`${t('quiet')}: ${calm[quiet]}`} choices={Object.entries(calm).filter(([v]) => v !== 'ignore' || category === 'service').map(([value, label]) => ({ value, label }))} onPick={(q) => change({ ...journey, policy: { ...journey.policy, quiet: q } })}>{calm[quiet]}</Pick></>}
      {join}<Pick<number> value={holdout} label={`${t('aside')}: ${aside(holdout)}`} choices={[...new Set([0, 5, 10, 20, holdout])].sort((a, b) => a - b).map((value) => ({ value, label: aside(value) }))} onPick={(n) => change({ ...journey, release: { ...journey.release, holdout: n } })}>{aside(holdout)}</Pick>
    </>
  )
}
