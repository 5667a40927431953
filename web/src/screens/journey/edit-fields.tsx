// edit-fields.tsx: every detail of one step as fields: in the window of a line, in the table and in the canvas's inspector.
import { NumberInput, Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useVocabulary } from '~/predicate'
import { useSession } from '~/api/session'
import { useLang, useText, useWords } from '~/i18n'
import { plainText } from '~/messages/plain'
import { Button } from '~/parts'
import { Condition } from './edit-condition'
import type { Stock } from './edit-kinds'
import { editWords } from './edit-words'
import { type Arm, duration, type Journey, kindOf, type Owner, type Step, type Wait } from './model'
import type { Say } from './say'
import { channelTitle, KNOWN_EVENTS, verb } from './verbs'

export type FieldsProps = { step: Step; onChange: (step: Step) => void; journey: Journey; stock: Stock; say: Say }

export function Duration({ label, value, onChange, none, units = ['m', 'h', 'd', 'w'] }: { label: string; value: string | undefined; onChange: (v: string | undefined) => void; none?: string | undefined; units?: ('s' | 'm' | 'h' | 'd' | 'w' | 'mo')[] }) {
  const t = useWords(editWords)
  const d = duration(value)
  const unit = d?.unit ?? 'd'
  const all = [...new Set([...units, ...(d ? [d.unit as (typeof units)[number]] : [])])]
  return (
    <div className="ed-two">
      <NumberInput label={label} min={1} max={9999} allowDecimal={false} allowNegative={false} placeholder={none ?? ''} value={d?.n ?? ''} onChange={(n) => (n === '' ? none !== undefined && onChange(undefined) : onChange(`${Math.max(1, Number(n))}${unit}`))} />
      <Select label={t('fUnit')} value={unit} onChange={(u) => u && onChange(`${d?.n ?? 1}${u}`)} data={all.map((u) => ({ value: u, label: t(`unit_${u}`) }))} />
    </div>
  )
}

export function useEvents() {
  const v = useVocabulary()
  return (lang: 'zh' | 'en', form: 'one' | 'many' | 'past', now?: string | undefined) => [...new Set([...(now ? [now] : []), ...v.events, ...KNOWN_EVENTS.slice(0, 9)])].map((value) => ({ value, label: verb(lang, value, form) }))
}

function WaitFields({ step, onChange, journey, stock, say }: FieldsProps) {
  const t = useWords(editWords)
  const text = useText()
  const v = useVocabulary()
  const w = step.wait ?? {}
  const mode = w.until_time ? 'until_time' : w.until_date ? 'until_date' : w.until ? 'until' : w.until_segment ? 'until_segment' : 'for'
  const set = (wait: Wait) => onChange({ ...step, wait })
  const dates = [...new Set([...(w.until_date ? [w.until_date] : []), ...v.attributes.filter((a) => v.attribute(a.value).type === 'date').map((a) => a.value)])]
  const start: Record<string, Wait> = { for: { for: '1d' }, until_time: { until_time: '09:00' }, until_date: { until_date: dates[0] ?? 'birthday', offset: '0d', at: '09:00' }, until: { until: { did: 'Order Completed' }, timeout: '1d' }, until_segment: { until_segment: stock.segments[0]?.id ?? '', timeout: '7d' } }
  return (
    <>
      <Select label={t('fMode')} value={mode} onChange={(m) => m && set(start[m] ?? {})} data={[{ value: 'for', label: t('mFor') }, { value: 'until_time', label: t('mTime') }, { value: 'until_date', label: t('mDate') }, { value: 'until', label: t('mUntil') }, ...(stock.segments.length ? [{ value: 'until_segment', label: t('mSegment') }] : [])]} />
      {mode === 'for' && <Duration label={t('fNumber')} value={w.for} onChange={(x) => x && set({ for: x })} />}
      {mode === 'until_time' && <><TextInput type="time" label={t('fAt')} value={w.until_time ?? ''} onChange={(e) => e.currentTarget.value && set({ ...w, until_time: e.currentTarget.value })} />
        <Select label={t('fPassed')} value={w.passed ?? 'next'} onChange={(p) => set({ ...w, passed: p as 'next' })} data={[{ value: 'next', label: t('pNext') }, { value: 'now', label: t('pNow') }, { value: 'skip', label: t('pSkip') }]} /></>}
      {mode === 'until_date' && <><Select label={t('fDate')} value={w.until_date ?? null} onChange={(d) => d && set({ ...w, until_date: d })} data={dates} />
        <div className="ed-two"><NumberInput label={t('fOffset')} min={-365} max={365} value={duration(w.offset)?.n ?? 0} onChange={(n) => set({ ...w, offset: `${Number(n) || 0}d` })} /><TextInput type="time" label={t('fAt')} value={w.at ?? '09:00'} onChange={(e) => set({ ...w, at: e.currentTarget.value || '09:00' })} /></div></>}
      {mode === 'until' && <Condition title={t('fEvent')} value={w.until} onChange={(until) => until && set({ ...w, until })} journey={journey} say={say} />}
      {mode === 'until_segment' && <Select label={t('fSegment')} value={w.until_segment ?? null} onChange={(s) => s && set({ ...w, until_segment: s })} data={stock.segments.map((s) => ({ value: s.id, label: text(s.name, s.id) }))} />}
      {(mode === 'until' || mode === 'until_segment') && <Duration label={t('fTimeout')} value={w.timeout} none={t('fTimeoutNone')} onChange={(x) => { const { timeout: _, ...rest } = w; set(x ? { ...rest, timeout: x } : rest) }} />}
    </>
  )
}

function useTemplateLabel() {
  const text = useText()
  const { lang } = useLang()
  const shop = useSession()?.workspace.name
  return (x: Stock['templates'][number]) => plainText(text(x.name) || text(x.subject) || text(x.text), lang, shop).slice(0, 60) || x.id
}
export const channelsIn = (stock: Stock) => [...new Set([...stock.templates.map((x) => x.channel), ...stock.channels])]

function SendFields({ step, onChange, journey, stock, say }: FieldsProps) {
  const t = useWords(editWords)
  const label = useTemplateLabel()
  const send = step.send ?? { channel: 'email', template: '' }
  const of = (channel: string) => stock.templates.filter((x) => x.channel === channel)
  return (
    <>
      <Select label={t('fChannel')} value={send.channel} onChange={(c) => c && onChange({ ...step, send: { ...send, channel: c, template: of(c)[0]?.id ?? send.template } })} data={channelsIn(stock).filter((c) => of(c).length || c === send.channel).map((c) => ({ value: c, label: channelTitle(say.lang, c) }))} />
      <Select label={t('fTemplate')} searchable value={send.template} onChange={(x) => x && onChange({ ...step, send: { ...send, template: x } })} data={of(send.channel).map((x) => ({ value: x.id, label: label(x) }))} />
      <Condition title={t('sendIfTitle')} label={t('fSendIf')} empty={t('everyone')} value={send.if} onChange={(p) => { const { if: _, ...rest } = send; onChange({ ...step, send: p ? { ...rest, if: p } : rest }) }} journey={journey} say={say} clearable />
      <Duration label={t('fExpires')} value={send.expires ?? '1d'} onChange={(x) => onChange({ ...step, send: { ...send, expires: x ?? '1d' } })} />
    </>
  )
}

const ownerText = (o: Owner | undefined) => (!o ? '' : typeof o === 'string' ? o : 'round_robin' in o ? o.round_robin.join(', ') : '')
function OwnerField({ value, onChange }: { value: Owner | undefined; onChange: (o: Owner) => void }) {
  const t = useWords(editWords)
  const [typed, setTyped] = useState(ownerText(value))
  if (value && typeof value === 'object' && 'attribute' in value)
    return <TextInput label={t('fOwner')} value={`${value.attribute} / ${value.else ?? ''}`} readOnly disabled />
  return <TextInput label={t('fOwner')} description={t('fOwnerHelp')} value={typed} onChange={(e) => {
    setTyped(e.currentTarget.value)
    const list = e.currentTarget.value.split(/[,，、]/).map((x) => x.trim()).filter(Boolean)
    if (list.length) onChange(list.length > 1 ? { round_robin: list } : (list[0] as string))
  }} />
}

function TaskFields({ step, onChange }: FieldsProps) {
  const t = useWords(editWords)
  const task = step.task ?? { kind: 'call' }
  const [outcomes, setOutcomes] = useState((task.outcomes ?? []).join(', '))
  const set = (x: Partial<NonNullable<Step['task']>>) => onChange({ ...step, task: { ...task, ...x } })
  return (
    <>
      <TextInput label={t('fKind')} maxLength={64} value={task.kind} onChange={(e) => set({ kind: e.currentTarget.value })} />
      <OwnerField value={task.owner} onChange={(owner) => set({ owner })} />
      <Duration label={t('fDue')} value={task.due ?? '1d'} onChange={(due) => set({ due: due ?? '1d' })} />
      <TextInput label={t('fOutcomes')} description={t('fOutcomesHelp')} value={outcomes} onChange={(e) => { setOutcomes(e.currentTarget.value); set({ outcomes: e.currentTarget.value.split(/[,，、]/).map((x) => x.trim()).filter(Boolean) }) }} />
    </>
  )
}

function WaysFields({ step, onChange, journey, say }: FieldsProps) {
  const t = useWords(editWords)
  const arms = step.branch ?? step.split ?? []
  const put = (next: Arm[]) => onChange(step.branch ? { ...step, branch: next } : { ...step, split: next })
  const change = (i: number, arm: Arm) => put(arms.map((a, k) => (k === i ? arm : a)))
  return (
    <>
      {arms.map((arm, i) => (
        <div key={i} className="ed-way">
          {arm.percent !== undefined
            ? <NumberInput label={`${t('fWay', { n: i + 1 })}: ${t('fPercent')}`} min={0} max={100} value={arm.percent} onChange={(n) => change(i, { ...arm, percent: Number(n) || 0 })} />
            : arm.else ? <p className="muted">{t('fElse')}</p> : <Condition label={t('fWay', { n: i + 1 })} title={t('condTitle')} value={arm.if} onChange={(p) => p && change(i, { ...arm, if: p })} journey={journey} say={say} />}
          {arms.length > 2 && !arm.else && <Button small plain onClick={() => put(arms.filter((_, k) => k !== i))}>{t('removeWay')}</Button>}
        </div>
      ))}
      <Button small onClick={() => put(step.split ? [...arms, { percent: 0, steps: [] }] : [...arms.filter((a) => !a.else), { if: { did: 'Order Completed', since: 'entry' }, steps: [] }, ...arms.filter((a) => a.else)])}>{t('addWay')}</Button>
    </>
  )
}

/** The fields of a step, whatever its kind. */
export function StepFields(props: FieldsProps) {
  const { step, onChange, stock, say } = props
  const t = useWords(editWords)
  const text = useText()
  const label = useTemplateLabel()
  const kind = kindOf(step)
  const [key = '', value = ''] = Object.entries(step.set ?? {})[0] ?? []
  return (
    <div className="stack ed-fields">
      {kind === 'wait' && <WaitFields {...props} />}
      {kind === 'send' && <SendFields {...props} />}
      {kind === 'task' && <TaskFields {...props} />}
      {(kind === 'branch' || kind === 'split') && <WaysFields {...props} />}
      {kind === 'tag' && <><TextInput label={t('fTag')} maxLength={200} value={step.tag ?? ''} onChange={(e) => onChange({ ...step, tag: e.currentTarget.value })} /><Duration label={t('fTagFor')} none={t('always')} value={step.expires} onChange={(x) => { const { expires: _, ...rest } = step; onChange(x ? { ...rest, expires: x } : rest) }} /></>}
      {kind === 'untag' && <TextInput label={t('fTag')} maxLength={200} value={step.untag ?? ''} onChange={(e) => onChange({ ...step, untag: e.currentTarget.value })} />}
      {kind === 'coupon' && <Select label={t('fCoupon')} value={step.coupon ?? null} onChange={(c) => c && onChange({ ...step, coupon: c })} data={stock.coupons.map((c) => ({ value: c.id, label: text(c.name, c.id) }))} />}
      {kind === 'set' && <><TextInput label={t('fAttribute')} value={key} onChange={(e) => onChange({ ...step, set: { [e.currentTarget.value]: value } })} /><TextInput label={t('fValue')} value={String(value ?? '')} onChange={(e) => onChange({ ...step, set: { [key]: e.currentTarget.value } })} /></>}
      {kind === 'notify' && step.notify && (
        <><OwnerField value={step.notify.to} onChange={(to) => onChange({ ...step, notify: { ...step.notify, to } })} />
          <Select label={t('fTemplate')} value={step.notify.template ?? null} onChange={(x) => { const made = stock.templates.find((y) => y.id === x); if (made && step.notify) onChange({ ...step, notify: { ...step.notify, channel: made.channel, template: made.id } }) }} data={stock.templates.map((x) => ({ value: x.id, label: `${channelTitle(say.lang, x.channel)}: ${label(x)}` }))} /></>
      )}
      {kind === 'webhook' && <TextInput label={t('fEndpoint')} value={step.webhook?.endpoint ?? ''} onChange={(e) => onChange({ ...step, webhook: { endpoint: e.currentTarget.value } })} />}
      {kind === 'enter' && <Select label={t('fJourney')} value={step.enter ?? null} onChange={(x) => x && onChange({ ...step, enter: x })} data={stock.journeys.filter((j) => j.id !== props.journey.id).map((j) => ({ value: j.id, label: text(j.name, j.id) }))} />}
      {kind === 'end' && <TextInput label={t('fReason')} maxLength={64} value={step.end ?? ''} onChange={(e) => onChange({ ...step, end: e.currentTarget.value })} />}
    </div>
  )
}
